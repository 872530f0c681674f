package upstream_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"testing"
	"time"

	"example.com/service/upstream"
)

// plan is what the failing server does next, and what it saw.
type plan struct {
	t       *testing.T
	at, url string
}

type seen struct {
	Target  string            `json:"target"`
	Headers map[string]string `json:"headers"`
	At      float64           `json:"at"`
}

func newPlan(t *testing.T, steps ...string) plan {
	t.Helper()
	server := os.Getenv("FAULTS_URL")
	body, _ := json.Marshal(map[string]any{"steps": steps})
	answer, err := http.Post(server+"/_plans", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var made struct{ ID string }
	if err := json.NewDecoder(answer.Body).Decode(&made); err != nil {
		t.Fatal(err)
	}
	return plan{t, server + "/_plans/" + made.ID, server + "/" + made.ID}
}

func (p plan) requests() []seen {
	p.t.Helper()
	answer, err := http.Get(p.at)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	var state struct{ Requests []seen }
	if err := json.NewDecoder(answer.Body).Decode(&state); err != nil {
		p.t.Fatal(err)
	}
	return state.Requests
}

func (p plan) expect(number int) {
	p.t.Helper()
	if requests := p.requests(); len(requests) != number {
		p.t.Errorf("%d requests instead of %d: %v", len(requests), number, requests)
	}
}

func (p plan) client(change func(*upstream.Config)) *upstream.Client {
	config := upstream.Defaults("payments", p.url)
	config.Backoff = 20 * time.Millisecond
	if change != nil {
		change(&config)
	}
	client := upstream.New(config)
	p.t.Cleanup(client.Close)
	return client
}
