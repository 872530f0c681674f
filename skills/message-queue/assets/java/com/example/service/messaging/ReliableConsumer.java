package com.example.service.messaging;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.AmqpRejectAndDontRequeueException;
import org.springframework.amqp.core.Binding;
import org.springframework.amqp.core.BindingBuilder;
import org.springframework.amqp.core.Declarable;
import org.springframework.amqp.core.Declarables;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageBuilder;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.core.QueueBuilder;
import org.springframework.amqp.core.TopicExchange;

/**
 * What a listener does with a message of its queue.
 *
 * <p>A failure is tried again after each of the delays, by queues in which messages wait; what then still fails, and
 * what is poison, goes to {@code <queue>.dead}. A message that kills the process is stopped by the delivery limit of
 * the queue. The container acknowledges when {@link #settle} returns, and rejects when it throws.
 */
public class ReliableConsumer {

    private static final Logger log = LoggerFactory.getLogger(ReliableConsumer.class);
    private static final String ATTEMPT = "x-attempt";

    private final String queue;
    private final List<Duration> delays;
    private final Inbox inbox;
    private final ConfirmedPublisher publisher;
    private final MessageHandler handler;

    public ReliableConsumer(
            String queue, List<Duration> delays, Inbox inbox, ConfirmedPublisher publisher, MessageHandler handler) {
        this.queue = queue;
        this.delays = List.copyOf(delays);
        this.inbox = inbox;
        this.publisher = publisher;
        this.handler = handler;
    }

    /**
     * The queue bound to the topics, its dead letters, and the queues where messages wait: a bean for RabbitAdmin.
     *
     * @param deliveryLimit several times the concurrency of the listener: each of its consumers has a channel, and
     *     when the process dies, RabbitMQ hands its messages from one of these channels to the next before it has
     *     closed them all; each time counts
     */
    public static Declarables topology(
            String queue, String exchange, List<String> topics, List<Duration> delays, int deliveryLimit) {
        String dead = queue + ".dead";
        TopicExchange events = new TopicExchange(exchange, true, false);
        Queue main = QueueBuilder.durable(queue)
                .quorum()
                .deliveryLimit(deliveryLimit)
                .deadLetterExchange("")
                .deadLetterRoutingKey(dead)
                // Dead letters wait for the confirm of their queue too.
                .withArgument("x-dead-letter-strategy", "at-least-once")
                .withArgument("x-overflow", "reject-publish")
                .build();
        List<Declarable> all = new ArrayList<>(List.of(QueueBuilder.durable(dead).quorum().build(), main, events));
        for (int number = 1; number <= delays.size(); number++) {
            all.add(QueueBuilder.durable(waiting(queue, number))
                    .quorum()
                    .ttl(Math.toIntExact(delays.get(number - 1).toMillis()))
                    .deadLetterExchange("")
                    .deadLetterRoutingKey(queue)
                    .withArgument("x-dead-letter-strategy", "at-least-once")
                    .withArgument("x-overflow", "reject-publish")
                    .build());
        }
        for (String topic : topics) {
            Binding binding = BindingBuilder.bind(main).to(events).with(topic);
            all.add(binding);
        }
        return new Declarables(all);
    }

    /** Call it as the whole of a listener method. */
    public void settle(Message raw) {
        String id = raw.getMessageProperties().getMessageId();
        try {
            inbox.handleOnce(queue, decode(raw), handler);
        } catch (PoisonMessageException error) {
            throw new AmqpRejectAndDontRequeueException(queue + ": message " + id + " is poison", error);
        } catch (RuntimeException error) {
            log.error("{}: message {} failed", queue, id, error);
            later(raw, error);
        }
    }

    /** Confirmed in the queue where it waits, before the original is acknowledged. */
    private void later(Message raw, RuntimeException cause) {
        int attempt = attempt(raw);
        if (attempt > delays.size()) {
            throw new AmqpRejectAndDontRequeueException(queue + ": no attempt is left", cause);
        }
        Message again = MessageBuilder.fromMessage(raw).setHeader(ATTEMPT, attempt + 1).build();
        publisher.send("", waiting(queue, attempt), again);
    }

    private static String waiting(String queue, int attempt) {
        return queue + ".retry." + attempt;
    }

    private static int attempt(Message raw) {
        return raw.getMessageProperties().getHeader(ATTEMPT) instanceof Number number ? number.intValue() : 1;
    }

    private static ReceivedMessage decode(Message raw) {
        MessageProperties properties = raw.getMessageProperties();
        if (properties.getMessageId() == null || properties.getType() == null) {
            throw new PoisonMessageException("a message without id or type", null);
        }
        Map<String, Object> headers = properties.getHeaders();
        return new ReceivedMessage(
                properties.getMessageId(), properties.getType(), String.valueOf(headers.getOrDefault("key", "")),
                raw.getBody(), headers, attempt(raw));
    }
}
