/** What publishers, relays and consumers of any broker share. */
import { randomUUID } from "node:crypto";
import { context, propagation } from "@opentelemetry/api";
import type { Pool, PoolClient } from "pg";

/** The broker did not take the message, or did not say so; `cause` is what the library said. */
export class PublishFailedError extends Error {
  override readonly name = "PublishFailedError";
}

/** Trying again can't help: the message is broken. It goes to the dead letters at once. */
export class PoisonMessageError extends Error {
  override readonly name = "PoisonMessageError";
}

export interface Message {
  /** Made once, where the event is made; the same however often it is sent. */
  id: string;
  /** The topic of Kafka, the routing key of RabbitMQ. */
  topic: string;
  /** What must stay in order, usually the id of the aggregate. */
  key: string;
  type: string;
  headers: Record<string, string>;
  body: Buffer;
}

/** A message with a new id and the trace of whoever makes it, so that the consumer goes on in that trace. */
export function newMessage(topic: string, key: string, type: string, body: unknown): Message {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return { id: randomUUID(), topic, key, type, headers, body: Buffer.from(JSON.stringify(body)) };
}

export interface Publisher {
  /** Resolves when the broker has the message, or rejects with `PublishFailedError`. */
  publish(message: Message): Promise<void>;
}

/** A message as a handler sees it. */
export interface Received {
  id: string;
  type: string;
  key: string;
  body: Buffer;
  headers: Record<string, string>;
  /** Counted from 1. */
  attempt: number;
}

/**
 * Works in the transaction that it is given, and in nothing else: then its effects, the note that the
 * message is handled, and the events it puts into the outbox are there together or not at all.
 */
export type Handler = (transaction: PoolClient, message: Received) => Promise<void>;

/** Runs a function in a transaction. */
export async function inTransaction<T>(pool: Pool, work: (transaction: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // A connection that breaks tells it twice: the query fails, and an event would end the process.
  let broken: Error | undefined;
  const note = (error: Error) => (broken = error);
  client.on("error", note);
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch(note);
    throw error;
  } finally {
    client.off("error", note);
    client.release(broken);
  }
}

/** Runs the handler unless its effects are in the database already; says whether it ran. */
export function handleOnce(pool: Pool, consumer: string, message: Received, handler: Handler): Promise<boolean> {
  return inTransaction(pool, async (transaction) => {
    const noted = await transaction.query(
      "INSERT INTO processed_messages (consumer, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      [consumer, message.id],
    );
    if (noted.rowCount === 0) return false;
    await handler(transaction, message);
    return true;
  });
}

/** Milliseconds before the next try: full jitter below an exponential limit. */
export function backoff(attempt: number, firstMs = 500, longestMs = 30_000): number {
  return Math.random() * Math.min(longestMs, firstMs * 2 ** (attempt - 1));
}

/** Rejects with `PublishFailedError` when nothing is heard in time. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PublishFailedError(`${what}: nothing heard for ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Aborted by SIGTERM and SIGINT. */
export function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}
