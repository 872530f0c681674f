package com.example.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.service.payments.Payment;
import com.example.service.payments.PaymentsClient;
import com.example.service.upstream.UpstreamClient;
import com.example.service.upstream.UpstreamException;
import com.example.service.upstream.UpstreamSettings;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.http.HttpMethod;
import org.springframework.web.client.RestClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The HTTP client against a server that fails on purpose. */
@Timeout(60)
class UpstreamClientTest {

    private static UpstreamClient client(String url, int timeoutMs, int deadlineMs, int attempts, int failures, int openMs, int probes) {
        return new UpstreamClient(RestClient.builder(), new UpstreamSettings(
                "payments", url, Duration.ofSeconds(1), Duration.ofMillis(timeoutMs), Duration.ofMillis(deadlineMs),
                attempts, Duration.ofMillis(20), Duration.ofSeconds(5), failures, Duration.ofMillis(openMs), probes));
    }

    private static UpstreamClient client(Plan plan) {
        return client(plan.url, 3000, 10_000, 3, 5, 30_000, 1);
    }

    private static UpstreamClient once(Plan plan, int failures, int openMs, int probes) {
        return client(plan.url, 3000, 10_000, 1, failures, openMs, probes);
    }

    private static PaymentsClient payments(UpstreamClient client) {
        return new PaymentsClient(client, JsonMapper.builder().build());
    }

    private static byte[] get(UpstreamClient client) {
        return client.call(HttpMethod.GET, "/payments/{id}", Map.of("id", "p-1"), null, null);
    }

    private static UpstreamException.Unavailable unavailable(UpstreamClient client) {
        return assertThrows(UpstreamException.Unavailable.class, () -> get(client));
    }

    private static void within(int mostMs, Runnable what) {
        long began = System.nanoTime();
        what.run();
        long took = (System.nanoTime() - began) / 1_000_000;
        assertTrue(took < mostMs, took + " ms");
    }

    @Test
    void aHangEndsWithTheTimeout() throws Exception {
        Plan plan = new Plan("hang");
        within(10_000, () -> {
            UpstreamException error = unavailable(client(plan.url, 600, 10_000, 2, 5, 30_000, 1));
            assertInstanceOf(UpstreamException.TimedOut.class, error);
            assertNotNull(error.getCause());
        });
        plan.expect(2);
    }

    @Test
    void aPeerThatDripsEndsWithTheTimeoutToo() throws Exception {
        Plan plan = new Plan("drip");
        within(10_000, () -> assertInstanceOf(
                UpstreamException.TimedOut.class, unavailable(client(plan.url, 600, 10_000, 1, 5, 30_000, 1))));
    }

    @Test
    void anAddressThatAnswersNothingIsUnavailable() {
        unavailable(client("http://127.0.0.1:1", 3000, 10_000, 2, 5, 30_000, 1));
    }

    @Test
    void allAttemptsTogetherHaveADeadline() throws Exception {
        Plan plan = new Plan("hang");
        within(10_000, () -> unavailable(client(plan.url, 800, 1800, 50, 50, 30_000, 1)));
        assertTrue(plan.requests().size() <= 3);
    }

    @Test
    void twoFailuresAndASuccessAreThreeCalls() throws Exception {
        Plan plan = new Plan("503", "503", "200");
        assertEquals(Payment.Status.CAPTURED, payments(client(plan)).find("p-1").orElseThrow().status());
        plan.expect(3);
    }

    @Test
    void aResetConnectionIsTriedAgain() throws Exception {
        Plan plan = new Plan("reset", "200");
        get(client(plan));
        plan.expect(2);
    }

    @Test
    void notFoundIsOneCallAndLeavesTheBreakerClosed() throws Exception {
        Plan plan = new Plan("404");
        UpstreamClient client = client(plan.url, 3000, 10_000, 3, 2, 30_000, 1);
        for (int i = 0; i < 5; i++) {
            assertEquals(Optional.empty(), payments(client).find("p-1"));
        }
        assertEquals(CircuitBreaker.State.CLOSED, client.breaker());
        plan.expect(5);
    }

    @Test
    void aRefusalIsATypedErrorAndNotRepeated() throws Exception {
        Plan plan = new Plan("422");
        var error = assertThrows(UpstreamException.Rejected.class, () -> get(client(plan)));
        assertEquals(422, error.status());
        assertTrue(error.body().contains("made to fail"));
        plan.expect(1);
    }

    @Test
    void retryAfterIsWaitedFor() throws Exception {
        Plan plan = new Plan("429;retry-after=1", "200");
        get(client(plan));
        List<JsonNode> requests = plan.requests();
        assertEquals(2, requests.size());
        assertTrue(requests.get(1).required("at").doubleValue() - requests.get(0).required("at").doubleValue() >= 1);
    }

    @Test
    void aRetryAfterBeyondTheLimitIsToldToTheCaller() throws Exception {
        Plan plan = new Plan("429;retry-after=3600");
        within(10_000, () -> assertEquals(Duration.ofHours(1), unavailable(client(plan)).retryAfter()));
        plan.expect(1);
    }

