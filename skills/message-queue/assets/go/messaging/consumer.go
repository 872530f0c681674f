package messaging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	amqp "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel"
)

const attemptHeader = "x-attempt"

// ErrConnectionLost ends Run: the process ends and is started again, and what was unacknowledged comes again.
var ErrConnectionLost = errors.New("the connection to the broker is lost")

// Consumer takes messages of some routing keys from a queue of its own.
//
// A failure is tried again after each of Delays, by queues in which messages wait; what then still fails, and what
// is poison, goes to `<queue>.dead`. A message that kills the process is stopped by the delivery limit of the queue.
type Consumer struct {
	Connection    *amqp.Connection
	Pool          *pgxpool.Pool
	Handler       Handler
	Queue         string
	Topics        []string
	Delays        []time.Duration // 1 s, 10 s, 1 min, 5 min, say
	Prefetch      int             // also how many are handled at a time
	DeliveryLimit int
	Drain         time.Duration // shorter than the orchestrator waits between SIGTERM and SIGKILL
}

// Run consumes until ctx ends, then takes nothing more and finishes what it has in hand.
func (c *Consumer) Run(ctx context.Context) error {
	channel, err := c.Connection.Channel()
	if err != nil {
		return fmt.Errorf("opening a channel: %w", err)
	}
	defer channel.Close()
	if err := channel.Qos(c.Prefetch, 0, false); err != nil {
		return fmt.Errorf("prefetch: %w", err)
	}
	if err := c.declare(channel); err != nil {
		return err
	}
	again, err := NewPublisher(c.Connection, c.Queue, 5*time.Second)
	if err != nil {
		return err
	}
	defer again.Close()
	deliveries, err := channel.Consume(c.Queue, c.Queue, false, false, false, false, nil)
	if err != nil {
		return fmt.Errorf("consuming %s: %w", c.Queue, err)
	}

	// Handlers outlive ctx: it says that no more is taken, not that work is thrown away.
	work, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	var running sync.WaitGroup
	for range c.Prefetch {
		running.Add(1)
		go func() {
			defer running.Done()
			for delivery := range deliveries {
				if ctx.Err() != nil {
					return // Given back when the channel closes.
				}
				c.settle(work, delivery, again)
			}
		}()
	}
	finished := make(chan struct{})
	go func() { running.Wait(); close(finished) }()

	select {
	case <-finished:
		return ErrConnectionLost
	case <-ctx.Done():
	}
	if err := channel.Cancel(c.Queue, false); err != nil {
		return fmt.Errorf("ending the consumer: %w", err)
	}
	select {
	case <-finished:
	case <-time.After(c.Drain):
		slog.Warn("not all handlers ended in time", "queue", c.Queue)
	}
	return nil
}

func (c *Consumer) declare(channel *amqp.Channel) error {
	dead := c.Queue + ".dead"
	queues := map[string]amqp.Table{
		dead: {"x-queue-type": "quorum"},
		c.Queue: {
			"x-queue-type": "quorum", "x-delivery-limit": c.DeliveryLimit,
			"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead,
			// Dead letters wait for the confirm of their queue too.
			"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish",
		},
	}
	for number, delay := range c.Delays {
		queues[c.waiting(number+1)] = amqp.Table{
			"x-queue-type": "quorum", "x-message-ttl": delay.Milliseconds(),
			"x-dead-letter-exchange": "", "x-dead-letter-routing-key": c.Queue,
			"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish",
		}
	}
	for name, arguments := range queues {
		if _, err := channel.QueueDeclare(name, true, false, false, false, arguments); err != nil {
			return fmt.Errorf("declaring %s: %w", name, err)
		}
	}
	if err := channel.ExchangeDeclare(Exchange, amqp.ExchangeTopic, true, false, false, false, nil); err != nil {
		return fmt.Errorf("declaring %s: %w", Exchange, err)
	}
	for _, topic := range c.Topics {
		if err := channel.QueueBind(c.Queue, topic, Exchange, false, nil); err != nil {
			return fmt.Errorf("binding %s to %s: %w", c.Queue, topic, err)
		}
	}
	return nil
}

func (c *Consumer) waiting(attempt int) string {
	return fmt.Sprintf("%s.retry.%d", c.Queue, attempt)
}

// settle acknowledges as the last step. Anything else gives the message back or to the dead letters.
func (c *Consumer) settle(ctx context.Context, delivery amqp.Delivery, again *Publisher) {
	ctx = otel.GetTextMapPropagator().Extract(ctx, carrier(delivery.Headers))
	message, err := decode(delivery)
	if err == nil {
		err = c.handle(ctx, message)
	}
	switch {
	case err == nil:
		err = delivery.Ack(false)
	case errors.Is(err, ErrPoison):
		slog.ErrorContext(ctx, "poison", "queue", c.Queue, "message", delivery.MessageId, "error", err)
		err = delivery.Reject(false)
	default:
		slog.ErrorContext(ctx, "failed", "queue", c.Queue, "message", delivery.MessageId, "error", err)
		err = c.later(ctx, delivery, again)
	}
	if err != nil {
		// The channel is gone: the broker delivers the message again.
		slog.ErrorContext(ctx, "not settled", "queue", c.Queue, "message", delivery.MessageId, "error", err)
	}
}

// handle makes an error of a panic, so that one message does not end the process.
func (c *Consumer) handle(ctx context.Context, message Received) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the handler panicked: %v", cause)
		}
	}()
	return HandleOnce(ctx, c.Pool, c.Queue, message, c.Handler)
}

// later puts the message into the queue where it waits for its next attempt, and only then acknowledges it here.
func (c *Consumer) later(ctx context.Context, delivery amqp.Delivery, again *Publisher) error {
	attempt := attemptOf(delivery)
	if attempt > len(c.Delays) {
		return delivery.Reject(false)
	}
	headers := amqp.Table{}
	for name, value := range delivery.Headers {
		headers[name] = value
	}
	headers[attemptHeader] = int64(attempt + 1)
	err := again.send(ctx, "", c.waiting(attempt), amqp.Publishing{
		DeliveryMode: amqp.Persistent,
		MessageId:    delivery.MessageId,
		Type:         delivery.Type,
		Timestamp:    delivery.Timestamp,
		ContentType:  delivery.ContentType,
		AppId:        delivery.AppId,
		Headers:      headers,
		Body:         delivery.Body,
	})
	if err != nil {
		slog.ErrorContext(ctx, "could not be put off", "queue", c.Queue, "message", delivery.MessageId, "error", err)
		time.Sleep(time.Second)
		return delivery.Nack(false, true) // counted by the delivery limit
	}
	return delivery.Ack(false)
}

func attemptOf(delivery amqp.Delivery) int {
	switch number := delivery.Headers[attemptHeader].(type) {
	case int64:
		return int(number)
	case int32:
		return int(number)
	}
	return 1
}

func decode(delivery amqp.Delivery) (Received, error) {
	if delivery.MessageId == "" || delivery.Type == "" {
		return Received{}, fmt.Errorf("%w: no id or no type", ErrPoison)
	}
	headers := make(map[string]string, len(delivery.Headers))
	for name, value := range delivery.Headers {
		if text, ok := value.(string); ok {
			headers[name] = text
		}
	}
	return Received{
		ID: delivery.MessageId, Type: delivery.Type, Key: headers["key"], Body: delivery.Body,
		Headers: headers, Attempt: attemptOf(delivery),
	}, nil
}
