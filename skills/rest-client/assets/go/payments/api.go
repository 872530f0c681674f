// Package payments is the payments service, as this service uses it.
package payments

import "fmt"

// Types of the payments service, from openapi/payments.yaml 1.4.0, as `oapi-codegen -generate types` makes them.

// NewPayment is what to charge.
type NewPayment struct {
	OrderID     string `json:"order_id"`
	AmountMinor int64  `json:"amount_minor"` // in the smallest unit of the currency
	Currency    string `json:"currency"`
}

// Payment is a charge.
type Payment struct {
	ID          string `json:"id"`
	OrderID     string `json:"order_id"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	Status      Status `json:"status"`
}

// Status of a payment.
type Status string

// The states that the contract knows.
const (
	Pending  Status = "pending"
	Captured Status = "captured"
	Refused  Status = "refused"
)

func (p *Payment) check() error {
	switch {
	case p.ID == "" || p.OrderID == "" || len(p.Currency) != 3:
		return fmt.Errorf("a field is missing in payment %q", p.ID)
	case p.Status != Pending && p.Status != Captured && p.Status != Refused:
		return fmt.Errorf("%q is no status", p.Status)
	}
	return nil
}
