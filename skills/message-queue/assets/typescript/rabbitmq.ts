/**
 * RabbitMQ: a publisher that knows what arrived, and a consumer that loses nothing and is not stopped by a
 * message that it can't handle.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { context, propagation } from "@opentelemetry/api";
import {
  connect,
  type ChannelModel,
  type ConfirmChannel,
  type ConsumeMessage,
  type Options,
  type RecoveringChannelModel,
} from "amqplib";
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

const EXCHANGE = "events";
const ATTEMPT = "x-attempt";

/** Confirmed, persistent, mandatory. Reconnects by itself. */
export class RabbitPublisher implements Publisher {
  private channel: Promise<ConfirmChannel> | undefined;
  private readonly returned = new Set<string>();

  private constructor(
    private readonly connection: RecoveringChannelModel,
    private readonly app: string,
    private readonly timeoutMs: number,
  ) {}

  static async connect(url: string, app: string, timeoutMs = 5000): Promise<RabbitPublisher> {
    const connection = await connect(url, { recovery: { maxDelay: 10_000, initialMaxRetries: 10 } });
    connection.on("error", (error) => console.error("rabbitmq", error));
    return new RabbitPublisher(connection, app, timeoutMs);
  }

  /**
   * Resolves when a queue has the message; rejects with `PublishFailedError` when none takes it, the broker
   * refuses it, or nothing is heard in time.
   */
  async publish(message: Message): Promise<void> {
    const what = `${message.type} ${message.id} to ${message.topic}`;
    try {
      await within(this.timeoutMs, what, this.send(message));
    } catch (error) {
      if (error instanceof PublishFailedError) throw error;
      throw new PublishFailedError(what, { cause: error });
    } finally {
      this.returned.delete(message.id);
    }
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  private async send(message: Message): Promise<void> {
    this.channel ??= this.open();
    const channel = await this.channel;
    await confirmed(channel, EXCHANGE, message.topic, message.body, {
      persistent: true,
      mandatory: true,
      messageId: message.id,
      type: message.type,
      timestamp: Math.floor(Date.now() / 1000),
      contentType: "application/json",
      appId: this.app,
      headers: { ...message.headers, key: message.key },
    });
    // What can't be routed is returned first and confirmed then.
    if (this.returned.has(message.id)) {
      throw new PublishFailedError(`${message.type} ${message.id}: no queue takes ${message.topic}`);
    }
  }

  private async open(): Promise<ConfirmChannel> {
    try {
      const channel = await this.connection.createConfirmChannel();
      channel.on("close", () => (this.channel = undefined));
      channel.on("error", (error) => console.error("rabbitmq", error));
      channel.on("return", (message) => this.returned.add(String(message.properties.messageId)));
      await channel.assertExchange(EXCHANGE, "topic", { durable: true });
      return channel;
    } catch (error) {
      this.channel = undefined;
      throw error;
    }
  }
}

/** Resolves when the broker has the message. */
function confirmed(
  channel: ConfirmChannel,
  exchange: string,
  routingKey: string,
  body: Buffer,
  options: Options.Publish,
): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.publish(exchange, routingKey, body, options, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}

export interface RabbitConsumerOptions {
  queue: string;
  topics: readonly string[];
  /** The waits before each further try; then the message is dead. */
  delaysMs?: readonly number[];
  prefetch?: number;
  /** How often a message may end the process. */
  deliveryLimit?: number;
  drainMs?: number;
}

/**
 * Takes messages of some routing keys from a queue of its own.
 *
 * A failure is tried again after each of `delaysMs`, by queues in which messages wait; what then still
 * fails, and what is poison, goes to `<queue>.dead`. A message that kills the process is stopped by the
 * delivery limit of the quorum queue.
 */
export class RabbitConsumer {
  private readonly options: Required<RabbitConsumerOptions>;
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly url: string,
    private readonly pool: Pool,
    private readonly handler: Handler,
    options: RabbitConsumerOptions,
  ) {
    const defaults = { delaysMs: [1000, 10_000, 60_000, 300_000], prefetch: 10, deliveryLimit: 5, drainMs: 25_000 };
    this.options = { ...defaults, ...options };
  }

