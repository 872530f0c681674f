package messaging

import (
	"context"
	"fmt"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
)

// Exchange is where events go; the routing key is the message's topic.
const Exchange = "events"

// Publisher sends confirmed, persistent, mandatory messages, one at a time.
type Publisher struct {
	app     string
	timeout time.Duration

	mutex    sync.Mutex
	channel  *amqp.Channel
	returned chan amqp.Return
}

// NewPublisher opens a channel of its own.
func NewPublisher(connection *amqp.Connection, app string, timeout time.Duration) (*Publisher, error) {
	channel, err := connection.Channel()
	if err != nil {
		return nil, fmt.Errorf("opening a channel: %w", err)
	}
	if err := channel.Confirm(false); err != nil {
		return nil, fmt.Errorf("asking for confirms: %w", err)
	}
	if err := channel.ExchangeDeclare(Exchange, amqp.ExchangeTopic, true, false, false, false, nil); err != nil {
		return nil, fmt.Errorf("declaring %s: %w", Exchange, err)
	}
	returned := channel.NotifyReturn(make(chan amqp.Return, 16))
	return &Publisher{app: app, timeout: timeout, channel: channel, returned: returned}, nil
}

// Close ends the channel.
func (p *Publisher) Close() error {
	return p.channel.Close()
}

// Publish returns nil when a queue has the message, or ErrPublishFailed when none takes it, the broker refuses it,
// or nothing is heard in time.
func (p *Publisher) Publish(ctx context.Context, message Message) error {
	headers := amqp.Table{"key": message.Key}
	for name, value := range message.Headers {
		headers[name] = value
	}
	otel.GetTextMapPropagator().Inject(ctx, carrier(headers))
	return p.send(ctx, Exchange, message.Topic, amqp.Publishing{
		DeliveryMode: amqp.Persistent,
		MessageId:    message.ID.String(),
		Type:         message.Type,
		Timestamp:    time.Now().UTC(),
		ContentType:  "application/json",
		AppId:        p.app,
		Headers:      headers,
		Body:         message.Body,
	})
}

// send waits for what the broker says of this one message. RabbitMQ returns an unroutable message before it confirms.
func (p *Publisher) send(ctx context.Context, exchange, key string, publishing amqp.Publishing) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	select {
	case <-p.returned: // of a message that was given up
	default:
	}
	confirmation, err := p.channel.PublishWithDeferredConfirmWithContext(ctx, exchange, key, true, false, publishing)
	if err != nil {
		return fmt.Errorf("%w: %s to %q: %w", ErrPublishFailed, publishing.MessageId, key, err)
	}
	taken, err := confirmation.WaitContext(ctx)
	if err != nil {
		return fmt.Errorf("%w: %s to %q: no confirm: %w", ErrPublishFailed, publishing.MessageId, key, err)
	}
	if !taken {
		return fmt.Errorf("%w: %s to %q: the broker refused it", ErrPublishFailed, publishing.MessageId, key)
	}
	select {
	case back := <-p.returned:
		if back.MessageId == publishing.MessageId {
			return fmt.Errorf("%w: %s to %q: %s", ErrPublishFailed, publishing.MessageId, key, back.ReplyText)
		}
	default:
	}
	return nil
}

// carrier lets trace context travel in AMQP headers.
type carrier amqp.Table

var _ propagation.TextMapCarrier = carrier{}

func (c carrier) Get(name string) string {
	text, _ := c[name].(string)
	return text
}

func (c carrier) Set(name, value string) { c[name] = value }

func (c carrier) Keys() []string {
	names := make([]string, 0, len(c))
	for name := range c {
		names = append(names, name)
	}
	return names
}
