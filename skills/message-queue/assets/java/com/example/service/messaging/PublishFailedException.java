package com.example.service.messaging;

/** The broker did not take the message, or did not say so. */
public class PublishFailedException extends RuntimeException {

    public PublishFailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
