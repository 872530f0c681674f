package com.example.service.messaging;

import java.time.Duration;
import java.util.Date;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.springframework.amqp.AmqpException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageBuilder;
import org.springframework.amqp.core.MessageDeliveryMode;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.connection.CorrelationData;
import org.springframework.amqp.rabbit.core.RabbitTemplate;

/**
 * Confirmed, persistent, mandatory. It needs {@code spring.rabbitmq.publisher-confirm-type=correlated},
 * {@code publisher-returns=true} and {@code template.mandatory=true}.
 */
public class ConfirmedPublisher {

    private final RabbitTemplate rabbit;
    private final String exchange;
    private final String app;
    private final Duration timeout;

    public ConfirmedPublisher(RabbitTemplate rabbit, String exchange, String app, Duration timeout) {
        this.rabbit = rabbit;
        this.exchange = exchange;
        this.app = app;
        this.timeout = timeout;
    }

    /**
     * Returns when a queue has the message; throws {@link PublishFailedException} when none takes it, the broker
     * refuses it, or nothing is heard in time.
     */
    public void publish(OutgoingMessage message) {
        MessageProperties properties = new MessageProperties();
        properties.setDeliveryMode(MessageDeliveryMode.PERSISTENT);
        properties.setMessageId(message.id().toString());
        properties.setType(message.type());
        properties.setTimestamp(new Date());
        properties.setContentType(MessageProperties.CONTENT_TYPE_JSON);
        properties.setAppId(app);
        message.headers().forEach(properties::setHeader);
        properties.setHeader("key", message.key());
        send(exchange, message.topic(), MessageBuilder.withBody(message.body()).andProperties(properties).build());
    }

    /** Sends a message as it is, to an exchange or to a queue, and waits for what the broker says. */
    void send(String to, String routingKey, Message message) {
        String what = message.getMessageProperties().getMessageId() + " to '" + routingKey + "'";
        CorrelationData confirm = new CorrelationData();
        try {
            rabbit.send(to, routingKey, message, confirm);
            CorrelationData.Confirm answer = confirm.getFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            if (!answer.ack()) {
                throw new PublishFailedException(what + ": the broker refused it: " + answer.reason(), null);
            }
            if (confirm.getReturned() != null) {
                throw new PublishFailedException(what + ": " + confirm.getReturned().getReplyText(), null);
            }
        } catch (AmqpException | ExecutionException | TimeoutException error) {
            throw new PublishFailedException(what, error);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new PublishFailedException(what, error);
        }
    }
}
