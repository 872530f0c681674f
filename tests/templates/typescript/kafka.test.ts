/** Publisher, outbox and consumer against a real Kafka and a real PostgreSQL. */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { Admin, Consumer, type Message as KafkaMessage } from "@platformatic/kafka";
import { eventually, gate, message, withDatabase, type Context } from "./harness.js";
import { KafkaPublisher } from "./message-queue/kafka.js";
import { inTransaction, PublishFailedError } from "./message-queue/messages.js";
import { addToOutbox, Relay } from "./message-queue/outbox.js";

const brokers = [process.env.KAFKA_BROKERS ?? ""];
const admin = new Admin({ clientId: "tests", bootstrapBrokers: brokers });
const publisher = new KafkaPublisher(brokers, "tests");

after(async () => {
  await publisher.close();
  await admin.close();
});

/** A test with a topic of its own and one for its dead letters. */
function withTopic(title: string, body: (context: Context) => Promise<void>): void {
  withDatabase(title, async (context) => {
    const topics = [context.name, `${context.name}.${context.name}.dead`];
    await admin.createTopics({ topics, partitions: 1, replicas: 1 });
    try {
      await body(context);
    } finally {
      await admin.deleteTopics({ topics });
    }
  });
}

async function refused(attempt: Promise<unknown>): Promise<PublishFailedError> {
  return attempt.then(
    () => assert.fail("nothing was thrown"),
    (error: unknown) => (error instanceof PublishFailedError ? error : assert.fail(String(error))),
  );
}

/** The first messages of a topic. */
async function records(topic: string, number: number): Promise<KafkaMessage[]> {
  const consumer = new Consumer({ groupId: `read-${topic}`, clientId: "tests", bootstrapBrokers: brokers });
  const stream = await consumer.consume({ topics: [topic], mode: "earliest", autocommit: false });
  const found: KafkaMessage[] = [];
  for await (const record of stream) {
    found.push(record);
    if (found.length === number) break;
  }
  await consumer.close(true);
  return found;
}

const header = (record: KafkaMessage | undefined, name: string) =>
  [...(record?.headers ?? [])].find(([key]) => key.toString() === name)?.[1].toString();

withTopic("what is published is there with key and headers", async ({ name }) => {
  const sent = message(name, 7);
  await publisher.publish(sent);
  const [record] = await records(name, 1);
  assert.equal(record?.key.toString(), "7");
  assert.deepEqual(record?.value, sent.body);
  assert.equal(header(record, "message-id"), sent.id);
});

withDatabase("a topic that is not there surfaces", async ({ name }) => {
  const own = new KafkaPublisher(brokers, "tests", 2000);
  assert.ok(await refused(own.publish(message(name, 1))));
  await own.close();
});

withDatabase("a refused message surfaces", async ({ name }) => {
  const configs = [{ name: "max.message.bytes", value: "100" }];
  await admin.createTopics({ topics: [name], partitions: 1, replicas: 1, configs });
  const own = new KafkaPublisher(brokers, "tests", 3000);
  const error = await refused(own.publish(message(name, 1, "x".repeat(200))));
  assert.ok(error);
  await own.close();
  await admin.deleteTopics({ topics: [name] });
});

withTopic("an unconfirmed message surfaces", async ({ name }) => {
  const [host = "", port] = brokers[0]?.split(":") ?? [];
  const way = await gate(host, Number(port));
  way.state.shut = true;
  const own = new KafkaPublisher([`127.0.0.1:${way.port}`], "tests", 1000);
  await refused(own.publish(message(name, 1)));
  way.close();
  await own.close().catch(() => {});
});

withTopic("a change and its event are one commit", async ({ name, pool, worker, effects }) => {
  const process = worker("kafka");
  await inTransaction(pool, (t) => addToOutbox(t, message(name, 1)));
  await assert.rejects(
    inTransaction(pool, async (t) => {
      await addToOutbox(t, message(name, 2));
      throw new Error("the change failed, so its event must not be there");
    }),
  );
  await inTransaction(pool, (t) => addToOutbox(t, message(name, 3)));
  assert.equal(await new Relay(pool, publisher).publishBatch(), 2);
  await eventually(async () => String(await effects()) === "1,3", () => process.text);
  assert.equal(await process.terminate(), 0);
});

withTopic("the same message twice has one effect", async ({ name, worker, effects }) => {
  const process = worker("kafka");
  const same = message(name, 1);
  for (let i = 0; i < 3; i++) await publisher.publish(same);
  await publisher.publish(message(name, 2));
  await eventually(async () => String(await effects()) === "1,2", () => process.text);
  assert.equal(await process.terminate(), 0);
  assert.deepEqual(await effects(), [1, 2]);
});

withTopic("a crash between handling and commit has one effect", async ({ name, worker, effects }) => {
  const first = worker("kafka", { DIE_BEFORE_ACK: "yes" });
  await publisher.publish(message(name, 1));
  assert.equal(await first.end(), 9, first.text);
  assert.deepEqual(await effects(), [1]);
  const second = worker("kafka");
  await publisher.publish(message(name, 2));
  await eventually(async () => String(await effects()) === "1,2", () => second.text);
  assert.equal(await second.terminate(), 0);
  assert.deepEqual(await effects(), [1, 2]);
});

withTopic("a crash before the commit loses nothing", async ({ name, worker, effects }) => {
  const mark = { MARK: join(tmpdir(), name) };
  const first = worker("kafka", mark);
  await publisher.publish(message(name, 1, "die-before-commit"));
  assert.equal(await first.end(), null);
  assert.deepEqual(await effects(), []);
  const second = worker("kafka", mark);
  await eventually(async () => String(await effects()) === "1", () => second.text);
  assert.equal(await second.terminate(), 0);
});

withTopic("poison goes to the dead letters and the next is handled", async ({ name, worker, effects }) => {
  const process = worker("kafka");
  await publisher.publish({ ...message(name, 1), body: Buffer.from([0xff, 0x20]) });
  await publisher.publish(message(name, 2));
  await eventually(async () => String(await effects()) === "2", () => process.text);
  const [dead] = await records(`${name}.${name}.dead`, 1);
  assert.deepEqual(dead?.value, Buffer.from([0xff, 0x20]));
  assert.equal(header(dead, "from"), `${name}/0/0`);
  assert.equal(process.over, false);
  assert.equal(await process.terminate(), 0);
});

withTopic("a failure is tried again later and then dead", async ({ name, worker, effects }) => {
  const process = worker("kafka");
  await publisher.publish(message(name, 1, "fail"));
  await publisher.publish(message(name, 2, "fail-once"));
  await publisher.publish(message(name, 3));
  await eventually(async () => String(await effects()) === "2,3", () => process.text);
  assert.equal((await records(`${name}.${name}.dead`, 1)).length, 1);
  const begun = process.text.split("\n").filter((line) => line.startsWith("begin 1 "));
  assert.deepEqual(begun, ["begin 1 1", "begin 1 2", "begin 1 3"]);
  assert.equal(await process.terminate(), 0);
});

withTopic("SIGTERM drains", async ({ name, worker, effects }) => {
  const process = worker("kafka");
  await publisher.publish(message(name, 1, "slow"));
  await publisher.publish(message(name, 2, "slow"));
  await eventually(() => process.text.includes("begin 1"), () => process.text);
  assert.equal(await process.terminate(), 0);
  assert.deepEqual(await effects(), [1]);
  const again = worker("kafka");
  await eventually(async () => String(await effects()) === "1,2", () => again.text);
  assert.equal(again.text.includes("begin 1"), false, "what was finished was committed");
  assert.equal(await again.terminate(), 0);
});
