// Package upstream calls another service over HTTP: build one Client for each upstream at start-up and share it.
//
// retry( breaker( timeout( request ))): each attempt has its own timeout and counts for the breaker, all attempts
// together have a deadline, and nothing is repeated that the upstream may have done already.
package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
)

// Client sends requests to one upstream. It is safe for any number of goroutines.
type Client struct {
	config  Config
	http    *http.Client
	breaker *gobreaker.CircuitBreaker[*Response]
}

// Request is what to send. Path is a template such as `/payments/{payment_id}`.
type Request struct {
	Method string
	Path   string
	Values map[string]string // for the path; they are encoded
	Query  url.Values
	Body   []byte // JSON
	// POST and PATCH are repeated only with a key, which is the same for every attempt.
	IdempotencyKey string
}

// Response is a 2xx answer, read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// New builds the client of an upstream.
func New(config Config) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: config.ConnectTimeout, KeepAlive: 30 * time.Second}).DialContext
	transport.MaxIdleConnsPerHost = 20
	transport.MaxConnsPerHost = 100
	return &Client{
		config: config,
		http: &http.Client{
			Timeout:   config.Timeout, // from the dial to the last byte of the body
			Transport: transport,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			},
		},
		breaker: gobreaker.NewCircuitBreaker[*Response](gobreaker.Settings{
			Name:        config.Name,
			MaxRequests: config.BreakerProbes,
			Timeout:     config.BreakerOpenFor,
			ReadyToTrip: func(counts gobreaker.Counts) bool {
				return counts.ConsecutiveFailures >= config.BreakerFailures
			},
			// An answer such as 404 does not speak against the upstream, and neither does a caller that went away.
			IsSuccessful: func(err error) bool {
				var unavailable *Unavailable
				return !errors.As(err, &unavailable)
			},
			IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
		}),
	}
}

// Close gives the idle connections back.
func (c *Client) Close() {
	c.http.CloseIdleConnections()
}

// Breaker says whether calls go out.
func (c *Client) Breaker() gobreaker.State {
	return c.breaker.State()
}

// Do gives a 2xx answer, or *Unavailable, *Rejected, or the error of a context that the caller ended.
func (c *Client) Do(ctx context.Context, request Request) (*Response, error) {
	target, err := fill(request.Path, request.Values)
	if err != nil {
		return nil, err
	}
	attempts := 1
	if isIdempotent(request.Method) || request.IdempotencyKey != "" {
		attempts = c.config.Attempts
	}
	bounded, cancel := context.WithTimeout(ctx, c.config.Deadline)
	defer cancel()

	for attempt := 1; ; attempt++ {
		response, err := c.breaker.Execute(func() (*Response, error) {
			return c.once(ctx, bounded, request, target)
		})
		if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
			return nil, &Unavailable{Upstream: c.config.Name, Message: "the circuit is open", Err: err}
		}
		var unavailable *Unavailable
		if err == nil || !errors.As(err, &unavailable) || attempt >= attempts {
			return response, err
		}
		wait := c.backoff(attempt) + unavailable.RetryAfter
		until, _ := bounded.Deadline()
		if wait > c.config.MaxBackoff || time.Now().Add(wait).After(until) {
			return nil, err
		}
		slog.WarnContext(ctx, "another attempt follows",
			"upstream", c.config.Name, "path", request.Path, "attempt", attempt+1, "wait", wait, "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// once sends one attempt. ctx is the caller's, bounded has the deadline of all attempts too.
func (c *Client) once(ctx, bounded context.Context, request Request, target string) (*Response, error) {
	address := c.config.BaseURL + target
	if len(request.Query) > 0 {
		address += "?" + request.Query.Encode()
	}
	sent, err := http.NewRequestWithContext(bounded, request.Method, address, bytes.NewReader(request.Body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.config.Name, err)
	}
	if request.IdempotencyKey != "" {
		sent.Header.Set("Idempotency-Key", request.IdempotencyKey)
	}
	sent.Header.Set("Accept", "application/json")
	if request.Body != nil {
		sent.Header.Set("Content-Type", "application/json")
	}
	otel.GetTextMapPropagator().Inject(ctx, propagation.HeaderCarrier(sent.Header))

	answer, err := c.http.Do(sent)
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, c.config.MaxBody+1))
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	switch status := answer.StatusCode; {
	case status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests:
		return nil, &Unavailable{
			Upstream: c.config.Name, Message: "answered " + strconv.Itoa(status), RetryAfter: retryAfter(answer.Header),
		}
	case status < 200 || status > 299:
		return nil, &Rejected{Upstream: c.config.Name, Status: status, Body: string(body[:min(len(body), 2000)])}
	case int64(len(body)) > c.config.MaxBody:
		return nil, &ContractBroken{Upstream: c.config.Name, Message: "the answer is too long"}
	}
	return &Response{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
}

func (c *Client) failed(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err() // The caller went away: nothing is wrong with the upstream.
	}
	var network net.Error
	timeout := errors.As(err, &network) && network.Timeout()
	return &Unavailable{Upstream: c.config.Name, Message: "no answer", Timeout: timeout, Err: err}
}

// backoff has full jitter below an exponential limit.
func (c *Client) backoff(attempt int) time.Duration {
	limit := min(c.config.MaxBackoff, c.config.Backoff<<min(attempt-1, 16))
	return rand.N(limit + 1)
}

func isIdempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// fill puts encoded values into a path template, so that an id such as `../admin` stays one segment.
func fill(path string, values map[string]string) (string, error) {
	for name, value := range values {
		if value == "" || value == "." || value == ".." {
			return "", fmt.Errorf("%q is no value for %q in %s", value, name, path)
		}
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	return path, nil
}

// retryAfter reads a number of seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
