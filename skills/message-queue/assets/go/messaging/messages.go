// Package messaging publishes to and consumes from a broker, so that nothing is lost and nothing has its effect twice.
package messaging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrPublishFailed: the broker did not take the message, or did not say so.
var ErrPublishFailed = errors.New("publish failed")

// ErrPoison: trying again can't help, the message is broken. It goes to the dead letters at once. Wrap it:
// fmt.Errorf("%w: no JSON", messaging.ErrPoison).
var ErrPoison = errors.New("poison message")

// Message is made by NewMessage where the event is made; its id stays the same however often it is sent.
type Message struct {
	ID      uuid.UUID
	Topic   string // the routing key of RabbitMQ
	Key     string // what the event is about, usually the id of the aggregate
	Type    string
	Body    []byte
	Headers map[string]string
}

// NewMessage makes the message of an event, with an id of its own.
func NewMessage(topic, key, kind string, body []byte) Message {
	return Message{ID: uuid.New(), Topic: topic, Key: key, Type: kind, Body: body, Headers: map[string]string{}}
}

// Received is a message as a handler sees it.
type Received struct {
	ID      string
	Type    string
	Key     string
	Body    []byte
	Headers map[string]string
	Attempt int // counted from 1
}

// Handler works in the transaction that it is given, and in nothing else: then its effects, the note that the
// message is handled, and the events that it puts into an outbox are there together or not at all.
type Handler func(ctx context.Context, tx pgx.Tx, message Received) error

// HandleOnce runs the handler unless its effects are in the database already.
func HandleOnce(ctx context.Context, pool *pgxpool.Pool, consumer string, message Received, handler Handler) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		noted, err := tx.Exec(ctx,
			"INSERT INTO processed_messages (consumer, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
			consumer, message.ID)
		if err != nil {
			return fmt.Errorf("noting message %s: %w", message.ID, err)
		}
		if noted.RowsAffected() == 0 {
			slog.InfoContext(ctx, "handled before", "consumer", consumer, "message", message.ID)
			return nil
		}
		return handler(ctx, tx, message)
	})
}
