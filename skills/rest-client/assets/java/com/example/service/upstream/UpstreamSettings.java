package com.example.service.upstream;

import java.time.Duration;

/**
 * How an upstream is called. Bind it with {@code @ConfigurationProperties("upstreams.payments")}, or begin with
 * {@link #of}.
 *
 * @param timeout one attempt, with reading the body
 * @param deadline all attempts with the waits between them
 * @param maxBackoff also the longest Retry-After that is waited for
 * @param breakerFailures in a row
 * @param breakerProbes at a time when half-open
 */
public record UpstreamSettings(
        String name,
        String baseUrl,
        Duration connectTimeout,
        Duration timeout,
        Duration deadline,
        int attempts,
        Duration backoff,
        Duration maxBackoff,
        int breakerFailures,
        Duration breakerOpenFor,
        int breakerProbes) {

    /** Suits a call that a user waits for. */
    public static UpstreamSettings of(String name, String baseUrl) {
        return new UpstreamSettings(
                name, baseUrl, Duration.ofSeconds(1), Duration.ofSeconds(3), Duration.ofSeconds(10), 3,
                Duration.ofMillis(200), Duration.ofSeconds(5), 5, Duration.ofSeconds(30), 1);
    }
}
