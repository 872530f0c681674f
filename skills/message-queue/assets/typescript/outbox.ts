/** The outbox: an event is a row in the transaction of the change, and a relay publishes the rows in order. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";
import { backoff, inTransaction, type Message, type Publisher } from "./messages.js";

/** Any number that nobody else in this database uses for an advisory lock. */
const RELAY_LOCK = 727_001;

/** Puts an event into the outbox. Call it in the transaction that makes the change. */
export async function addToOutbox(transaction: PoolClient, message: Message): Promise<void> {
  const { id, topic, key, type, headers, body } = message;
  await transaction.query(
    "INSERT INTO outbox (message_id, topic, key, type, headers, body) VALUES ($1, $2, $3, $4, $5, $6)",
    [id, topic, key, type, JSON.stringify(headers), body],
  );
}

export interface RelayOptions {
  batch?: number;
  idleMs?: number;
  keepDays?: number;
  onError?: (error: unknown) => void;
}

/**
 * Run one in each replica: a lock lets one of them work at a time, so that the order is kept. A row that the
 * broker took and that could not be marked is published again, with the same id: consumers deduplicate.
 */
export class Relay {
  private readonly batch: number;
  private readonly idleMs: number;
  private readonly keepDays: number;
  private readonly onError: (error: unknown) => void;

  constructor(
    private readonly pool: Pool,
    private readonly publisher: Publisher,
    options: RelayOptions = {},
  ) {
    this.batch = options.batch ?? 100;
    this.idleMs = options.idleMs ?? 500;
    this.keepDays = options.keepDays ?? 7;
    this.onError = options.onError ?? ((error) => console.error("relay", error));
  }

  /** Publishes until it is stopped. An unreachable broker or database is waited for. */
  async run(stop: AbortSignal): Promise<void> {
    let failures = 0;
    while (!stop.aborted) {
      let pause: number;
      try {
        pause = (await this.publishBatch()) === this.batch ? 0 : this.idleMs;
        failures = 0;
      } catch (error) {
        failures += 1;
        pause = backoff(failures);
        this.onError(error);
      }
      await sleep(pause, undefined, { signal: stop }).catch(() => {});
    }
  }

  /**
   * Publishes what waits, at most a batch, and says how much that was. Stops at the first failure: what
   * comes behind must not overtake.
   */
  async publishBatch(): Promise<number> {
    let failure: unknown;
    const published = await inTransaction(this.pool, async (transaction) => {
      const lock = await transaction.query<{ held: boolean }>("SELECT pg_try_advisory_xact_lock($1) AS held", [
        RELAY_LOCK,
      ]);
      if (!lock.rows[0]?.held) return [];
      const waiting = await transaction.query<Message & { position: string }>(
        `SELECT position, message_id AS id, topic, key, type, headers, body FROM outbox
         WHERE published_at IS NULL ORDER BY position LIMIT $1`,
        [this.batch],
      );
      const done: string[] = [];
      for (const { position, ...message } of waiting.rows) {
        try {
          await this.publisher.publish(message);
        } catch (error) {
          failure = error;
          break;
        }
        done.push(position);
      }
      await transaction.query("UPDATE outbox SET published_at = now() WHERE position = ANY($1)", [done]);
      return done;
    });
    if (failure !== undefined) throw failure;
    return published.length;
  }

  /** Deletes what was published long ago; call it once an hour or so. */
  async clean(): Promise<number> {
    const gone = await this.pool.query("DELETE FROM outbox WHERE published_at < now() - $1 * interval '1 day'", [
      this.keepDays,
    ]);
    return gone.rowCount ?? 0;
  }
}
