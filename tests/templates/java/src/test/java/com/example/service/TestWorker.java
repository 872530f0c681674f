package com.example.service;

import com.example.service.messaging.ConfirmedPublisher;
import com.example.service.messaging.Inbox;
import com.example.service.messaging.MessagingConfiguration;
import com.example.service.messaging.PoisonMessageException;
import com.example.service.messaging.ReceivedMessage;
import com.example.service.messaging.ReliableConsumer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.springframework.amqp.core.Declarables;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A consumer process for the tests. What it does with a message is what the message's body says. */
@EnableAutoConfiguration
@Import(MessagingConfiguration.class)
public class TestWorker {

    private static final List<Duration> DELAYS = List.of(Duration.ofMillis(200), Duration.ofMillis(400));

    public static void main(String[] arguments) {
        SpringApplication.run(TestWorker.class, arguments);
        System.out.println("ready");
    }

    @Bean
    Declarables topology(@Value("${test.name}") String name) {
        return ReliableConsumer.topology(name, MessagingConfiguration.EXCHANGE, List.of(name), DELAYS, 4);
    }

    @Bean
    Listener listener(@Value("${test.name}") String name, Inbox inbox, ConfirmedPublisher publisher, JdbcTemplate jdbc) {
        return new Listener(new ReliableConsumer(name, DELAYS, inbox, publisher, message -> handle(jdbc, message)));
    }

    record Listener(ReliableConsumer consumer) {
        @RabbitListener(queues = "${test.name}")
        void onMessage(Message message) {
            consumer.settle(message);
        }
    }

    private static void handle(JdbcTemplate jdbc, ReceivedMessage message) {
        JsonNode body;
        try {
            body = JsonMapper.builder().build().readTree(message.body());
        } catch (JacksonException error) {
            throw new PoisonMessageException("no JSON", error);
        }
        int n = body.required("n").intValue();
        System.out.println("begin " + n + " " + message.attempt());
        switch (body.required("do").stringValue()) {
            case "die" -> Runtime.getRuntime().halt(9);
            case "fail" -> throw new IllegalStateException("made to fail");
            case "fail-once" -> {
                if (message.attempt() == 1) {
                    throw new IllegalStateException("made to fail");
                }
            }
            case "slow" -> sleep();
            default -> { }
        }
        jdbc.update("INSERT INTO effects (n, attempt) VALUES (?, ?)", n, message.attempt());
        if (body.required("do").stringValue().equals("die-before-commit")) {
            try {
                Files.createFile(Path.of(System.getenv("MARK")));
                Runtime.getRuntime().halt(9);
            } catch (IOException there) {
                System.out.println("it died before");
            }
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(1500);
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }
}
