package com.example.service.upstream;

import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.net.http.HttpClient;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.http.client.ClientHttpResponse;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.web.client.ResourceAccessException;
import org.springframework.web.client.RestClient;

/**
 * Calls one upstream: one bean for each, shared by all.
 *
 * <p>retry( breaker( timeout( request ))): each attempt has its own timeout and counts for the breaker, all attempts
 * together have a deadline, and nothing is repeated that the upstream may have done already.
 */
public class UpstreamClient {

    private static final Logger log = LoggerFactory.getLogger(UpstreamClient.class);

    private final UpstreamSettings settings;
    private final RestClient http;
    private final CircuitBreaker breaker;
    private final AtomicLong changes = new AtomicLong();

    /** Give it the builder that Spring Boot injects: then the trace goes along. */
    public UpstreamClient(RestClient.Builder builder, UpstreamSettings settings) {
        HttpClient client = HttpClient.newBuilder()
                .connectTimeout(settings.connectTimeout())
                .followRedirects(HttpClient.Redirect.NEVER)
                .version(HttpClient.Version.HTTP_1_1)
                .build();
        JdkClientHttpRequestFactory factory = new JdkClientHttpRequestFactory(client);
        factory.setReadTimeout(settings.timeout()); // from sending to the last byte of the body
        this.settings = settings;
        this.http = builder.clone().baseUrl(settings.baseUrl()).requestFactory(factory).build();
        this.breaker = CircuitBreaker.of(settings.name(), CircuitBreakerConfig.custom()
                .slidingWindowType(CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
                .slidingWindowSize(settings.breakerFailures())
                .minimumNumberOfCalls(settings.breakerFailures())
                .failureRateThreshold(100)
                .waitDurationInOpenState(settings.breakerOpenFor())
                .permittedNumberOfCallsInHalfOpenState(settings.breakerProbes())
                // An answer such as 404 does not speak against the upstream.
                .recordExceptions(UpstreamException.Unavailable.class)
                .build());
        breaker.getEventPublisher().onStateTransition(event -> changes.incrementAndGet());
    }

    public CircuitBreaker.State breaker() {
        return breaker.getState();
    }

    /**
     * Gives the body of a 2xx answer, or throws an {@link UpstreamException}.
     *
     * @param path a template such as {@code /payments/{id}}; the values are encoded
     * @param body JSON, or null
     * @param idempotencyKey POST and PATCH are repeated only with one; the same for every attempt. Or null
     */
    public byte[] call(HttpMethod method, String path, Map<String, String> values, byte[] body, String idempotencyKey) {
        for (Map.Entry<String, String> value : values.entrySet()) {
            if (value.getValue().isEmpty() || value.getValue().matches("\\.\\.?")) {
                throw new IllegalArgumentException(
                        "'" + value.getValue() + "' is no value for '" + value.getKey() + "' in " + path);
            }
        }
        int attempts = isIdempotent(method) || idempotencyKey != null ? settings.attempts() : 1;
        Instant giveUpAt = Instant.now().plus(settings.deadline());
        for (int attempt = 1; ; attempt++) {
            try {
                return withBreaker(() -> once(method, path, values, body, idempotencyKey));
            } catch (CallNotPermittedException error) {
                throw new UpstreamException.Unavailable(
                        settings.name(), "the circuit is open", settings.breakerOpenFor(), error);
            } catch (UpstreamException.Unavailable error) {
                Duration wait = error.retryAfter().plus(backoff(attempt));
                boolean tooLong = wait.compareTo(settings.maxBackoff()) > 0;
                // The next attempt may need its whole timeout.
                boolean tooLate = Instant.now().plus(wait).plus(settings.timeout()).isAfter(giveUpAt);
                if (attempt >= attempts || tooLong || tooLate) {
                    throw error;
                }
                log.warn("{} {}: attempt {} follows in {} ms", method, path, attempt + 1, wait.toMillis(), error);
                pause(wait, error);
            }
        }
    }

    /** What comes of a call that began before the last change of state is not counted: it closes nothing. */
    private byte[] withBreaker(Supplier<byte[]> request) {
        breaker.acquirePermission();
        long before = changes.get();
        long began = breaker.getCurrentTimestamp();
        try {
            byte[] body = request.get();
            if (before == changes.get()) {
                breaker.onSuccess(breaker.getCurrentTimestamp() - began, breaker.getTimestampUnit());
            }
            return body;
        } catch (RuntimeException error) {
            if (before == changes.get()) {
                breaker.onError(breaker.getCurrentTimestamp() - began, breaker.getTimestampUnit(), error);
            }
            throw error;
        }
    }

    private byte[] once(HttpMethod method, String path, Map<String, String> values, byte[] body, String key) {
        RestClient.RequestBodySpec request = http.method(method).uri(path, values).accept(MediaType.APPLICATION_JSON);
        if (key != null) {
            request.header("Idempotency-Key", key);
        }
        if (body != null) {
            request.contentType(MediaType.APPLICATION_JSON).body(body);
        }
        Instant began = Instant.now();
        try {
            return request.exchange((sent, answer) -> read(answer));
        } catch (ResourceAccessException error) {
            // A body that is cut off says only that its stream was closed.
            if (!Duration.between(began, Instant.now()).minus(settings.timeout()).isNegative() || isTimeout(error)) {
                throw new UpstreamException.TimedOut(settings.name(), error);
            }
            throw new UpstreamException.Unavailable(settings.name(), "no answer", Duration.ZERO, error);
        }
    }

    private byte[] read(ClientHttpResponse answer) throws java.io.IOException {
        int status = answer.getStatusCode().value();
        byte[] body = answer.getBody().readAllBytes();
        if (status >= 500 || status == 408 || status == 429) {
            throw new UpstreamException.Unavailable(
                    settings.name(), "answered " + status, retryAfter(answer.getHeaders()), null);
        }
        if (status < 200 || status > 299) {
            String text = new String(body, 0, Math.min(body.length, 2000), StandardCharsets.UTF_8);
            throw new UpstreamException.Rejected(settings.name(), status, text);
        }
        return body;
    }

    /** Full jitter below an exponential limit. */
    private Duration backoff(int attempt) {
        long limit = settings.backoff().toMillis() << Math.min(attempt - 1, 16);
        return Duration.ofMillis(
                ThreadLocalRandom.current().nextLong(Math.min(limit, settings.maxBackoff().toMillis()) + 1));
    }

    private static boolean isIdempotent(HttpMethod method) {
        return method != HttpMethod.POST && method != HttpMethod.PATCH;
    }

    private static boolean isTimeout(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof HttpTimeoutException || cause instanceof java.net.SocketTimeoutException) {
                return true;
            }
        }
        return false;
    }

    /** A number of seconds, or a date (RFC 9110, section 10.2.3). */
    private static Duration retryAfter(HttpHeaders headers) {
        String text = headers.getFirst(HttpHeaders.RETRY_AFTER);
        if (text == null) {
            return Duration.ZERO;
        }
        if (text.matches("\\d{1,9}")) {
            return Duration.ofSeconds(Long.parseLong(text));
        }
        try {
            Instant at = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
            Duration left = Duration.between(Instant.now(), at);
            return left.isNegative() ? Duration.ZERO : left;
        } catch (DateTimeParseException error) {
            log.warn("'{}' is no Retry-After", text, error);
            return Duration.ZERO;
        }
    }

    private static void pause(Duration wait, UpstreamException.Unavailable error) {
        try {
            Thread.sleep(wait.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw error;
        }
    }
}
