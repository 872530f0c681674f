package payments

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"example.com/service/upstream"
)

// Client is built once: NewClient(upstream.New(config)).
type Client struct {
	http *upstream.Client
}

// NewClient uses the client of the payments service.
func NewClient(client *upstream.Client) *Client {
	return &Client{http: client}
}

// Get gives nil when there is no such payment.
func (c *Client) Get(ctx context.Context, id string) (*Payment, error) {
	response, err := c.http.Do(ctx, upstream.Request{
		Method: http.MethodGet, Path: "/payments/{payment_id}", Values: map[string]string{"payment_id": id},
	})
	var rejected *upstream.Rejected
	if errors.As(err, &rejected) && rejected.Status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("payment %s: %w", id, err)
	}
	return read(response)
}

// Create charges. The key belongs to the intent, for example the id of the order: the same for every try, also for
// one after a restart. A new key for each call would charge twice.
func (c *Client) Create(ctx context.Context, payment NewPayment, idempotencyKey string) (*Payment, error) {
	body, err := json.Marshal(payment)
	if err != nil {
		return nil, fmt.Errorf("payment of %s: %w", payment.OrderID, err)
	}
	response, err := c.http.Do(ctx, upstream.Request{
		Method: http.MethodPost, Path: "/payments", Body: body, IdempotencyKey: idempotencyKey,
	})
	if err != nil {
		return nil, fmt.Errorf("payment of %s: %w", payment.OrderID, err)
	}
	return read(response)
}

func read(response *upstream.Response) (*Payment, error) {
	var payment Payment
	err := json.Unmarshal(response.Body, &payment)
	if err == nil {
		err = payment.check()
	}
	if err != nil {
		return nil, &upstream.ContractBroken{Upstream: "payments", Message: "the answer is no payment", Err: err}
	}
	return &payment, nil
}
