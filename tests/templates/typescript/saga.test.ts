/** The orchestrator against a real PostgreSQL: killed at every boundary, refused, timed out, in replicas. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { eventually, withDatabase } from "./harness.js";
import { inTransaction } from "./message-queue/messages.js";
import {
  Orchestrator,
  RefusedError,
  SagaType,
  startSaga,
  type JsonObject,
  type OrchestratorOptions,
  type Step,
} from "./saga/orchestrator.js";

type Act = "lost" | "nothing" | "hang" | Error;
type Plan = Record<string, Act[]>;

/** Other services, which keep what they did by idempotency key, as they must. */
class Services {
  readonly done = new Map<string, string>();
  readonly calls: string[] = [];
  readonly undone: [string, string | undefined][] = [];
  plan: Plan = {};
  seen: Record<string, JsonObject> = {};
  /** Never resolves when the process is to end here. */
  boundary: () => Promise<void> = async () => {};

  step(name: string): Step<JsonObject> {
    return {
      name,
      timeoutMs: 1000,
      attempts: 3,
      run: async ({ key, results }) => {
        await this.boundary();
        this.calls.push(name);
        this.seen = { ...results };
        const act = this.plan[name]?.shift();
        if (act instanceof Error) throw act;
        if (act !== "nothing" && !this.done.has(key)) this.done.set(key, `${name}-id`);
        if (act === "lost" || act === "nothing") throw new Error("the answer was lost");
        if (act === "hang") await sleep(60_000, undefined, { ref: false });
        await this.boundary();
        return { id: this.done.get(key) ?? "" };
      },
      compensate: async ({ key }, result) => {
        await this.boundary();
        const act = this.plan[`undo ${name}`]?.shift();
        if (act instanceof Error) throw act;
        // By the id, or by the key where no id is known.
        if (result) assert.deepEqual(result, { id: `${name}-id` });
        if (this.done.delete(key)) this.undone.push([name, result?.id as string | undefined]);
        await this.boundary();
      },
    };
  }

  saga(deadlineMs?: number): SagaType {
    return new SagaType("order", ["reserve", "charge", "confirm", "send"].map((n) => this.step(n)), "confirm", deadlineMs);
  }

  left(): string[] {
    return [...this.done.values()].sort();
  }
}

const alerts: string[] = [];

class Watched extends Orchestrator {
  constructor(pool: Pool, private readonly services: Services, saga: SagaType, options: Partial<OrchestratorOptions> = {}) {
    const alert = async (_: string, text: string) => void alerts.push(text);
    super(pool, [saga], { alert, idleMs: 20, backoffMs: 10, maxBackoffMs: 50, leaseMarginMs: -700, ...options });
  }

  override async claim() {
    await this.services.boundary();
    const row = await super.claim();
    await this.services.boundary();
    return row;
  }

  override async store(...args: Parameters<Orchestrator["store"]>) {
    await this.services.boundary();
    await super.store(...args);
    await this.services.boundary();
  }
}

async function begin(pool: Pool, saga: SagaType): Promise<string> {
  const id = randomUUID();
  assert.ok(await inTransaction(pool, (t) => startSaga(t, saga, id, { sku: "s", amount: 2 })));
  assert.equal(await inTransaction(pool, (t) => startSaga(t, saga, id, { sku: "s", amount: 2 })), false);
  return id;
}

async function state(pool: Pool, id: string): Promise<string> {
  return (await pool.query("SELECT state FROM sagas WHERE id = $1", [id])).rows[0].state;
}

async function finish(pool: Pool, orchestrator: Orchestrator, id: string): Promise<string> {
  let found = "";
  await eventually(async () => {
    await orchestrator.advance();
    found = await state(pool, id);
    return found !== "running" && found !== "compensating";
  }, undefined, 10);
  return found;
}

withDatabase("all steps run once and hand on their results", async ({ pool }) => {
  const services = new Services();
  const saga = services.saga();
  assert.equal(await finish(pool, new Watched(pool, services, saga), await begin(pool, saga)), "completed");
  assert.deepEqual(services.calls, ["reserve", "charge", "confirm", "send"]);
  assert.deepEqual(services.seen, {
    reserve: { id: "reserve-id" },
    charge: { id: "charge-id" },
    confirm: { id: "confirm-id" },
  });
});

for (const [index, name] of ["reserve", "charge", "confirm"].entries()) {
  withDatabase(`a refusal of ${name} undoes what was done, in reverse, with its data`, async ({ pool }) => {
    const services = new Services();
    services.plan[name] = [new RefusedError("no")];
    const saga = services.saga();
    assert.equal(await finish(pool, new Watched(pool, services, saga), await begin(pool, saga)), "compensated");
    const before = ["reserve", "charge", "confirm"].slice(0, index).reverse();
    assert.deepEqual(services.undone, before.map((each) => [each, `${each}-id`]));
    assert.deepEqual(services.left(), []);
  });
}

withDatabase("a step whose answers are lost is undone too", async ({ pool }) => {
  const services = new Services();
  services.plan.charge = ["lost", "lost", "lost"];
  const saga = services.saga();
  assert.equal(await finish(pool, new Watched(pool, services, saga), await begin(pool, saga)), "compensated");
  // Its result never came: found by the key.
  assert.deepEqual(services.undone, [["charge", undefined], ["reserve", "reserve-id"]]);
});

withDatabase("a step that hangs is repeated and has one effect", async ({ pool }) => {
  const services = new Services();
  services.plan.charge = ["hang"];
  const saga = services.saga();
  const orchestrator = new Watched(pool, services, saga, { leaseMarginMs: 5000 });
  assert.equal(await finish(pool, orchestrator, await begin(pool, saga)), "completed");
  assert.equal(services.calls.filter((call) => call === "charge").length, 2);
  assert.equal(services.left().filter((id) => id === "charge-id").length, 1);
});

