package com.example.service.messaging;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Knows which messages have had their effects: the table processed_messages. */
public class Inbox {

    private static final Logger log = LoggerFactory.getLogger(Inbox.class);

    private final JdbcTemplate jdbc;
    private final TransactionTemplate transaction;

    public Inbox(JdbcTemplate jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.transaction = new TransactionTemplate(transactions);
    }

    /** Runs the handler unless its effects are in the database already. */
    public void handleOnce(String consumer, ReceivedMessage message, MessageHandler handler) {
        transaction.executeWithoutResult(status -> {
            int noted = jdbc.update(
                    "INSERT INTO processed_messages (consumer, message_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    consumer, message.id());
            if (noted == 0) {
                log.info("{}: message {} was handled before", consumer, message.id());
                return;
            }
            handler.handle(message);
        });
    }
}
