/**
 * Sagas that survive crashes: the state is a row in PostgreSQL, and any process can go on with it.
 *
 * A step before the pivot is undone when something behind it fails; a step behind the pivot is repeated until
 * it succeeds. A step may run twice (a crash, an answer that was lost): it sends `context.key` as idempotency
 * key. What can't be undone ends as `compensation_failed` and is told to a person.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** The step did not happen and never will (sold out, card declined): undo what was done before it. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

export interface StepContext<Input> {
  readonly sagaId: string;
  readonly step: string;
  readonly input: Readonly<Input>;
  /** Of the steps before, by name. */
  readonly results: Readonly<Record<string, JsonObject>>;
  /** The idempotency key: the same for each attempt of the step, and for its compensation. */
  readonly key: string;
  /** Aborted when the step took too long. */
  readonly signal: AbortSignal;
}

export interface Step<Input> {
  name: string;
  run: (context: StepContext<Input>) => Promise<JsonObject>;
  /**
   * Gets what `run` gave; `undefined` when that is not known (a lost answer): then it finds out by
   * `context.key`, and undoing what never happened does nothing.
   */
  compensate?: (context: StepContext<Input>, result: JsonObject | undefined) => Promise<void>;
  timeoutMs?: number;
  attempts?: number;
}

export type SagaState = "running" | "compensating" | "completed" | "compensated" | "compensation_failed";

/** The steps of a saga; `pivot` names the one after which there is no way back. */
export class SagaType<Input extends JsonObject = JsonObject> {
  readonly pivotIndex: number;

  constructor(
    readonly name: string,
    readonly steps: readonly Step<Input>[],
    pivot: string,
    readonly deadlineMs = 15 * 60_000,
  ) {
    const names = steps.map((step) => step.name);
    this.pivotIndex = names.indexOf(pivot);
    if (new Set(names).size !== names.length || this.pivotIndex < 0) {
      throw new Error(`${name}: step names must be unique, and one of them is the pivot`);
    }
    // The pivot too: whether it happened may stay unknown.
    for (const step of steps.slice(0, this.pivotIndex + 1)) {
      if (!step.compensate) throw new Error(`${name}: ${step.name} may have to be undone and has no compensation`);
    }
  }
}

/**
 * Stores a new saga in the caller's transaction; false when it is there already. Answer 202 then: an
 * orchestrator runs it, `GET /orders/{id}` shows the state.
 */
export async function startSaga<Input extends JsonObject>(
  transaction: PoolClient,
  saga: SagaType<Input>,
  sagaId: string,
  input: Input,
): Promise<boolean> {
  const made = await transaction.query(
    `INSERT INTO sagas (id, type, input, deadline)
     VALUES ($1, $2, $3, now() + $4 * interval '1 millisecond') ON CONFLICT DO NOTHING`,
    [sagaId, saga.name, JSON.stringify(input), saga.deadlineMs],
  );
  return made.rowCount === 1;
}

export interface OrchestratorOptions {
  alert: (sagaId: string, text: string) => Promise<void>;
  idleMs?: number;
  backoffMs?: number;
  maxBackoffMs?: number;
  compensationAttempts?: number;
  leaseMarginMs?: number;
}

interface Row {
  id: string;
  type: string;
  state: SagaState;
  step: number;
  attempt: number;
  input: JsonObject;
  results: Record<string, JsonObject>;
  error: string | null;
  version: number;
  overdue: boolean;
}

type Changes = Partial<Pick<Row, "state" | "step" | "attempt" | "results" | "error">>;

const TIMEOUT_MS = 10_000;

/** Run one in each replica, or several. It keeps nothing of a saga in memory between two steps. */
export class Orchestrator {
  private readonly sagas: ReadonlyMap<string, SagaType>;
  private readonly options: Required<OrchestratorOptions>;
  /** Longer than any step: who is late finds its version gone and drops what it has. */
  private readonly leaseMs: number;

  constructor(private readonly pool: Pool, sagas: readonly SagaType[], options: OrchestratorOptions) {
    const defaults = { idleMs: 500, backoffMs: 500, maxBackoffMs: 60_000, compensationAttempts: 10, leaseMarginMs: 5000 };
    this.options = { ...defaults, ...options };
    this.sagas = new Map(sagas.map((saga) => [saga.name, saga]));
    const timeouts = sagas.flatMap((saga) => saga.steps.map((step) => step.timeoutMs ?? TIMEOUT_MS));
    this.leaseMs = Math.max(...timeouts) + this.options.leaseMarginMs;
  }

