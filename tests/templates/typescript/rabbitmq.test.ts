/** Publisher, outbox and consumer against a real RabbitMQ and a real PostgreSQL. */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { connect, type ChannelModel } from "amqplib";
import { eventually, gate, message, withDatabase, type Worker } from "./harness.js";
import { inTransaction, newMessage, PublishFailedError, type Message } from "./message-queue/messages.js";
import { addToOutbox, Relay } from "./message-queue/outbox.js";
import { RabbitPublisher } from "./message-queue/rabbitmq.js";

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());

const url = process.env.RABBITMQ_URL ?? "";
let connection: ChannelModel;
let publisher: RabbitPublisher;

before(async () => {
  connection = await connect(url);
  publisher = await RabbitPublisher.connect(url, "tests");
});

after(async () => {
  await publisher.close();
  await connection.close();
});

/** How many messages wait in a queue; -1 when there is none. */
async function depth(queue: string): Promise<number> {
  const channel = await connection.createChannel();
  channel.on("error", () => {});
  try {
    const { messageCount } = await channel.checkQueue(queue);
    await channel.close();
    return messageCount;
  } catch {
    return -1;
  }
}

/** Waits until the consumer has declared and bound its queue. */
async function consumed(name: string, worker: Worker): Promise<void> {
  await eventually(async () => (await depth(`${name}.retry.2`)) >= 0, () => worker.text);
}

async function bound(name: string, options: Record<string, unknown> = {}) {
  const channel = await connection.createChannel();
  await channel.assertExchange("events", "topic", { durable: true });
  await channel.assertQueue(name, { durable: true, ...options });
  await channel.bindQueue(name, "events", name);
  return channel;
}

async function refused(attempt: Promise<unknown>): Promise<PublishFailedError> {
  return attempt.then(
    () => assert.fail("nothing was thrown"),
    (error: unknown) => (error instanceof PublishFailedError ? error : assert.fail(String(error))),
  );
}

withDatabase("an unroutable message surfaces", async ({ name }) => {
  await refused(publisher.publish(message(name, 1)));
});

withDatabase("a refused message surfaces", async ({ name }) => {
  const channel = await bound(name, { maxLength: 0, overflow: "reject-publish" });
  const error = await refused(publisher.publish(message(name, 1)));
  assert.ok(error.cause);
  await channel.deleteQueue(name);
});

withDatabase("an unconfirmed message surfaces", async ({ name }) => {
  const at = new URL(url);
  const way = await gate(at.hostname, Number(at.port));
  const channel = await bound(name);
  const own = await RabbitPublisher.connect(`amqp://guest:guest@127.0.0.1:${way.port}/`, "tests", 500);
  await own.publish(message(name, 1));
  way.state.shut = true;
  await refused(own.publish(message(name, 2)));
  way.state.shut = false;
  await own.publish(message(name, 3));
  await own.close();
  way.close();
  await channel.deleteQueue(name);
});

withDatabase("a lost connection surfaces and comes back", async ({ name }) => {
  const at = new URL(url);
  const way = await gate(at.hostname, Number(at.port));
  const channel = await bound(name);
  const own = await RabbitPublisher.connect(`amqp://guest:guest@127.0.0.1:${way.port}/`, "tests", 1000);
  await own.publish(message(name, 1));
  way.state.shut = true;
  const attempt = refused(own.publish(message(name, 2)));
  way.cut();
  await attempt;
  way.state.shut = false;
  await eventually(() => own.publish(message(name, 3)).then(() => true, () => false));
  await own.close();
  way.close();
  await channel.deleteQueue(name);
});

withDatabase("what is published is persistent and described", async ({ name }) => {
  const channel = await bound(name);
  const sent = message(name, 1);
  await publisher.publish(sent);
  const got = await channel.get(name);
  assert.ok(got);
  assert.equal(got.properties.deliveryMode, 2);
  assert.equal(got.properties.messageId, sent.id);
  assert.equal(got.properties.type, "test.done");
  assert.equal(got.properties.appId, "tests");
  assert.ok(got.properties.timestamp);
  await channel.deleteQueue(name);
});

