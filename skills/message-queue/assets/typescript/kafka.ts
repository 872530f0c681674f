/**
 * Kafka: a publisher that knows what arrived, and a consumer that loses nothing and is not stopped by a
 * message that it can't handle.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { context, propagation } from "@opentelemetry/api";
import { Consumer, ProduceAcks, Producer, type Message as KafkaMessage } from "@platformatic/kafka";
import type { Pool } from "pg";
import {
  handleOnce,
  PoisonMessageError,
  PublishFailedError,
  within,
  type Handler,
  type Message,
  type Publisher,
  type Received,
} from "./messages.js";

type Record = KafkaMessage<Buffer, Buffer, Buffer, Buffer>;

/** All replicas in sync have what it sends, once and in order for each key. */
export class KafkaPublisher implements Publisher {
  private readonly producer: Producer<Buffer, Buffer, Buffer, Buffer>;

  constructor(brokers: string[], app: string, private readonly timeoutMs = 10_000) {
    this.producer = new Producer({
      clientId: app,
      bootstrapBrokers: brokers,
      acks: ProduceAcks.ALL,
      idempotent: true,
      retries: 5,
      timeout: timeoutMs,
      autocreateTopics: false,
    });
  }

  /**
   * Resolves when the replicas have the message; rejects with `PublishFailedError` when they refuse it or
   * nothing is heard in time.
   */
  async publish(message: Message): Promise<void> {
    const what = `${message.type} ${message.id} to ${message.topic}`;
    const headers = { ...message.headers, "message-id": message.id, type: message.type };
    const pairs = Object.entries(headers).map(([name, value]): [Buffer, Buffer] => [Buffer.from(name), Buffer.from(value)]);
    const record = { topic: message.topic, key: Buffer.from(message.key), value: message.body, headers: new Map(pairs) };
    try {
      await within(this.timeoutMs, what, this.producer.send({ messages: [record] }));
    } catch (error) {
      if (error instanceof PublishFailedError) throw error;
      throw new PublishFailedError(what, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.producer.close(true);
  }
}

export interface KafkaConsumerOptions {
  group: string;
  topics: string[];
  /** The waits before each further try, in place, so that order is kept; then the message is dead. */
  delaysMs?: readonly number[];
  /** How long the broker waits for a process that is gone before others get its partitions. */
  sessionTimeoutMs?: number;
}

/**
 * Takes the messages of some topics, one after the other. What fails to the end, and what is poison, goes
 * to `<topic>.<group>.dead`: create that topic beside the topic.
 */
export class KafkaConsumer {
  private readonly options: Required<KafkaConsumerOptions>;

  constructor(
    private readonly brokers: string[],
    private readonly pool: Pool,
    private readonly handler: Handler,
    options: KafkaConsumerOptions,
  ) {
    this.options = { delaysMs: [500, 2000, 10_000, 30_000], sessionTimeoutMs: 30_000, ...options };
  }

  /** Consumes until it is stopped; finishes the message in hand, commits it and leaves the group. */
  async run(stop: AbortSignal): Promise<void> {
    const { group, topics, sessionTimeoutMs } = this.options;
    const dead = new KafkaPublisher(this.brokers, `${group}.dead`);
    const consumer = new Consumer({
      groupId: group,
      clientId: group,
      bootstrapBrokers: this.brokers,
      autocommit: false,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.floor(sessionTimeoutMs / 10),
    });
    // A new group begins at the first message that is kept; what was handled before is deduplicated.
    const stream = await consumer.consume({ topics, autocommit: false, mode: "committed", fallbackMode: "earliest" });
    let working = false;
    const end = () => void (working || stream.close().catch((error) => console.error(group, error)));
    stop.addEventListener("abort", end, { once: true });
    if (stop.aborted) end();
    try {
      for await (const record of stream) {
        working = true;
        if (stop.aborted || !(await this.handle(record, dead, stop))) break;
        await record.commit();
        working = false;
        if (stop.aborted) break;
      }
    } finally {
      stop.removeEventListener("abort", end);
      await consumer.close(true);
      await dead.close();
    }
  }

  /** True when the record may be committed: its effects are there, or it is among the dead letters. */
  private async handle(record: Record, dead: Publisher, stop: AbortSignal): Promise<boolean> {
    const { group, delaysMs } = this.options;
    const place = `${record.topic}/${record.partition}/${record.offset}`;
    for (let attempt = 1; ; attempt++) {
      try {
        const message = decode(record, attempt);
        const trace = propagation.extract(context.active(), message.headers);
        await context.with(trace, () => handleOnce(this.pool, group, message, this.handler));
        return true;
      } catch (error) {
        console.error(`${group}: ${place}, try ${attempt} failed`, error);
        const delay = delaysMs[attempt - 1];
        if (error instanceof PoisonMessageError || delay === undefined) return this.bury(record, error, dead, stop);
        if (await ended(stop, delay)) return false;
      }
    }
  }

  /** Not before the dead letter is written does the next message come. */
  private async bury(record: Record, error: unknown, dead: Publisher, stop: AbortSignal): Promise<boolean> {
    const { group } = this.options;
    const headers = textHeaders(record);
    const letter: Message = {
      id: headers["message-id"] ?? "",
      topic: `${record.topic}.${group}.dead`,
      key: record.key?.toString() ?? "",
      type: headers.type ?? "unknown",
      headers: {
        ...headers,
        error: String(error).slice(0, 500),
        from: `${record.topic}/${record.partition}/${record.offset}`,
      },
      body: record.value ?? Buffer.alloc(0),
    };
    for (;;) {
      try {
        await dead.publish(letter);
        return true;
      } catch (failure) {
        console.error(`${group}: the dead letter was not taken`, failure);
        if (await ended(stop, 5000)) return false;
      }
    }
  }
}

/** Waits, but no longer than the process lives. */
async function ended(stop: AbortSignal, ms: number): Promise<boolean> {
  await sleep(ms, undefined, { signal: stop }).catch(() => {});
  return stop.aborted;
}

function textHeaders(record: Record): { [name: string]: string } {
  return Object.fromEntries([...record.headers].map(([name, value]) => [name.toString(), value.toString()]));
}

function decode(record: Record, attempt: number): Received {
  const headers = textHeaders(record);
  const { "message-id": id, type } = headers;
  if (!id || !type || !record.value) throw new PoisonMessageError("a message without body, id or type");
  return { id, type, key: record.key?.toString() ?? "", body: record.value, headers, attempt };
}
