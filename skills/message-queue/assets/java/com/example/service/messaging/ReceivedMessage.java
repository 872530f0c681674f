package com.example.service.messaging;

import java.util.Map;

/**
 * A message as a handler sees it.
 *
 * @param attempt counted from 1
 */
public record ReceivedMessage(
        String id, String type, String key, byte[] body, Map<String, Object> headers, int attempt) {}
