// The HTTP client against a server that fails on purpose.
package upstream_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"example.com/service/payments"
	"example.com/service/upstream"
)

var get = upstream.Request{Method: "GET", Path: "/payments/p-1"}

func unavailable(t *testing.T, err error) *upstream.Unavailable {
	t.Helper()
	var found *upstream.Unavailable
	if !errors.As(err, &found) {
		t.Fatalf("%v is not Unavailable", err)
	}
	return found
}

func within(t *testing.T, least, most time.Duration, what func()) {
	t.Helper()
	began := time.Now()
	what()
	if took := time.Since(began); took < least || took > most {
		t.Errorf("it took %s, not %s to %s", took, least, most)
	}
}

func TestAHangEndsWithTheTimeout(t *testing.T) {
	plan := newPlan(t, "hang")
	client := plan.client(func(c *upstream.Config) { c.Timeout, c.Attempts = 600*time.Millisecond, 2 })
	within(t, 1200*time.Millisecond, 10*time.Second, func() {
		_, err := client.Do(t.Context(), get)
		if found := unavailable(t, err); !found.Timeout || errors.Unwrap(found) == nil {
			t.Errorf("%#v is no timeout with a cause", found)
		}
	})
	plan.expect(2)
}

func TestAPeerThatDripsEndsWithTheTimeoutToo(t *testing.T) {
	client := newPlan(t, "drip").client(func(c *upstream.Config) { c.Timeout, c.Attempts = 600*time.Millisecond, 1 })
	within(t, 0, 10*time.Second, func() {
		_, err := client.Do(t.Context(), get)
		if found := unavailable(t, err); !found.Timeout {
			t.Errorf("%v is no timeout", found)
		}
	})
}

func TestAnAddressThatAnswersNothingIsUnavailable(t *testing.T) {
	config := upstream.Defaults("payments", "http://127.0.0.1:1")
	config.Backoff = time.Millisecond
	_, err := upstream.New(config).Do(t.Context(), get)
	unavailable(t, err)
}

func TestAllAttemptsTogetherHaveADeadline(t *testing.T) {
	plan := newPlan(t, "hang")
	client := plan.client(func(c *upstream.Config) {
		c.Timeout, c.Deadline, c.Attempts = 800*time.Millisecond, 1800*time.Millisecond, 50
	})
	within(t, 0, 10*time.Second, func() {
		_, err := client.Do(t.Context(), get)
		unavailable(t, err)
	})
	if number := len(plan.requests()); number > 3 {
		t.Errorf("%d requests", number)
	}
}

func Test503And503And200IsThreeCalls(t *testing.T) {
	plan := newPlan(t, "503", "503", "200")
	payment, err := payments.NewClient(plan.client(nil)).Get(t.Context(), "p-1")
	if err != nil || payment.Status != payments.Captured {
		t.Fatal(payment, err)
	}
	plan.expect(3)
}

func TestAResetConnectionIsTriedAgain(t *testing.T) {
	plan := newPlan(t, "reset", "200")
	if _, err := plan.client(nil).Do(t.Context(), get); err != nil {
		t.Fatal(err)
	}
	plan.expect(2)
}

func Test404IsOneCallAndLeavesTheBreakerClosed(t *testing.T) {
	plan := newPlan(t, "404")
	client := plan.client(func(c *upstream.Config) { c.BreakerFailures = 2 })
	for range 5 {
		if payment, err := payments.NewClient(client).Get(t.Context(), "p-1"); payment != nil || err != nil {
			t.Fatal(payment, err)
		}
	}
	if client.Breaker() != gobreaker.StateClosed {
		t.Error(client.Breaker())
	}
	plan.expect(5)
}

func TestARefusalIsATypedErrorAndNotRepeated(t *testing.T) {
	plan := newPlan(t, "422")
	_, err := plan.client(nil).Do(t.Context(), get)
	var rejected *upstream.Rejected
	if !errors.As(err, &rejected) || rejected.Status != 422 || !strings.Contains(rejected.Body, "made to fail") {
		t.Fatal(err)
	}
	plan.expect(1)
}

