// Publisher and consumer against a real RabbitMQ and a real PostgreSQL.
package messaging_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"example.com/service/messaging"
)

func (w *world) queue(arguments amqp.Table) *amqp.Channel {
	w.t.Helper()
	channel, err := w.broker.Channel()
	must(w.t, err)
	must(w.t, channel.ExchangeDeclare(messaging.Exchange, "topic", true, false, false, false, nil))
	_, err = channel.QueueDeclare(w.name, true, false, false, false, arguments)
	must(w.t, err)
	must(w.t, channel.QueueBind(w.name, w.name, messaging.Exchange, false, nil))
	return channel
}

func TestAnUnroutableMessageSurfaces(t *testing.T) {
	w := newWorld(t)
	publisher := w.publisher()
	for n := range 3 {
		if err := publisher.Publish(t.Context(), w.message(n, "work")); !errors.Is(err, messaging.ErrPublishFailed) {
			t.Fatal(err)
		}
	}
	w.queue(nil)
	must(t, publisher.Publish(t.Context(), w.message(4, "work")))
}

func TestARefusedMessageSurfaces(t *testing.T) {
	w := newWorld(t)
	w.queue(amqp.Table{"x-max-length": 0, "x-overflow": "reject-publish"})
	if err := w.publisher().Publish(t.Context(), w.message(1, "work")); !errors.Is(err, messaging.ErrPublishFailed) {
		t.Fatal(err)
	}
}

func TestAnUnconfirmedMessageSurfaces(t *testing.T) {
	w := newWorld(t)
	w.queue(nil)
	gate := newGate(t)
	connection, err := amqp.Dial(gate.url)
	must(t, err)
	publisher, err := messaging.NewPublisher(connection, "tests", 500*time.Millisecond)
	must(t, err)
	must(t, publisher.Publish(t.Context(), w.message(1, "work")))
	gate.shut.Store(true)
	if err := publisher.Publish(t.Context(), w.message(2, "work")); !errors.Is(err, messaging.ErrPublishFailed) {
		t.Fatal(err)
	}
}

func TestWhatIsPublishedIsPersistentAndDescribed(t *testing.T) {
	w := newWorld(t)
	channel := w.queue(nil)
	sent := w.message(1, "work")
	must(t, w.publisher().Publish(t.Context(), sent))
	got, ok, err := channel.Get(w.name, true)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if got.DeliveryMode != amqp.Persistent || got.MessageId != sent.ID.String() || got.Type != "test.done" ||
		got.AppId != "tests" || got.ContentType != "application/json" || got.Timestamp.IsZero() {
		t.Errorf("%+v", got)
	}
}

func TestTheSameMessageTwiceHasOneEffect(t *testing.T) {
	w := newWorld(t)
	process := w.worker()
	publisher, same := w.publisher(), w.message(1, "work")
	for range 3 {
		must(t, publisher.Publish(t.Context(), same))
	}
	must(t, publisher.Publish(t.Context(), w.message(2, "work")))
	w.expectEffects(process, 1, 2)
	process.terminate(t)
	w.expectEffects(process, 1, 2)
	if left := w.depth(w.name); left != 0 {
		t.Error(left)
	}
}

func TestACrashBetweenHandlingAndAcknowledgementHasOneEffect(t *testing.T) {
	w := newWorld(t)
	gate := newGate(t)
	first := w.consume(gate.url)
	publisher := w.publisher()
	must(t, publisher.Publish(t.Context(), w.message(1, "slow")))
	eventually(t, first, "the message", func() bool { return strings.Contains(first.text(), "begin 1 1") })
	gate.shut.Store(true)
	w.expectEffects(first, 1)
	must(t, first.command.Process.Kill())
	first.exit(t)
	second := w.worker()
	must(t, publisher.Publish(t.Context(), w.message(2, "work")))
	w.expectEffects(second, 1, 2)
	eventually(t, second, "the message again", func() bool { return strings.Contains(second.text(), "handled before") })
	second.terminate(t)
	w.expectEffects(second, 1, 2)
	if left := w.depth(w.name); left != 0 {
		t.Error(left)
	}
}