    @Test
    void aRetryAfterDateIsRead() throws Exception {
        Plan plan = new Plan("503;retry-after=Tue, 31 Dec 2199 23:59:59 GMT");
        assertTrue(unavailable(client(plan)).retryAfter().toDays() > 1000);
    }

    @Test
    void aPostWithoutKeyIsNotRepeated() throws Exception {
        for (String step : List.of("503", "reset", "hang")) {
            Plan plan = new Plan(step, "200");
            UpstreamClient client = client(plan.url, 600, 10_000, 3, 5, 30_000, 1);
            assertThrows(
                    UpstreamException.Unavailable.class,
                    () -> client.call(HttpMethod.POST, "/payments", Map.of(), "{}".getBytes(), null));
            plan.expect(1);
        }
    }

    @Test
    void aPostWithKeyIsRepeatedWithTheSameKey() throws Exception {
        Plan plan = new Plan("503", "reset", "201");
        payments(client(plan)).create(new Payment.Wanted("o-1", 4200, "EUR"), "order-o-1");
        plan.expect(3);
        for (JsonNode request : plan.requests()) {
            assertEquals("order-o-1", request.required("headers").required("idempotency-key").stringValue());
            assertTrue(request.required("body").stringValue().contains("\"amount_minor\":4200"));
        }
    }

    @Test
    void theBreakerOpensAndThenNothingIsSent() throws Exception {
        Plan plan = new Plan("503");
        UpstreamClient client = once(plan, 3, 30_000, 1);
        for (int i = 0; i < 10; i++) {
            unavailable(client);
        }
        assertEquals(CircuitBreaker.State.OPEN, client.breaker());
        plan.expect(3);
    }

    @Test
    void fiftyCallersAtHalfOpenLetOnlyTheProbesThrough() throws Exception {
        Plan plan = new Plan("503", "503", "503;delay=0.5");
        UpstreamClient client = once(plan, 2, 200, 2);
        unavailable(client);
        unavailable(client);
        Thread.sleep(300);
        ExecutorService pool = Executors.newFixedThreadPool(50);
        List<Callable<Object>> callers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            callers.add(() -> unavailable(client));
        }
        for (Future<Object> outcome : pool.invokeAll(callers)) {
            outcome.get();
        }
        pool.shutdown();
        plan.expect(2 + 2);
    }

    @Test
    void aProbeThatSucceedsClosesTheBreaker() throws Exception {
        UpstreamClient client = once(new Plan("503", "503", "200"), 2, 100, 1);
        unavailable(client);
        unavailable(client);
        Thread.sleep(200);
        get(client);
        assertEquals(CircuitBreaker.State.CLOSED, client.breaker());
    }

    @Test
    void aSuccessThatBeganBeforeTheOpeningClosesNothing() throws Exception {
        UpstreamClient client = once(new Plan("200;delay=1.2", "503", "503", "503;delay=2"), 2, 300, 1);
        ExecutorService pool = Executors.newFixedThreadPool(2);
        Future<byte[]> late = pool.submit(() -> get(client));
        Thread.sleep(200);
        unavailable(client);
        unavailable(client);
        Thread.sleep(400);
        // The probe is under way when the late success comes.
        Future<Object> probe = pool.submit(() -> unavailable(client));
        late.get();
        assertNotEquals(CircuitBreaker.State.CLOSED, client.breaker());
        probe.get();
        assertEquals(CircuitBreaker.State.OPEN, client.breaker());
        pool.shutdown();
    }

    @Test
    void anIdStaysOneSegmentOfThePath() throws Exception {
        for (String id : List.of("../refunds", "a/b", "a?b=c", "a#b", "ä b", "%2e%2e")) {
            Plan plan = new Plan("200");
            payments(client(plan)).find(id);
            String target = plan.requests().get(0).required("target").stringValue();
            assertEquals(2, target.chars().filter(c -> c == '/').count(), target);
            String got = URLDecoder.decode(target.substring("/payments/".length()).replace("+", "%2B"), StandardCharsets.UTF_8);
            assertEquals(id, got);
        }
        for (String id : List.of("", ".", "..")) {
            Plan plan = new Plan("200");
            assertThrows(IllegalArgumentException.class, () -> payments(client(plan)).find(id));
            plan.expect(0);
        }
    }

    @Test
    void anAnswerThatBreaksTheContractIsNoPayment() throws Exception {
        Plan plan = new Plan("garbage");
        var error = assertThrows(
                UpstreamException.ContractBroken.class, () -> payments(client(plan)).find("p-1"));
        assertNotNull(error.getCause());
    }

    @Test
    void aRedirectIsNotFollowed() throws Exception {
        Plan plan = new Plan("302", "200");
        assertEquals(302, assertThrows(UpstreamException.Rejected.class, () -> get(client(plan))).status());
        plan.expect(1);
    }
}