func TestRetryAfterIsWaitedFor(t *testing.T) {
	plan := newPlan(t, "429;retry-after=1", "200")
	if _, err := plan.client(nil).Do(t.Context(), get); err != nil {
		t.Fatal(err)
	}
	requests := plan.requests()
	if len(requests) != 2 || requests[1].At-requests[0].At < 1 {
		t.Error(requests)
	}
}

func TestARetryAfterBeyondTheLimitIsToldToTheCaller(t *testing.T) {
	plan := newPlan(t, "429;retry-after=3600")
	within(t, 0, 10*time.Second, func() {
		_, err := plan.client(nil).Do(t.Context(), get)
		if found := unavailable(t, err); found.RetryAfter != time.Hour {
			t.Error(found.RetryAfter)
		}
	})
	plan.expect(1)
}

func TestARetryAfterDateIsRead(t *testing.T) {
	_, err := newPlan(t, "503;retry-after=Fri, 31 Dec 2199 23:59:59 GMT").client(nil).Do(t.Context(), get)
	if found := unavailable(t, err); found.RetryAfter < 1000*time.Hour {
		t.Error(found.RetryAfter)
	}
}

func TestAPostWithoutKeyIsNotRepeated(t *testing.T) {
	for _, step := range []string{"503", "reset", "hang"} {
		plan := newPlan(t, step, "200")
		client := plan.client(func(c *upstream.Config) { c.Timeout = 600 * time.Millisecond })
		_, err := client.Do(t.Context(), upstream.Request{Method: "POST", Path: "/payments", Body: []byte("{}")})
		unavailable(t, err)
		plan.expect(1)
	}
}

func TestAPostWithKeyIsRepeatedWithTheSameKey(t *testing.T) {
	plan := newPlan(t, "503", "reset", "201")
	payment := payments.NewPayment{OrderID: "o-1", AmountMinor: 4200, Currency: "EUR"}
	if _, err := payments.NewClient(plan.client(nil)).Create(t.Context(), payment, "order-o-1"); err != nil {
		t.Fatal(err)
	}
	plan.expect(3)
	for _, request := range plan.requests() {
		if request.Headers["idempotency-key"] != "order-o-1" {
			t.Error(request)
		}
	}
}

func TestTheBreakerOpensAndThenNothingIsSent(t *testing.T) {
	plan := newPlan(t, "503")
	client := plan.client(func(c *upstream.Config) { c.Attempts, c.BreakerFailures = 1, 3 })
	for range 10 {
		_, err := client.Do(t.Context(), get)
		unavailable(t, err)
	}
	if client.Breaker() != gobreaker.StateOpen {
		t.Error(client.Breaker())
	}
	plan.expect(3)
}

func TestFiftyCallersAtHalfOpenLetOnlyTheProbesThrough(t *testing.T) {
	plan := newPlan(t, "503", "503", "503;delay=0.5")
	client := plan.client(func(c *upstream.Config) {
		c.Attempts, c.BreakerFailures, c.BreakerOpenFor, c.BreakerProbes = 1, 2, 200*time.Millisecond, 2
	})
	for range 2 {
		_, err := client.Do(t.Context(), get)
		unavailable(t, err)
	}
	time.Sleep(300 * time.Millisecond)
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() {
			if _, err := client.Do(context.Background(), get); err == nil {
				t.Error("a call succeeded")
			}
		})
	}
	callers.Wait()
	plan.expect(2 + 2)
}

func TestAProbeThatSucceedsClosesTheBreaker(t *testing.T) {
	client := newPlan(t, "503", "503", "200").client(func(c *upstream.Config) {
		c.Attempts, c.BreakerFailures, c.BreakerOpenFor = 1, 2, 100*time.Millisecond
	})
	for range 2 {
		_, err := client.Do(t.Context(), get)
		unavailable(t, err)
	}
	time.Sleep(200 * time.Millisecond)
	if _, err := client.Do(t.Context(), get); err != nil {
		t.Fatal(err)
	}
	if client.Breaker() != gobreaker.StateClosed {
		t.Error(client.Breaker())
	}
}