func TestACrashBeforeTheCommitLosesNothing(t *testing.T) {
	w := newWorld(t)
	died := mark(t)
	first := w.worker(died)
	must(t, w.publisher().Publish(t.Context(), w.message(1, "die-before-commit")))
	if code := first.exit(t); code != 9 {
		t.Fatal(code)
	}
	w.expectEffects(first)
	second := w.worker(died)
	w.expectEffects(second, 1)
	second.terminate(t)
}

func TestPoisonGoesToTheDeadLettersAndTheNextIsHandled(t *testing.T) {
	w := newWorld(t)
	process := w.worker()
	publisher := w.publisher()
	must(t, publisher.Publish(t.Context(), messaging.NewMessage(w.name, "1", "test.done", []byte("\xff no json"))))
	must(t, publisher.Publish(t.Context(), messaging.NewMessage(w.name, "1", "", []byte("{}"))))
	must(t, publisher.Publish(t.Context(), w.message(2, "work")))
	w.expectEffects(process, 2)
	eventually(t, process, "dead letters", func() bool { return w.depth(w.name+".dead") == 2 })
	process.terminate(t)
}

func TestAFailureIsTriedAgainLaterAndThenDead(t *testing.T) {
	w := newWorld(t)
	process := w.worker()
	publisher := w.publisher()
	for n, do := range []string{"fail", "fail-once", "work", "panic"} {
		must(t, publisher.Publish(t.Context(), w.message(n, do)))
	}
	w.expectEffects(process, 1, 2)
	eventually(t, process, "dead letters", func() bool { return w.depth(w.name+".dead") == 2 })
	for _, attempt := range []string{"begin 0 1", "begin 0 2", "begin 0 3", "begin 3 3"} {
		if strings.Count(process.text(), attempt+"\n") != 1 {
			t.Errorf("%q: %s", attempt, process.text())
		}
	}
	process.terminate(t)
}

func TestAMessageThatKillsTheProcessIsStopped(t *testing.T) {
	w := newWorld(t)
	killed := 0
	process := w.worker()
	must(t, w.publisher().Publish(t.Context(), w.message(1, "die")))
	for w.depth(w.name+".dead") != 1 {
		select {
		case <-process.ended:
			killed++
			if killed > 10 {
				t.Fatal("it kills every process")
			}
			process = w.worker()
		case <-time.After(200 * time.Millisecond):
		}
	}
	if killed < 2 {
		t.Errorf("killed %d times", killed)
	}
}

func TestSigtermDrains(t *testing.T) {
	w := newWorld(t)
	process := w.worker()
	must(t, w.publisher().Publish(t.Context(), w.message(1, "slow")))
	eventually(t, process, "the message", func() bool { return strings.Contains(process.text(), "begin 1 1") })
	process.terminate(t)
	w.expectEffects(process, 1)
	if left := w.depth(w.name); left != 0 {
		t.Error(left)
	}
}

func TestALostConnectionEndsTheProcess(t *testing.T) {
	w := newWorld(t)
	gate := newGate(t)
	process := w.consume(gate.url)
	gate.cut()
	if code := process.exit(t); code == 0 || !strings.Contains(process.text(), "is lost") {
		t.Fatal(code, process.text())
	}
}

func TestTheTraceGoesToTheConsumer(t *testing.T) {
	otel.SetTextMapPropagator(propagation.TraceContext{})
	traceID, _ := trace.TraceIDFromHex("0af7651916cd43dd8448eb211c80319c")
	spanID, _ := trace.SpanIDFromHex("b7ad6b7169203331")
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: 1})
	w := newWorld(t)
	process := w.worker()
	must(t, w.publisher().Publish(trace.ContextWithSpanContext(t.Context(), span), w.message(1, "work")))
	w.expectEffects(process, 1)
	var found string
	must(t, w.pool.QueryRow(t.Context(), "SELECT traceparent FROM effects").Scan(&found))
	if found != "00-"+traceID.String()+"-"+spanID.String()+"-01" {
		t.Error(found)
	}
	process.terminate(t)
}
