/** Envelope, schemas and upcaster. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { Events, InvalidEventError, UnknownEventError, type Data } from "./event-schema/events.js";
import { orderEvents } from "./event-schema/order-events.js";

const folder = join(process.env.TEMPLATE_ASSETS ?? "", "event-schema/assets/schemas");
const events = orderEvents(folder);
const total = { amount_minor: 4200, currency: "EUR" };
const placed = (data: Data, version = 2) =>
  events.create({
    type: `order.placed.v${version}`,
    source: "/orders",
    subject: "o-17",
    correlationId: "c-1",
    data: { order_id: "o-17", ...data },
  });
const wire = (value: unknown) => Buffer.from(JSON.stringify(value));

test("what is made is a cloud event and comes back", () => {
  const event = placed({ total });
  assert.deepEqual(events.decode(wire(event)), event);
});

test("a publisher cannot send what breaks the schema", () => {
  for (const wrong of [{}, { total: { amount_minor: 42.5, currency: "EUR" } }, { total: { amount_minor: 1 } }]) {
    assert.throws(() => placed(wrong), InvalidEventError);
  }
  assert.throws(() => placed({ total }, 3), InvalidEventError);
});

test("a consumer refuses what is no event", () => {
  const good = placed({ total });
  for (const change of [{ id: null }, { specversion: "0.3" }, { time: "2026-05-04T09:30:00" }, { data: {} }, { type: 7 }]) {
    assert.throws(() => events.decode(wire({ ...good, ...change })), InvalidEventError);
  }
  for (const body of ["", "\xff", "[]", "null"]) assert.throws(() => events.decode(Buffer.from(body)), InvalidEventError);
});

test("an unknown version is told apart from a broken event", () => {
  for (const type of ["order.placed.v9", "order.cancelled.v1"]) {
    assert.throws(() => events.decode(wire({ ...placed({ total }), type })), UnknownEventError);
  }
});

test("unknown fields are no fault", () => {
  const good = placed({ total });
  const data = { ...good.data, colour: "red" };
  assert.equal(events.decode(wire({ ...good, tenant: "t", data })).data.colour, "red");
});

test("an old version is made new", () => {
  const old = placed({ total_cents: 4200, note: "quick" }, 1);
  const event = events.decode(wire(old));
  assert.equal(event.type, "order.placed.v2");
  assert.equal(event.id, old.id);
  assert.deepEqual(event.data, { order_id: "o-17", note: "quick", total });
});

test("a version that nothing makes new is told at the start", () => {
  assert.throws(() => new Events(folder), /order\.placed\.v1/);
});
