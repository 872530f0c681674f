/** A saga by events, on the real outbox and inbox in a real PostgreSQL: twice, out of order, killed, silent. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { withDatabase } from "./harness.js";
import { handleOnce, inTransaction, newMessage, type Received } from "./message-queue/messages.js";
import { addToOutbox } from "./message-queue/outbox.js";
import { Deadlines, RefusedError, type Emit, type Participant } from "./saga/choreography.js";
import { Orders, Payments, Stock, type Gateway, type Order, type OrdersOptions } from "./saga/order-choreography.js";

const ORDER: Order = { sku: "lamp", amount: 2, total_minor: 4200, currency: "EUR" };

/** The end of a process. */
class Killed extends Error {}

/** A payment provider, which keeps what it did by key. */
class Provider implements Gateway {
  charged = new Map<string, string>();
  calls = 0;
  plan: ("lost" | RefusedError)[] = [];

  async charge(_amount: number, _currency: string, key: string): Promise<string> {
    this.calls += 1;
    const act = this.plan.shift();
    if (act instanceof RefusedError) throw act;
    if (!this.charged.has(key)) this.charged.set(key, "p-1");
    if (act === "lost") throw new Error("the answer was lost");
    return this.charged.get(key) ?? "";
  }

  async refund(key: string): Promise<void> {
    this.charged.delete(key);
  }
}

/** The services, and a broker that may deliver twice, in any order, and late. */
class World {
  readonly provider = new Provider();
  readonly alerts: string[] = [];
  readonly orders: Orders;
  readonly participants: Participant[];
  waiting: [Participant, Received][] = [];
  silent = new Set<string>();
  boundary: (where: string) => void = () => {};
  private seen = "0";

  constructor(readonly pool: Pool, options: Partial<OrdersOptions> = {}) {
    this.orders = new Orders(this.emit, { alert: async (_, text) => void this.alerts.push(text), ...options });
    const services = [this.orders, new Stock(this.emit), new Payments(this.emit, this.provider)];
    this.participants = services.map((service) => service.participant);
  }

  readonly emit: Emit = (transaction, event) =>
    addToOutbox(transaction, newMessage(event.type, event.sagaId, event.type, event.data));

  async stock(available: number): Promise<void> {
    await this.pool.query(
      "INSERT INTO stock_items VALUES ('lamp', $1) ON CONFLICT (sku) DO UPDATE SET available = excluded.available",
      [available],
    );
  }

  async place(): Promise<string> {
    const orderId = randomUUID();
    assert.ok(await inTransaction(this.pool, (transaction) => this.orders.place(transaction, orderId, ORDER)));
    return orderId;
  }

  async relay(copies: number): Promise<void> {
    const rows = await this.pool.query<Received & { position: string }>(
      "SELECT position, message_id AS id, key, type, body FROM outbox WHERE position > $1 ORDER BY position",
      [this.seen],
    );
    for (const { position, ...received } of rows.rows) {
      this.seen = position;
      for (const participant of this.participants) {
        for (let copy = 0; copy < copies; copy += 1) {
          this.waiting.push([participant, { ...received, headers: {}, attempt: 1 }]);
        }
      }
    }
  }

  async deliver(participant: Participant, received: Received): Promise<void> {
    await handleOnce(this.pool, participant.name, received, async (transaction, { type, key, body }) => {
      this.boundary(`before ${participant.name} ${type}`);
      await participant.react(transaction, { type, sagaId: key, data: JSON.parse(body.toString()) });
      this.boundary(`commit ${participant.name} ${type}`);
    });
    this.boundary(`ack ${participant.name} ${received.type}`);
  }

  /** Delivers until nothing waits; what fails, and what was in the hands of a process that died, comes again. */
  async settle(choose: (number: number) => number = () => 0, copies = 1): Promise<void> {
    for (let left = 500; left > 0; left -= 1) {
      await this.relay(copies);
      if (!this.waiting.length) return;
      const [next] = this.waiting.splice(choose(this.waiting.length), 1);
      assert.ok(next);
      if (this.silent.has(next[0].name)) continue;
      try {
        await this.deliver(...next);
      } catch {
        this.waiting.push(next);
      }
    }
    throw new Error("it does not come to rest");
  }

  async status(orderId: string): Promise<string | undefined> {
    const found = await this.pool.query<{ status: string }>("SELECT status FROM orders WHERE id = $1", [orderId]);
    return found.rows[0]?.status;
  }

  async overdue(): Promise<number> {
    await this.pool.query("UPDATE orders SET deadline = now() - interval '1 second'");
    return new Deadlines(this.pool, this.orders.expire).check();
  }

  async expect(orderId: string, status: string, available: number, charged: number): Promise<void> {
    const found = await this.pool.query<{ available: number }>("SELECT available FROM stock_items");
    assert.deepEqual(
      [await this.status(orderId), found.rows[0]?.available, this.provider.charged.size],
      [status, available, charged],
    );
  }
}

