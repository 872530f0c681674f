/** The HTTP client against a server that fails on purpose. */
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { CircuitBreaker, CircuitOpenError } from "./rest-client/breaker.js";
import { PaymentsClient } from "./rest-client/payments-client.js";
import {
  type ClientSettings,
  ServiceClient,
  UpstreamContractError,
  UpstreamRejectedError,
  UpstreamTimeoutError,
  UpstreamUnavailableError,
} from "./rest-client/service-client.js";
import { Plan } from "./plan.js";

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());

async function using<T>(
  plan: Plan,
  changes: Partial<ClientSettings>,
  body: (client: ServiceClient) => Promise<T>,
): Promise<T> {
  const client = new ServiceClient({ name: "payments", baseUrl: plan.url, backoffMs: 20, ...changes });
  try {
    return await body(client);
  } finally {
    await client.close();
  }
}

const get = (client: ServiceClient) => client.request("GET", "/payments/p-1");

async function raised(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(
    () => assert.fail("nothing was thrown"),
    (error: unknown) => error,
  );
}

test("a hang ends with the timeout", async () => {
  const plan = await Plan.of("hang");
  const began = performance.now();
  const error = await using(plan, { timeoutMs: 600, attempts: 2 }, (c) => raised(get(c)));
  assert.ok(error instanceof UpstreamTimeoutError && error.cause);
  const took = performance.now() - began;
  assert.ok(took >= 1190 && took < 10_000, `${took} ms`);
  assert.equal((await plan.requests()).length, 2);
});

test("a peer that drips ends with the timeout too", async () => {
  const began = performance.now();
  const error = await using(await Plan.of("drip"), { timeoutMs: 600, attempts: 1 }, (c) => raised(get(c)));
  assert.ok(error instanceof UpstreamTimeoutError, String(error));
  assert.ok(performance.now() - began < 10_000);
});

test("an address where nobody listens is an upstream that is unavailable", async () => {
  const error = await using(await Plan.of("200"), { baseUrl: "http://127.0.0.1:1", attempts: 2 }, (c) => raised(get(c)));
  assert.ok(error instanceof UpstreamUnavailableError && error.cause);
});

test("all attempts together have a deadline", async () => {
  const plan = await Plan.of("hang");
  const began = performance.now();
  await using(plan, { timeoutMs: 800, deadlineMs: 1800, attempts: 50 }, (c) => raised(get(c)));
  assert.ok(performance.now() - began < 10_000);
  assert.ok((await plan.requests()).length <= 3);
});

test("503, 503, 200 is three calls", async () => {
  const plan = await Plan.of("503", "503", "200");
  const payment = await using(plan, {}, (c) => new PaymentsClient(c).getPayment("p-1"));
  assert.equal(payment?.status, "captured");
  assert.equal((await plan.requests()).length, 3);
});

test("a reset connection is tried again", async () => {
  const plan = await Plan.of("reset", "200");
  await using(plan, {}, get);
  assert.equal((await plan.requests()).length, 2);
});

test("404 is one call and leaves the breaker closed", async () => {
  const plan = await Plan.of("404");
  await using(plan, { breakerFailures: 2 }, async (client) => {
    for (let i = 0; i < 5; i++) assert.equal(await new PaymentsClient(client).getPayment("p-1"), undefined);
    assert.equal(client.breaker.state, "closed");
  });
  assert.equal((await plan.requests()).length, 5);
});

test("a refusal is a typed error and not repeated", async () => {
  const plan = await Plan.of("422");
  const error = await using(plan, {}, (c) => raised(get(c)));
  assert.ok(error instanceof UpstreamRejectedError);
  assert.equal(error.status, 422);
  assert.match(error.body, /made to fail/);
  assert.equal((await plan.requests()).length, 1);
});

test("Retry-After is waited for", async () => {
  const plan = await Plan.of("429;retry-after=1", "200");
  await using(plan, {}, get);
  const [first, second] = await plan.requests();
  assert.ok(first && second && second.at - first.at >= 1);
});

test("a Retry-After beyond the limit is told to the caller", async () => {
  const plan = await Plan.of("429;retry-after=3600");
  const error = await using(plan, {}, (c) => raised(get(c)));
  assert.ok(error instanceof UpstreamUnavailableError);
  assert.equal(error.retryAfterMs, 3_600_000);
  assert.equal((await plan.requests()).length, 1);
});

test("a Retry-After date is read", async () => {
  const plan = await Plan.of("503;retry-after=Fri, 31 Dec 2199 23:59:59 GMT");
  const error = await using(plan, {}, (c) => raised(get(c)));
  assert.ok(error instanceof UpstreamUnavailableError && (error.retryAfterMs ?? 0) > 1e9);
});

