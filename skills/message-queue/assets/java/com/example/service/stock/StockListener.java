package com.example.service.stock;

import com.example.service.messaging.ConfirmedPublisher;
import com.example.service.messaging.Inbox;
import com.example.service.messaging.MessagingConfiguration;
import com.example.service.messaging.PoisonMessageException;
import com.example.service.messaging.ReceivedMessage;
import com.example.service.messaging.ReliableConsumer;
import java.time.Duration;
import java.util.List;
import org.springframework.amqp.core.Declarables;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reserves stock for placed orders. */
@Component
public class StockListener {

    static final String QUEUE = "stock.orders";
    static final List<Duration> DELAYS =
            List.of(Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofMinutes(1), Duration.ofMinutes(5));

    private final ReliableConsumer consumer;
    private final JdbcTemplate jdbc;
    private final JsonMapper json;

    StockListener(Inbox inbox, ConfirmedPublisher publisher, JdbcTemplate jdbc, JsonMapper json) {
        this.consumer = new ReliableConsumer(QUEUE, DELAYS, inbox, publisher, this::reserve);
        this.jdbc = jdbc;
        this.json = json;
    }

    @RabbitListener(queues = QUEUE)
    void onMessage(Message message) {
        consumer.settle(message);
    }

    private void reserve(ReceivedMessage message) {
        String orderId;
        String sku;
        int amount;
        try {
            JsonNode order = json.readTree(message.body()).required("data");
            orderId = order.required("order_id").stringValue();
            sku = order.required("sku").stringValue();
            amount = order.required("amount").intValue();
        } catch (JacksonException | IllegalArgumentException error) {
            throw new PoisonMessageException(message.type() + " can't be read", error);
        }
        jdbc.update("INSERT INTO reservations (order_id, sku, amount) VALUES (?, ?, ?)", orderId, sku, amount);
    }

    /** Declared when the service connects. */
    @Configuration
    static class Topology {
        @Bean
        Declarables stockTopology() {
            return ReliableConsumer.topology(QUEUE, MessagingConfiguration.EXCHANGE, List.of("order.placed"), DELAYS, 20);
        }
    }
}