withDatabase("a change and its event are one commit", async ({ name, pool, worker, effects }) => {
  const process = worker("rabbitmq");
  await consumed(name, process);
  const stop = new AbortController();
  const relay = new Relay(pool, publisher, { idleMs: 100 });
  const running = relay.run(stop.signal);
  await inTransaction(pool, (transaction) => addToOutbox(transaction, message(name, 1)));
  await assert.rejects(
    inTransaction(pool, async (transaction) => {
      await addToOutbox(transaction, message(name, 2));
      throw new Error("the change failed, so its event must not be there");
    }),
  );
  await inTransaction(pool, (transaction) => addToOutbox(transaction, message(name, 3)));
  await eventually(async () => String(await effects()) === "1,3", () => process.text);
  stop.abort();
  await running;
  assert.equal(await relay.publishBatch(), 0);
  assert.equal(await process.terminate(), 0);
});

withDatabase("the relay keeps order and what the broker did not take", async ({ name, pool }) => {
  const taken: string[] = [];
  const refuse = new Set(["2"]);
  const broker = {
    publish: async (m: Message) => {
      if (refuse.has(m.key)) throw new PublishFailedError(m.key);
      taken.push(m.key);
    },
  };
  for (const n of [1, 2, 3]) await inTransaction(pool, (t) => addToOutbox(t, message(name, n)));
  const relay = new Relay(pool, broker);
  for (let i = 0; i < 2; i++) await refused(relay.publishBatch());
  assert.deepEqual(taken, ["1"]);
  refuse.clear();
  assert.equal(await relay.publishBatch(), 2);
  assert.deepEqual(taken, ["1", "2", "3"]);
  await pool.query("UPDATE outbox SET published_at = now() - interval '8 days' WHERE key <> '3'");
  assert.equal(await relay.clean(), 2);
});

withDatabase("two relays publish each row once", async ({ name, pool }) => {
  const taken: string[] = [];
  const broker = {
    publish: async (m: Message) => {
      await sleep(10);
      taken.push(m.key);
    },
  };
  const numbers = Array.from({ length: 20 }, (_, n) => n);
  await inTransaction(pool, async (t) => {
    for (const n of numbers) await addToOutbox(t, message(name, n));
  });
  await Promise.all([1, 2].map(() => new Relay(pool, broker).publishBatch()));
  assert.deepEqual(taken, numbers.map(String));
});

withDatabase("a relay outlives a broker that is away", async ({ name, pool }) => {
  let up = false;
  const taken: string[] = [];
  const broker = {
    publish: async (m: Message) => {
      if (!up) throw new PublishFailedError("away");
      taken.push(m.key);
    },
  };
  await inTransaction(pool, (t) => addToOutbox(t, message(name, 1)));
  const stop = new AbortController();
  const running = new Relay(pool, broker, { idleMs: 50, onError: () => {} }).run(stop.signal);
  await sleep(300);
  up = true;
  await eventually(() => taken.length === 1);
  stop.abort();
  await running;
});

withDatabase("the same message twice has one effect", async ({ name, worker, effects }) => {
  const process = worker("rabbitmq");
  await consumed(name, process);
  const same = message(name, 1);
  for (let i = 0; i < 3; i++) await publisher.publish(same);
  await publisher.publish(message(name, 2));
  await eventually(async () => String(await effects()) === "1,2", () => process.text);
  assert.equal(await process.terminate(), 0);
  assert.deepEqual(await effects(), [1, 2]);
  assert.equal(await depth(name), 0);
});

withDatabase("a crash between handling and acknowledgement has one effect", async ({ name, worker, effects }) => {
  const first = worker("rabbitmq", { DIE_BEFORE_ACK: "yes" });
  await consumed(name, first);
  await publisher.publish(message(name, 1));
  assert.equal(await first.end(), 9);
  assert.deepEqual(await effects(), [1]);
  const second = worker("rabbitmq");
  await publisher.publish(message(name, 2));
  await eventually(async () => String(await effects()) === "1,2", () => second.text);
  assert.equal(await second.terminate(), 0);
  assert.deepEqual(await effects(), [1, 2]);
  assert.equal(await depth(name), 0);
});