withDatabase("behind the pivot there is no way back", async ({ pool }) => {
  const services = new Services();
  services.plan.send = [...Array.from({ length: 4 }, () => new Error("down")), new RefusedError("closed")];
  const saga = services.saga();
  alerts.length = 0;
  assert.equal(await finish(pool, new Watched(pool, services, saga), await begin(pool, saga)), "completed");
  assert.deepEqual(services.undone, []);
  assert.equal(alerts.length, 2);
});

withDatabase("a compensation that fails is repeated", async ({ pool }) => {
  const services = new Services();
  services.plan = { confirm: [new RefusedError("no")], "undo charge": [1, 2, 3].map(() => new Error("down")) };
  const saga = services.saga();
  assert.equal(await finish(pool, new Watched(pool, services, saga), await begin(pool, saga)), "compensated");
  assert.deepEqual(services.undone.map(([name]) => name), ["charge", "reserve"]);
});

withDatabase("a compensation that never succeeds ends in a state of its own and is told", async ({ pool }) => {
  const services = new Services();
  const down = Array.from({ length: 99 }, () => new Error("down"));
  services.plan = { confirm: [new RefusedError("no")], "undo charge": down };
  const saga = services.saga();
  alerts.length = 0;
  const orchestrator = new Watched(pool, services, saga, { compensationAttempts: 3 });
  assert.equal(await finish(pool, orchestrator, await begin(pool, saga)), "compensation_failed");
  assert.equal(alerts.length, 1);
  assert.match(alerts[0] ?? "", /charge/);
  assert.deepEqual(services.left(), ["charge-id", "reserve-id"]);
});

withDatabase("a saga that takes too long is undone", async ({ pool }) => {
  const services = new Services();
  services.plan.charge = ["lost", "lost", ...Array.from({ length: 99 }, (): Act => "nothing")];
  const saga = services.saga(500);
  const orchestrator = new Watched(pool, services, saga, { backoffMs: 400, maxBackoffMs: 400 });
  assert.equal(await finish(pool, orchestrator, await begin(pool, saga)), "compensated");
  assert.deepEqual(services.left(), []);
});

const scenarios: [string, () => Plan, string, string[]][] = [
  ["completes", () => ({}), "completed", ["charge-id", "confirm-id", "reserve-id", "send-id"]],
  ["is refused", () => ({ confirm: Array.from({ length: 9 }, () => new RefusedError("no")) }), "compensated", []],
  ["is in doubt", () => ({ charge: ["lost", "lost", "lost", ...Array.from({ length: 9 }, (): Act => "nothing")] }), "compensated", []],
];

for (const [title, plan, expected, left] of scenarios) {
  withDatabase(`killed at any boundary it recovers: a saga that ${title}`, async ({ pool }) => {
    let at = 0;
    for (let killed = true; killed; ) {
      at += 1;
      const services = new Services();
      services.plan = plan();
      const saga = services.saga();
      const id = await begin(pool, saga);
      let passed = 0;
      let end: (state: string) => void = () => {};
      const died = new Promise<string>((resolve) => (end = resolve));
      const killAt = at;
      services.boundary = async () => {
        passed += 1;
        if (passed !== killAt) return;
        // The end of the process: nothing behind this happens.
        end("killed");
        await new Promise(() => {});
      };
      const first = new Watched(pool, services, saga);
      const loop = async () => {
        for (;;) {
          await first.advance();
          const found = await state(pool, id);
          if (found !== "running" && found !== "compensating") return found;
          await sleep(20);
        }
      };
      let ended = await Promise.race([loop(), died]);
      killed = ended === "killed";
      services.boundary = async () => {};
      if (killed) ended = await finish(pool, new Watched(pool, services, saga), id);
      assert.equal(ended, expected, `killed at boundary ${at}`);
      assert.deepEqual(services.left(), left, `killed at boundary ${at}`);
      const order = services.undone.map(([name]) => name).join();
      assert.ok("charge,reserve".endsWith(order), `killed at boundary ${at}: ${order}`);
    }
    assert.ok(at > 12, `${at}`);
  });
}

withDatabase("replicas run each step once", async ({ pool }) => {
  const services = new Services();
  const saga = services.saga();
  const ids: string[] = [];
  for (let i = 0; i < 10; i++) ids.push(await begin(pool, saga));
  const stop = new AbortController();
  const replicas = [1, 2, 3, 4].map(() => new Watched(pool, services, saga, { leaseMarginMs: 5000 }).run(stop.signal));
  await eventually(async () => (await Promise.all(ids.map((id) => state(pool, id)))).every((s) => s === "completed"));
  stop.abort();
  await Promise.all(replicas);
  assert.equal(services.calls.length, 40);
});

withDatabase("who is late overwrites nothing", async ({ pool }) => {
  const services = new Services();
  const saga = services.saga();
  const id = await begin(pool, saga);
  const late = new Watched(pool, services, saga);
  const row = await late.claim();
  assert.ok(row);
  await sleep(500);
  assert.equal(await finish(pool, new Watched(pool, services, saga), id), "completed");
  await late.store(row, 0, { state: "compensating" });
  assert.equal(await state(pool, id), "completed");
});

test("a saga that could not be undone is refused", () => {
  const run = async () => ({});
  const compensate = async () => {};
  assert.throws(() => new SagaType("order", [{ name: "a", run }, { name: "b", run, compensate }], "b"), /no compensation/);
  const twice = [{ name: "a", run, compensate }, { name: "a", run, compensate }];
  assert.throws(() => new SagaType("order", twice, "a"), /unique/);
});
