// Command worker consumes from RabbitMQ, and ends in an orderly way on SIGTERM.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	amqp "github.com/rabbitmq/amqp091-go"

	"example.com/service/messaging"
)

type orderPlaced struct {
	Data struct {
		OrderID string `json:"order_id"`
		SKU     string `json:"sku"`
		Amount  int    `json:"amount"`
	} `json:"data"`
}

// handle reserves stock for a placed order.
func handle(ctx context.Context, tx pgx.Tx, message messaging.Received) error {
	var event orderPlaced
	if err := json.Unmarshal(message.Body, &event); err != nil {
		return fmt.Errorf("%w: %s can't be read: %w", messaging.ErrPoison, message.Type, err)
	}
	if event.Data.OrderID == "" || event.Data.SKU == "" || event.Data.Amount < 1 {
		return fmt.Errorf("%w: %s lacks a field", messaging.ErrPoison, message.Type)
	}
	_, err := tx.Exec(ctx, "INSERT INTO reservations (order_id, sku, amount) VALUES ($1, $2, $3)",
		event.Data.OrderID, event.Data.SKU, event.Data.Amount)
	return err
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	defer pool.Close()
	connection, err := amqp.DialConfig(os.Getenv("RABBITMQ_URL"), amqp.Config{Heartbeat: 30 * time.Second})
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	defer connection.Close()
	consumer := &messaging.Consumer{
		Connection: connection, Pool: pool, Handler: handle,
		Queue: "stock.orders", Topics: []string{"order.placed"},
		Delays:   []time.Duration{time.Second, 10 * time.Second, time.Minute, 5 * time.Minute},
		Prefetch: 10, DeliveryLimit: 5, Drain: 25 * time.Second,
	}
	return consumer.Run(ctx)
}

func main() {
	if err := run(); err != nil {
		slog.Error("the worker ended", "error", err)
		os.Exit(1)
	}
}
