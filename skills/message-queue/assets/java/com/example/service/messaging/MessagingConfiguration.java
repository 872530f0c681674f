package com.example.service.messaging;

import java.time.Duration;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;
import org.springframework.amqp.rabbit.config.ContainerCustomizer;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.PlatformTransactionManager;

/** What all consumers and publishers of the service share. */
@Configuration
public class MessagingConfiguration {

    public static final String EXCHANGE = "events";

    @Bean
    Inbox inbox(JdbcTemplate jdbc, PlatformTransactionManager transactions) {
        return new Inbox(jdbc, transactions);
    }

    @Bean
    ConfirmedPublisher publisher(RabbitTemplate rabbit, @Value("${spring.application.name}") String app) {
        return new ConfirmedPublisher(rabbit, EXCHANGE, app, Duration.ofSeconds(5));
    }

    /** On SIGTERM: what is being handled may take this long; 5 s by default. */
    @Bean
    ContainerCustomizer<SimpleMessageListenerContainer> drain() {
        return container -> container.setShutdownTimeout(25_000);
    }
}
