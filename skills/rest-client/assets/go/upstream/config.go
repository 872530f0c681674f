package upstream

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Config is what decides how an upstream is called. Begin with Defaults.
type Config struct {
	Name            string
	BaseURL         string
	ConnectTimeout  time.Duration
	Timeout         time.Duration // one attempt, with reading the body
	Deadline        time.Duration // all attempts with the waits between them
	Attempts        int
	Backoff         time.Duration
	MaxBackoff      time.Duration // also the longest Retry-After that is waited for
	MaxBody         int64         // bytes of an answer
	BreakerFailures uint32        // in a row
	BreakerOpenFor  time.Duration
	BreakerProbes   uint32 // at a time when half-open; all must succeed
}

// Defaults suit a call that a user waits for.
func Defaults(name, baseURL string) Config {
	return Config{
		Name: name, BaseURL: strings.TrimSuffix(baseURL, "/"),
		ConnectTimeout: time.Second, Timeout: 3 * time.Second, Deadline: 10 * time.Second,
		Attempts: 3, Backoff: 200 * time.Millisecond, MaxBackoff: 5 * time.Second, MaxBody: 10 << 20,
		BreakerFailures: 5, BreakerOpenFor: 30 * time.Second, BreakerProbes: 1,
	}
}

// FromEnv reads PAYMENTS_URL and, when they are set, PAYMENTS_TIMEOUT, PAYMENTS_DEADLINE (such as "2s") and
// PAYMENTS_ATTEMPTS for the name "payments".
func FromEnv(name string) (Config, error) {
	prefix := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	address := os.Getenv(prefix + "_URL")
	if address == "" {
		return Config{}, fmt.Errorf("%s_URL is not set", prefix)
	}
	config := Defaults(name, address)
	for variable, field := range map[string]*time.Duration{
		prefix + "_TIMEOUT":  &config.Timeout,
		prefix + "_DEADLINE": &config.Deadline,
	} {
		if text := os.Getenv(variable); text != "" {
			value, err := time.ParseDuration(text)
			if err != nil {
				return Config{}, fmt.Errorf("%s: %w", variable, err)
			}
			*field = value
		}
	}
	if text := os.Getenv(prefix + "_ATTEMPTS"); text != "" {
		value, err := strconv.Atoi(text)
		if err != nil {
			return Config{}, fmt.Errorf("%s_ATTEMPTS: %w", prefix, err)
		}
		config.Attempts = value
	}
	return config, nil
}