  /**
   * Consumes until it is stopped, then takes nothing more and finishes what it has in hand. Rejects when the
   * broker closes the channel or takes the queue away: let the process end and be started again.
   */
  async run(stop: AbortSignal): Promise<void> {
    const { queue, prefetch, drainMs } = this.options;
    let takeNoMore = async () => {};
    let close = async () => {};
    let fail: (error: Error) => void = () => {};
    const failed = new Promise<never>((_, reject) => (fail = reject));
    const connection = await connect(this.url, {
      recovery: {
        maxDelay: 10_000,
        initialMaxRetries: 10,
        // After each connect: the old channel is gone, with its consumer.
        setup: async (model: ChannelModel) => {
          const channel = await model.createConfirmChannel();
          channel.on("error", fail);
          await channel.prefetch(prefetch);
          await this.declare(channel);
          const { consumerTag } = await channel.consume(
            queue,
            (raw: ConsumeMessage | null) => {
              if (raw === null) return fail(new Error(`the broker cancelled the consumer of ${queue}`));
              const work = this.settle(channel, raw).catch(fail);
              this.running.add(work);
              void work.finally(() => this.running.delete(work));
            },
            { noAck: false },
          );
          takeNoMore = async () => void (await channel.cancel(consumerTag));
          // Before the connection: what was acknowledged last is on its way in this channel.
          close = () => channel.close();
        },
      },
    });
    connection.on("error", (error) => console.error("rabbitmq", error));
    try {
      await Promise.race([aborted(stop), failed]);
      await takeNoMore();
      await Promise.race([Promise.allSettled(this.running), sleep(drainMs, undefined, { ref: false })]);
      await close();
    } finally {
      await connection.close();
    }
  }

  private async declare(channel: ConfirmChannel): Promise<void> {
    const { queue, topics, delaysMs, deliveryLimit } = this.options;
    const dead = `${queue}.dead`;
    await channel.assertQueue(dead, { durable: true, arguments: { "x-queue-type": "quorum" } });
    await channel.assertQueue(queue, {
      durable: true,
      deadLetterExchange: "",
      deadLetterRoutingKey: dead,
      arguments: {
        "x-queue-type": "quorum",
        "x-delivery-limit": deliveryLimit,
        // Dead letters wait for the confirm of their queue too.
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
      },
    });
    await channel.assertExchange(EXCHANGE, "topic", { durable: true });
    for (const topic of topics) await channel.bindQueue(queue, EXCHANGE, topic);
    for (const [index, delay] of delaysMs.entries()) {
      await channel.assertQueue(`${queue}.retry.${index + 1}`, {
        durable: true,
        messageTtl: delay,
        deadLetterExchange: "",
        deadLetterRoutingKey: queue,
        arguments: {
          "x-queue-type": "quorum",
          "x-dead-letter-strategy": "at-least-once",
          "x-overflow": "reject-publish",
        },
      });
    }
  }

  /** Acknowledges as the last step. Anything else gives the message back or to the dead letters. */
  private async settle(channel: ConfirmChannel, raw: ConsumeMessage): Promise<void> {
    const id = String(raw.properties.messageId);
    try {
      const message = decode(raw);
      const trace = propagation.extract(context.active(), message.headers);
      await context.with(trace, () => handleOnce(this.pool, this.options.queue, message, this.handler));
      channel.ack(raw);
    } catch (error) {
      console.error(`${this.options.queue}: message ${id} failed`, error);
      if (error instanceof PoisonMessageError) channel.nack(raw, false, false);
      else await this.later(channel, raw);
    }
  }

  private async later(channel: ConfirmChannel, raw: ConsumeMessage): Promise<void> {
    const { queue, delaysMs } = this.options;
    const attempt = attemptOf(raw);
    if (attempt > delaysMs.length) return channel.nack(raw, false, false);
    const { headers, ...properties } = raw.properties;
    const again = { ...properties, persistent: true, mandatory: true, headers: { ...headers, [ATTEMPT]: attempt + 1 } };
    try {
      // Confirmed before the original goes.
      const waiting = `${queue}.retry.${attempt}`;
      await within(5000, waiting, confirmed(channel, "", waiting, raw.content, again));
    } catch (error) {
      console.error(`${queue}: a message could not be put off`, error);
      await sleep(1000);
      return channel.nack(raw, false, true); // counted by the delivery limit
    }
    channel.ack(raw);
  }
}

function aborted(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener("abort", () => resolve(), { once: true });
  });
}

function attemptOf(raw: ConsumeMessage): number {
  const number: unknown = raw.properties.headers?.[ATTEMPT];
  return typeof number === "number" ? number : 1;
}

function decode(raw: ConsumeMessage): Received {
  const { messageId, type, headers } = raw.properties;
  if (typeof messageId !== "string" || typeof type !== "string") {
    throw new PoisonMessageError("a message without id or type");
  }
  const texts = Object.entries(headers ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  const text = Object.fromEntries(texts);
  return { id: messageId, type, key: text.key ?? "", body: raw.content, headers: text, attempt: attemptOf(raw) };
}
