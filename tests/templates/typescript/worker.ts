/** A consumer process for the tests: worker.js rabbitmq|kafka NAME TOPIC. What it does with a message is
 * what the message's body says. */
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { context, propagation } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import pg from "pg";
import { PoisonMessageError, stopOnSignals, type Handler } from "./message-queue/messages.js";

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
const [broker, name = "", topic = ""] = process.argv.slice(2);

const handle: Handler = async (transaction, message) => {
  let body: { n: number; do: string };
  try {
    body = JSON.parse(message.body.toString()) as typeof body;
  } catch (error) {
    throw new PoisonMessageError("no JSON", { cause: error });
  }
  console.log(`begin ${body.n} ${message.attempt}`);
  if (body.do === "die") process.kill(process.pid, "SIGKILL");
  if (body.do === "fail" || (body.do === "fail-once" && message.attempt === 1)) throw new Error("made to fail");
  if (body.do === "slow") await sleep(1500);
  // The trace that the consumer goes on in.
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  await transaction.query("INSERT INTO effects (n, attempt, traceparent) VALUES ($1, $2, $3)", [
    body.n,
    message.attempt,
    carrier.traceparent,
  ]);
  const mark = process.env.MARK ?? "";
  if (body.do === "die-before-commit" && !existsSync(mark)) {
    writeFileSync(mark, "");
    process.kill(process.pid, "SIGKILL");
    await sleep(10_000);
  }
};

/** The process ends after the commit and before the acknowledgement. */
const dying = process.env.DIE_BEFORE_ACK ? () => process.exit(9) : undefined;

const stop = stopOnSignals();
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 5 });
console.log("ready");
if (broker === "rabbitmq") {
  if (dying) {
    const { Channel } = await import(new URL("../node_modules/amqplib/lib/channel_model.js", import.meta.url).href);
    Channel.prototype.ack = dying;
  }
  const { RabbitConsumer } = await import("./message-queue/rabbitmq.js");
  const options = { queue: name, topics: [topic], delaysMs: [200, 400], deliveryLimit: 2 };
  await new RabbitConsumer(process.env.RABBITMQ_URL ?? "", pool, handle, options).run(stop);
}
if (broker === "kafka") {
  if (dying) {
    const { Consumer } = await import("@platformatic/kafka");
    Consumer.prototype.commit = dying;
  }
  const { KafkaConsumer } = await import("./message-queue/kafka.js");
  const options = { group: name, topics: [topic], delaysMs: [200, 400], sessionTimeoutMs: 6000 };
  await new KafkaConsumer([process.env.KAFKA_BROKERS ?? ""], pool, handle, options).run(stop);
}
await pool.end();
console.log("ended");