withDatabase("a crash before the commit loses nothing", async ({ name, worker, effects }) => {
  const mark = { MARK: join(tmpdir(), name) };
  const first = worker("rabbitmq", mark);
  await consumed(name, first);
  await publisher.publish(message(name, 1, "die-before-commit"));
  assert.equal(await first.end(), null);
  assert.deepEqual(await effects(), []);
  const second = worker("rabbitmq", mark);
  await eventually(async () => String(await effects()) === "1", () => second.text);
  assert.equal(await second.terminate(), 0);
});

withDatabase("poison goes to the dead letters and the next is handled", async ({ name, worker, effects }) => {
  const process = worker("rabbitmq");
  await consumed(name, process);
  await publisher.publish({ ...message(name, 1), body: Buffer.from([0xff, 0x20]) });
  await publisher.publish(message(name, 2));
  await eventually(async () => String(await effects()) === "2", () => process.text);
  await eventually(async () => (await depth(`${name}.dead`)) === 1, () => process.text);
  assert.equal(process.over, false);
  assert.equal(await process.terminate(), 0);
});

withDatabase("a failure is tried again later and then dead", async ({ name, worker, effects }) => {
  const process = worker("rabbitmq");
  await consumed(name, process);
  await publisher.publish(message(name, 1, "fail"));
  await publisher.publish(message(name, 2, "fail-once"));
  await publisher.publish(message(name, 3));
  await eventually(async () => String(await effects()) === "2,3", () => process.text);
  await eventually(async () => (await depth(`${name}.dead`)) === 1, () => process.text);
  const begun = process.text.split("\n").filter((line) => line.startsWith("begin 1 "));
  assert.deepEqual(begun, ["begin 1 1", "begin 1 2", "begin 1 3"]);
  assert.equal(await process.terminate(), 0);
});

withDatabase("a message that kills the process is stopped", async ({ name, worker, effects }) => {
  let process = worker("rabbitmq");
  await consumed(name, process);
  await publisher.publish(message(name, 1, "die"));
  let killed = 0;
  while (killed < 10) {
    if (process.process.signalCode !== null) {
      killed += 1;
      process = worker("rabbitmq");
    } else if ((await depth(`${name}.dead`)) === 1) break;
    await sleep(1000);
  }
  assert.ok(killed > 1 && killed < 10, `${killed}`);
  if (process.process.signalCode !== null) process = worker("rabbitmq");
  await publisher.publish(message(name, 2));
  await eventually(async () => String(await effects()) === "2", () => process.text);
  assert.equal(await process.terminate(), 0);
});

withDatabase("SIGTERM drains", async ({ name, worker, effects }) => {
  const process = worker("rabbitmq");
  await consumed(name, process);
  await publisher.publish(message(name, 1, "slow"));
  await eventually(() => process.text.includes("begin 1"), () => process.text);
  assert.equal(await process.terminate(), 0);
  assert.deepEqual(await effects(), [1]);
  assert.match(process.text, /ended/);
  assert.equal(await depth(name), 0);
});

withDatabase("the trace goes through the outbox", async ({ name, pool, worker, effects }) => {
  const process = worker("rabbitmq");
  await consumed(name, process);
  const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
  await context.with(trace.setSpanContext(context.active(), span), () =>
    inTransaction(pool, (t) => addToOutbox(t, newMessage(name, "1", "test.done", { n: 1, do: "work" }))),
  );
  await new Relay(pool, publisher).publishBatch();
  await eventually(async () => String(await effects()) === "1", () => process.text);
  const found = await pool.query("SELECT traceparent FROM effects");
  assert.equal(found.rows[0].traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  assert.equal(await process.terminate(), 0);
});
