package com.example.service.messaging;

/** Trying again can't help: the message is broken. It goes to the dead letters at once. */
public class PoisonMessageException extends RuntimeException {

    public PoisonMessageException(String message, Throwable cause) {
        super(message, cause);
    }
}
