package com.example.service.messaging;

/**
 * Works in the transaction that is open, and in nothing else: then its effects, the note that the message is handled,
 * and the events that it puts into an outbox are there together or not at all.
 */
@FunctionalInterface
public interface MessageHandler {
    void handle(ReceivedMessage message);
}