func TestASuccessThatBeganBeforeTheOpeningClosesNothing(t *testing.T) {
	plan := newPlan(t, "200;delay=1.2", "503", "503", "503")
	client := plan.client(func(c *upstream.Config) {
		c.Attempts, c.BreakerFailures, c.BreakerOpenFor = 1, 2, 400*time.Millisecond
	})
	var late sync.WaitGroup
	late.Go(func() {
		if _, err := client.Do(context.Background(), get); err != nil {
			t.Error(err)
		}
	})
	time.Sleep(200 * time.Millisecond)
	for range 2 {
		_, err := client.Do(t.Context(), get)
		unavailable(t, err)
	}
	late.Wait()
	if client.Breaker() == gobreaker.StateClosed {
		t.Error("the late success closed the breaker")
	}
}

func TestCallersThatGoAwayOpenNothing(t *testing.T) {
	client := newPlan(t, "hang").client(func(c *upstream.Config) { c.BreakerFailures = 1 })
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		if _, err := client.Do(ctx, get); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if client.Breaker() != gobreaker.StateClosed {
		t.Error(client.Breaker())
	}
}

func TestAnIDStaysOneSegmentOfThePath(t *testing.T) {
	for _, id := range []string{"../refunds", "a/b", "a?b=c", "a#b", "ä b", "%2e%2e"} {
		plan := newPlan(t, "200")
		if _, err := payments.NewClient(plan.client(nil)).Get(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		target := plan.requests()[0].Target
		got, err := url.PathUnescape(strings.TrimPrefix(target, "/payments/"))
		if err != nil || got != id || strings.Count(target, "/") != 2 {
			t.Errorf("%q became %q", id, target)
		}
	}
	for _, id := range []string{"", ".", ".."} {
		plan := newPlan(t, "200")
		if _, err := payments.NewClient(plan.client(nil)).Get(t.Context(), id); err == nil {
			t.Errorf("%q was sent", id)
		}
		plan.expect(0)
	}
}

func TestTheTraceGoesAlong(t *testing.T) {
	otel.SetTextMapPropagator(propagation.TraceContext{})
	traceID, _ := trace.TraceIDFromHex("0af7651916cd43dd8448eb211c80319c")
	spanID, _ := trace.SpanIDFromHex("b7ad6b7169203331")
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: 1})
	plan := newPlan(t, "200")
	if _, err := plan.client(nil).Do(trace.ContextWithSpanContext(t.Context(), span), get); err != nil {
		t.Fatal(err)
	}
	if found := plan.requests()[0].Headers["traceparent"]; found != "00-"+traceID.String()+"-"+spanID.String()+"-01" {
		t.Error(found)
	}
}

func TestAnAnswerThatBreaksTheContractIsNoPayment(t *testing.T) {
	_, err := payments.NewClient(newPlan(t, "garbage").client(nil)).Get(t.Context(), "p-1")
	var broken *upstream.ContractBroken
	if !errors.As(err, &broken) || errors.Unwrap(broken) == nil {
		t.Fatal(err)
	}
}

func TestAnAnswerWithoutEndIsCutOff(t *testing.T) {
	client := newPlan(t, "200").client(func(c *upstream.Config) { c.MaxBody = 10 })
	_, err := client.Do(t.Context(), get)
	var broken *upstream.ContractBroken
	if !errors.As(err, &broken) {
		t.Fatal(err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	plan := newPlan(t, "302", "200")
	_, err := plan.client(nil).Do(t.Context(), get)
	var rejected *upstream.Rejected
	if !errors.As(err, &rejected) || rejected.Status != 302 {
		t.Fatal(err)
	}
	plan.expect(1)
}

func TestTheSettingsComeFromTheEnvironment(t *testing.T) {
	t.Setenv("PAYMENTS_URL", "http://payments:8080/")
	t.Setenv("PAYMENTS_TIMEOUT", "2s")
	t.Setenv("PAYMENTS_ATTEMPTS", "5")
	config, err := upstream.FromEnv("payments")
	if err != nil || config.BaseURL != "http://payments:8080" || config.Timeout != 2*time.Second || config.Attempts != 5 {
		t.Fatal(config, err)
	}
	t.Setenv("PAYMENTS_TIMEOUT", "soon")
	if _, err := upstream.FromEnv("payments"); err == nil {
		t.Error("`soon` was taken for a duration")
	}
	if _, err := upstream.FromEnv("stock"); err == nil {
		t.Error("an address was found that nobody set")
	}
}
