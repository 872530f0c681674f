/** An order: stock is reserved, the payment is taken, the parcel is sent. */
import { SagaType, type JsonObject } from "./orchestrator.js";

export interface Stock {
  /** The id of the reservation; rejects with `RefusedError` when there is not enough. */
  reserve(sku: string, amount: number, key: string): Promise<string>;
  /** Releases a reservation, by its id or by the key it was made with; none is fine. */
  release(reservationId: string | undefined, key: string): Promise<void>;
}

export interface Payments {
  /** The id of the payment; rejects with `RefusedError` when it is declined. */
  charge(amountMinor: number, currency: string, key: string): Promise<string>;
  /** Pays back, by the id or by the key of the charge; no charge is fine. */
  refund(paymentId: string | undefined, key: string): Promise<void>;
}

export interface Shipping {
  /** The number of the parcel. */
  send(orderId: string, reservationId: string, key: string): Promise<string>;
}

export interface Order extends JsonObject {
  order_id: string;
  sku: string;
  amount: number;
  total_minor: number;
  currency: string;
}

const text = (result: JsonObject | undefined, name: string) => {
  const value = result?.[name];
  return typeof value === "string" ? value : undefined;
};

export function orderSaga(stock: Stock, payments: Payments, shipping: Shipping): SagaType<Order> {
  return new SagaType<Order>(
    "order",
    [
      {
        name: "reserve",
        run: async ({ input, key }) => ({ reservation_id: await stock.reserve(input.sku, input.amount, key) }),
        compensate: ({ key }, result) => stock.release(text(result, "reservation_id"), key),
      },
      {
        name: "charge",
        run: async ({ input, key }) => ({ payment_id: await payments.charge(input.total_minor, input.currency, key) }),
        compensate: ({ key }, result) => payments.refund(text(result, "payment_id"), key),
      },
      {
        name: "send",
        run: async ({ input, results, key }) => {
          const reservationId = text(results.reserve, "reservation_id");
          if (!reservationId) throw new Error("there is no reservation to send");
          return { parcel: await shipping.send(input.order_id, reservationId, key) };
        },
      },
    ],
    "charge",
  );
}
