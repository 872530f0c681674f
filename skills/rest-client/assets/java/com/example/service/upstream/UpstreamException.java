package com.example.service.upstream;

import java.time.Duration;

/** A call to another service failed; the cause is what the library said. */
public abstract sealed class UpstreamException extends RuntimeException {

    private final String upstream;

    UpstreamException(String upstream, String message, Throwable cause) {
        super(upstream + ": " + message, cause);
        this.upstream = upstream;
    }

    public String upstream() {
        return upstream;
    }

    /** No answer, or one that may be better later. */
    public static non-sealed class Unavailable extends UpstreamException {
        private final Duration retryAfter;

        public Unavailable(String upstream, String message, Duration retryAfter, Throwable cause) {
            super(upstream, message, cause);
            this.retryAfter = retryAfter;
        }

        /** What the upstream asked for; zero when it said nothing. */
        public Duration retryAfter() {
            return retryAfter;
        }
    }

    /** No answer in time; what was asked for may have happened. */
    public static final class TimedOut extends Unavailable {
        public TimedOut(String upstream, Throwable cause) {
            super(upstream, "no answer in time", Duration.ZERO, cause);
        }
    }

    /** The upstream refused the request; the same request would be refused again. */
    public static final class Rejected extends UpstreamException {
        private final int status;
        private final String body;

        public Rejected(String upstream, int status, String body) {
            super(upstream, "answered " + status, null);
            this.status = status;
            this.body = body;
        }

        public int status() {
            return status;
        }

        public String body() {
            return body;
        }
    }

    /** The answer is not what the contract says. */
    public static final class ContractBroken extends UpstreamException {
        public ContractBroken(String upstream, String message, Throwable cause) {
            super(upstream, message, cause);
        }
    }
}