function inWorld(title: string, body: (world: World) => Promise<void>, options: Partial<OrdersOptions> = {}): void {
  withDatabase(`by events: ${title}`, async ({ pool }) => {
    const world = new World(pool, options);
    await world.stock(10);
    await body(world);
  });
}

inWorld("an order is confirmed, once", async (world) => {
  const orderId = await world.place();
  assert.ok(!(await inTransaction(world.pool, (transaction) => world.orders.place(transaction, orderId, ORDER))));
  await world.settle();
  await world.expect(orderId, "CONFIRMED", 8, 1);
  assert.equal(await world.overdue(), 0);
});

inWorld("sold out cancels before anything is paid", async (world) => {
  await world.stock(1);
  const orderId = await world.place();
  await world.settle();
  await world.expect(orderId, "CANCELLED", 1, 0);
  assert.equal(world.provider.calls, 0);
});

inWorld("a declined card releases the stock", async (world) => {
  world.provider.plan = [new RefusedError("declined")];
  const orderId = await world.place();
  await world.settle();
  await world.expect(orderId, "CANCELLED", 10, 0);
});

inWorld("a lost answer is charged once", async (world) => {
  world.provider.plan = ["lost", "lost"];
  const orderId = await world.place();
  await world.settle();
  await world.expect(orderId, "CONFIRMED", 8, 1);
  assert.equal(world.provider.calls, 3);
});

for (const refused of [false, true]) {
  const how = refused ? "refused" : "confirmed";

  const fresh = async (world: World) => {
    world.provider.plan = refused ? [new RefusedError("declined"), new RefusedError("declined")] : [];
    world.provider.charged.clear();
    await world.stock(10);
    return world.place();
  };
  const expectEnd = (world: World, orderId: string) =>
    refused ? world.expect(orderId, "CANCELLED", 10, 0) : world.expect(orderId, "CONFIRMED", 8, 1);

  inWorld(`twice and in any order, ${how} ends the same`, async (world) => {
    for (let seed = 1; seed <= 8; seed += 1) {
      let state = seed;
      const choose = (number: number) => (state = (state * 48271) % 2147483647) % number;
      const orderId = await fresh(world);
      await world.settle(choose, 2);
      await expectEnd(world, orderId);
    }
  });

  inWorld(`killed at every boundary, ${how} goes on`, async (world) => {
    const boundaries: string[] = [];
    world.boundary = (where) => void boundaries.push(where);
    await fresh(world);
    await world.settle();
    assert.ok(boundaries.length > 15);
    for (let number = 1; number <= boundaries.length; number += 1) {
      let passed = 0;
      world.boundary = (where) => {
        passed += 1;
        if (passed === number) throw new Killed(where);
      };
      const orderId = await fresh(world);
      await world.settle();
      await expectEnd(world, orderId);
    }
  });
}

inWorld("who is silent is not waited for, and undone later", async (world) => {
  world.silent.add("payments");
  const orderId = await world.place();
  await world.settle();
  await world.expect(orderId, "RESERVED", 8, 0);
  assert.equal(await world.overdue(), 1);
  await world.settle();
  await world.expect(orderId, "CANCELLING", 10, 0);
  // It is back, and hears of the cancellation by the reminder.
  world.silent.clear();
  assert.equal(await world.overdue(), 1);
  await world.settle();
  await world.expect(orderId, "CANCELLED", 10, 0);
  // What was meant before comes now: nothing is charged any more.
  const payments = world.participants[2];
  assert.ok(payments);
  const body = Buffer.from(JSON.stringify(ORDER));
  await world.deliver(payments, { id: randomUUID(), type: "stock.reserved", key: orderId, body, headers: {}, attempt: 1 });
  await world.settle();
  await world.expect(orderId, "CANCELLED", 10, 0);
  assert.equal(world.provider.calls, 0);
});

inWorld("a success that comes after the deadline is undone", async (world) => {
  const orderId = await world.place();
  await world.relay(1);
  while (!world.waiting.some(([, message]) => message.type === "payment.captured")) {
    const next = world.waiting.shift();
    assert.ok(next);
    await world.deliver(...next);
    await world.relay(1);
  }
  assert.equal(world.provider.charged.size, 1);
  assert.equal(await world.overdue(), 1);
  await world.settle();
  await world.expect(orderId, "CANCELLED", 10, 0);
});

inWorld(
  "what can't be undone is told, and never looks done",
  async (world) => {
    world.silent.add("payments");
    const orderId = await world.place();
    for (let round = 0; round < 4; round += 1) {
      await world.settle();
      await world.overdue();
    }
    assert.equal(await world.status(orderId), "CANCEL_FAILED");
    assert.deepEqual(world.alerts, ["the cancellation was not answered"]);
    world.silent.clear();
    // A person has repaired the service, and sends the event again.
    const again = { type: "order.cancelled", sagaId: orderId, data: {} };
    await inTransaction(world.pool, (transaction) => world.emit(transaction, again));
    await world.settle();
    await world.expect(orderId, "CANCELLED", 10, 0);
  },
  { reminders: 2 },
);
