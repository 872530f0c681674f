package com.example.service.messaging;

import java.util.Map;
import java.util.UUID;

/**
 * A message. Its id is made once, where the event is made, and stays the same however often it is sent.
 *
 * @param topic the routing key
 * @param key what the event is about, usually the id of the aggregate
 */
public record OutgoingMessage(
        UUID id, String topic, String key, String type, byte[] body, Map<String, String> headers) {

    /** The message of an event that happened now. */
    public static OutgoingMessage of(String topic, String key, String type, byte[] body) {
        return new OutgoingMessage(UUID.randomUUID(), topic, key, type, body, Map.of());
    }
}