test("a POST without key is not repeated", async () => {
  for (const step of ["503", "reset", "hang"]) {
    const plan = await Plan.of(step, "200");
    const error = await using(plan, { timeoutMs: 600 }, (c) => raised(c.request("POST", "/payments", { json: {} })));
    assert.ok(error instanceof UpstreamUnavailableError);
    assert.equal((await plan.requests()).length, 1, step);
  }
});

test("a POST with key is repeated with the same key", async () => {
  const plan = await Plan.of("503", "reset", "201");
  const payment = { order_id: "o-1", amount_minor: 4200, currency: "EUR" };
  await using(plan, {}, (c) => new PaymentsClient(c).createPayment(payment, "order-o-1"));
  const keys = (await plan.requests()).map((request) => request.headers["idempotency-key"]);
  assert.deepEqual(keys, ["order-o-1", "order-o-1", "order-o-1"]);
});

test("the breaker opens and then nothing is sent", async () => {
  const plan = await Plan.of("503");
  await using(plan, { attempts: 1, breakerFailures: 3 }, async (client) => {
    for (let i = 0; i < 10; i++) assert.ok((await raised(get(client))) instanceof UpstreamUnavailableError);
    assert.equal(client.breaker.state, "open");
  });
  assert.equal((await plan.requests()).length, 3);
});

test("fifty callers at half-open let only the probes through", async () => {
  const plan = await Plan.of("503", "503", "503;delay=0.5");
  const settings = { attempts: 1, breakerFailures: 2, breakerOpenForMs: 200, breakerProbes: 2 };
  await using(plan, settings, async (client) => {
    for (let i = 0; i < 2; i++) await raised(get(client));
    await sleep(300);
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => get(client)));
    assert.ok(outcomes.every((outcome) => outcome.status === "rejected"));
    assert.equal(client.breaker.state, "open");
  });
  assert.equal((await plan.requests()).length, 2 + 2);
});

test("a probe that succeeds closes the breaker", async () => {
  const plan = await Plan.of("503", "503", "200");
  await using(plan, { attempts: 1, breakerFailures: 2, breakerOpenForMs: 100 }, async (client) => {
    for (let i = 0; i < 2; i++) await raised(get(client));
    await sleep(200);
    await get(client);
    assert.equal(client.breaker.state, "closed");
  });
});

test("a success that began before the opening closes nothing", async () => {
  const breaker = new CircuitBreaker("payments", { isFailure: () => true, failures: 2 });
  let finish = (_: string) => {};
  const late = breaker.call(() => new Promise<string>((resolve) => (finish = resolve)));
  for (let i = 0; i < 2; i++) await raised(breaker.call(() => Promise.reject(new Error("down"))));
  finish("late");
  assert.equal(await late, "late");
  assert.equal(breaker.state, "open");
  assert.ok((await raised(breaker.call(async () => "never"))) instanceof CircuitOpenError);
});

for (const id of ["../refunds", "a/b", "a?b=c", "a#b", "ä b", "%2e%2e"]) {
  test(`the id ${id} stays one segment of the path`, async () => {
    const plan = await Plan.of("200");
    await using(plan, {}, (c) => new PaymentsClient(c).getPayment(id));
    const target = (await plan.requests())[0]?.target ?? "";
    assert.match(target, /^\/payments\/[^/?#]+$/);
    assert.equal(decodeURIComponent(target.slice("/payments/".length)), id);
  });
}

for (const id of ["", ".", ".."]) {
  test(`the id ${JSON.stringify(id)} would change the path and is refused`, async () => {
    const plan = await Plan.of("200");
    assert.ok((await using(plan, {}, (c) => raised(new PaymentsClient(c).getPayment(id)))) instanceof RangeError);
    assert.deepEqual(await plan.requests(), []);
  });
}

test("the trace goes along", async () => {
  const plan = await Plan.of("200");
  const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
  await context.with(trace.setSpanContext(context.active(), span), () => using(plan, {}, get));
  const expected = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  assert.equal((await plan.requests())[0]?.headers.traceparent, expected);
});

test("an answer that breaks the contract is told", async () => {
  const error = await using(await Plan.of("garbage"), {}, (c) => raised(new PaymentsClient(c).getPayment("p-1")));
  assert.ok(error instanceof UpstreamContractError && error.cause);
});

test("a redirect is not followed", async () => {
  const plan = await Plan.of("302");
  const error = await using(plan, {}, (c) => raised(get(c)));
  assert.ok(error instanceof UpstreamRejectedError);
  assert.equal((await plan.requests()).length, 1);
});
