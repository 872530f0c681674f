/** The events of orders that this service knows. */
import { Events, type Data } from "./events.js";

/** v1 knew no other currency than euro. */
export function orderPlacedV1({ total_cents, ...rest }: Data): Data {
  return { ...rest, total: { amount_minor: total_cents, currency: "EUR" } };
}

export function orderEvents(schemas: string): Events {
  return new Events(schemas, { "order.placed.v1": orderPlacedV1 });
}