  /** Goes on with all unfinished sagas, those of a process that died too, until it is stopped. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        if (await this.advance()) continue;
      } catch (error) {
        console.error("orchestrator: the database is not there", error);
      }
      await sleep(this.options.idleMs, undefined, { signal: stop }).catch(() => {});
    }
  }

  /** One step of one saga that is due; false when there is none. */
  async advance(): Promise<boolean> {
    const row = await this.claim();
    if (!row) return false;
    const saga = this.sagas.get(row.type);
    const step = saga?.steps[row.step];
    if (!saga || !step) throw new Error(`saga ${row.id}: there is no step ${row.step} of ${row.type}`);
    const context: StepContext<JsonObject> = Object.freeze({
      sagaId: row.id,
      step: step.name,
      input: Object.freeze(row.input),
      results: Object.freeze({ ...row.results }),
      key: `${row.id}:${step.name}`,
      signal: AbortSignal.timeout(step.timeoutMs ?? TIMEOUT_MS),
    });
    if (row.state === "running") await this.forward(saga, step, context, row);
    else await this.back(step, context, row);
    return true;
  }

  /** Takes a due saga: counts the attempt and moves `due_at` before anything is done. */
  protected async claim(): Promise<Row | undefined> {
    const claimed = await this.pool.query<Row>(
      `UPDATE sagas SET due_at = now() + $1 * interval '1 millisecond', attempt = attempt + 1,
         version = version + 1, updated_at = now()
       WHERE id = (
         SELECT id FROM sagas
         WHERE state IN ('running', 'compensating') AND due_at <= now() AND type = ANY($2)
         ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
       )
       RETURNING *, now() > deadline AS overdue`,
      [this.leaseMs, [...this.sagas.keys()]],
    );
    return claimed.rows[0];
  }

  private async forward(
    saga: SagaType,
    step: Step<JsonObject>,
    context: StepContext<JsonObject>,
    row: Row,
  ): Promise<void> {
    const mayTurn = row.step <= saga.pivotIndex;
    // An earlier attempt may have taken effect.
    const undoFrom = row.attempt > 1 ? row.step : row.step - 1;
    if (mayTurn && row.overdue) return this.turn(row, undoFrom, "the saga took too long");
    let result: JsonObject;
    try {
      result = await inTime(context.signal, step.run(context));
    } catch (error) {
      const attempts = step.attempts ?? 5;
      if (error instanceof RefusedError && mayTurn) return this.turn(row, undoFrom, String(error));
      if (mayTurn && row.attempt >= attempts) return this.turn(row, row.step, String(error));
      if (!mayTurn && (error instanceof RefusedError || row.attempt % attempts === 0)) {
        await this.options.alert(row.id, `${step.name} failed ${row.attempt} times: ${String(error)}`);
      }
      return this.later(row, error);
    }
    const last = row.step + 1 === saga.steps.length;
    await this.store(row, 0, {
      state: last ? "completed" : "running",
      step: last ? row.step : row.step + 1,
      attempt: 0,
      results: { ...row.results, [step.name]: result },
    });
  }

  private async back(step: Step<JsonObject>, context: StepContext<JsonObject>, row: Row): Promise<void> {
    try {
      if (step.compensate) await inTime(context.signal, step.compensate(context, row.results[step.name]));
    } catch (error) {
      if (row.attempt < this.options.compensationAttempts) return this.later(row, error);
      await this.store(row, 0, { state: "compensation_failed", error: `${step.name}: ${String(error)}` });
      return this.options.alert(row.id, `${step.name} could not be undone: ${String(error)}`);
    }
    await this.turn(row, row.step - 1, row.error);
  }

  /** Goes on backwards at a step; below the first one everything is undone. */
  private async turn(row: Row, step: number, error: string | null): Promise<void> {
    const state = step >= 0 ? "compensating" : "compensated";
    await this.store(row, 0, { state, step: Math.max(step, 0), attempt: 0, error });
  }

  private async later(row: Row, error: unknown): Promise<void> {
    console.warn(`saga ${row.id}: step ${row.step}, attempt ${row.attempt}`, error);
    const { backoffMs, maxBackoffMs } = this.options;
    const limit = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(row.attempt - 1, 20));
    await this.store(row, limit / 2 + (Math.random() * limit) / 2, { error: String(error) });
  }

  protected async store(row: Row, waitMs: number, changes: Changes): Promise<void> {
    const next = { ...row, ...changes };
    const stored = await this.pool.query(
      `UPDATE sagas SET state = $1, step = $2, attempt = $3, results = $4, error = $5,
         due_at = now() + $6 * interval '1 millisecond', version = version + 1, updated_at = now()
       WHERE id = $7 AND version = $8`,
      [next.state, next.step, next.attempt, JSON.stringify(next.results), next.error, waitMs, row.id, row.version],
    );
    if (stored.rowCount === 0) console.warn(`saga ${row.id}: another process went on with it`);
  }
}

/** Rejects when the signal is aborted first. */
async function inTime<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let late = () => {};
  const aborted = new Promise<never>((_, reject) => {
    late = () => reject(new Error("the step took too long", { cause: signal.reason }));
    signal.addEventListener("abort", late, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", late);
  }
}
