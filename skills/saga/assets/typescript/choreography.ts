/**
 * A saga without an orchestrator: each service does its part when it hears an event, and tells what it did.
 *
 * The state of the saga is the status of each service's own row. What makes that safe: an event is an outbox row
 * in the transaction of the change, a consumer notes what it handled in the transaction of its effects (skill
 * message-queue), a cancellation leaves a mark where nothing was done yet, and whoever began the operation has a
 * deadline for it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";

/** The step did not happen and never will (sold out, card declined). */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

export interface SagaEvent {
  type: string;
  /** The id of the aggregate that began it; also the key that keeps its events in order. */
  sagaId: string;
  data: Record<string, unknown>;
}

/** Puts an event into the outbox, in the transaction that it is given. */
export type Emit = (transaction: PoolClient, event: SagaEvent) => Promise<void>;
export type Reaction = (transaction: PoolClient, event: SagaEvent) => Promise<void>;

/**
 * What a service does when it hears an event. Call `react` from the handler of the consumer, in the transaction
 * of `handleOnce`.
 */
export class Participant {
  constructor(
    readonly name: string,
    private readonly reactions: Readonly<Record<string, Reaction>>,
  ) {}

  async react(transaction: PoolClient, event: SagaEvent): Promise<void> {
    const reaction = this.reactions[event.type];
    if (!reaction) return; // somebody else's
    // One event of a saga at a time: a cancellation does not run beside what it cancels.
    await transaction.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`${this.name}:${event.sagaId}`]);
    await reaction(transaction, event);
  }
}

/** Looks for sagas that took too long. Run one in each replica: rows are locked, none is taken twice. */
export class Deadlines {
  constructor(
    private readonly pool: Pool,
    private readonly expire: (transaction: PoolClient) => Promise<number>,
    private readonly everyMs = 5_000,
  ) {}

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        await this.check();
      } catch (error) {
        console.error("deadlines: the database is not there", error);
      }
      await sleep(this.everyMs, undefined, { signal: stop }).catch(() => {});
    }
  }

  /** How many sagas were overdue. */
  async check(): Promise<number> {
    const client = await this.pool.connect();
    try {
      await client.query("BEGIN");
      const overdue = await this.expire(client);
      await client.query("COMMIT");
      return overdue;
    } catch (error) {
      await client.query("ROLLBACK");
      throw error;
    } finally {
      client.release();
    }
  }
}
