// Command testworker is a consumer process for the tests: testworker NAME. What it does with a message is what the
// message's body says.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	amqp "github.com/rabbitmq/amqp091-go"

	"example.com/service/messaging"
)

func handle(ctx context.Context, tx pgx.Tx, message messaging.Received) error {
	var body struct {
		N  int
		Do string
	}
	if err := json.Unmarshal(message.Body, &body); err != nil {
		return fmt.Errorf("%w: no JSON", messaging.ErrPoison)
	}
	fmt.Println("begin", body.N, message.Attempt)
	switch {
	case body.Do == "die":
		os.Exit(9)
	case body.Do == "fail" || body.Do == "fail-once" && message.Attempt == 1:
		return errors.New("made to fail")
	case body.Do == "panic":
		panic("made to fail")
	case body.Do == "slow":
		time.Sleep(1500 * time.Millisecond)
	}
	_, err := tx.Exec(ctx, "INSERT INTO effects (n, attempt, traceparent) VALUES ($1, $2, $3)",
		body.N, message.Attempt, message.Headers["traceparent"])
	if body.Do == "die-before-commit" {
		if mark, failed := os.OpenFile(os.Getenv("MARK"), os.O_CREATE|os.O_EXCL, 0o600); failed == nil {
			mark.Close()
			os.Exit(9)
		}
	}
	return err
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	connection, err := amqp.Dial(os.Getenv("BROKER_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	consumer := &messaging.Consumer{
		Connection: connection, Pool: pool, Handler: handle, Queue: os.Args[1], Topics: []string{os.Args[1]},
		Delays: []time.Duration{200 * time.Millisecond, 400 * time.Millisecond}, Prefetch: 10, DeliveryLimit: 2,
		Drain: 20 * time.Second,
	}
	if err := consumer.Run(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("ended")
}
