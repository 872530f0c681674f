/**
 * An order by events. Each class belongs to another service; events are all that they share.
 *
 *     order.placed ──▶ stock.reserved ──▶ payment.captured ──▶ order.confirmed
 *          stock.refused, payment.refused, deadline ──▶ order.cancelled ──▶ stock.released, payment.refunded
 */
import type { PoolClient } from "pg";
import { Participant, RefusedError, type Emit, type SagaEvent } from "./choreography.js";

export interface Order extends Record<string, unknown> {
  sku: string;
  amount: number;
  total_minor: number;
  currency: string;
}

export interface OrdersOptions {
  alert: (orderId: string, text: string) => Promise<void>;
  deadlineMs?: number;
  reminders?: number;
}

const UNDOES = ["stock.released", "payment.refunded"];

/** Where the operation begins, and where it is known how it ended. */
export class Orders {
  readonly participant: Participant;
  private readonly deadlineMs: number;
  private readonly reminders: number;

  constructor(
    private readonly emit: Emit,
    private readonly options: OrdersOptions,
  ) {
    this.deadlineMs = options.deadlineMs ?? 15 * 60_000;
    this.reminders = options.reminders ?? 10;
    const refused = (transaction: PoolClient, event: SagaEvent) =>
      this.cancel(transaction, event.sagaId, `${event.type}: ${String(event.data.reason ?? "")}`);
    this.participant = new Participant("orders", {
      "stock.reserved": async (transaction, { sagaId }) => {
        await this.move(transaction, sagaId, ["PENDING"], "RESERVED");
      },
      "payment.captured": async (transaction, { sagaId }) => {
        // It may overtake stock.reserved. After a cancellation it changes nothing: the payment is paid back.
        if (await this.move(transaction, sagaId, ["PENDING", "RESERVED"], "CONFIRMED")) {
          await this.emit(transaction, { type: "order.confirmed", sagaId, data: {} });
        }
      },
      "stock.refused": refused,
      "payment.refused": refused,
      "stock.released": (transaction, event) => this.undone(transaction, event),
      "payment.refunded": (transaction, event) => this.undone(transaction, event),
    });
  }

  /** In the caller's transaction; false when the order is there already. Answer 202 then. */
  async place(transaction: PoolClient, orderId: string, order: Order): Promise<boolean> {
    const placed = await transaction.query(
      `INSERT INTO orders (id, data, deadline) VALUES ($1, $2, now() + $3 * interval '1 millisecond')
       ON CONFLICT DO NOTHING`,
      [orderId, JSON.stringify(order), this.deadlineMs],
    );
    if (placed.rowCount !== 1) return false;
    await this.emit(transaction, { type: "order.placed", sagaId: orderId, data: order });
    return true;
  }

  /**
   * For `Deadlines`. An order that took too long is cancelled; who does not answer to that is reminded, and in
   * the end a person is told.
   */
  readonly expire = async (transaction: PoolClient): Promise<number> => {
    const overdue = await transaction.query<{ id: string; status: string; reminders: number }>(
      `SELECT id, status, reminders FROM orders
       WHERE deadline < now() AND status IN ('PENDING', 'RESERVED', 'CANCELLING')
       ORDER BY deadline LIMIT 100 FOR UPDATE SKIP LOCKED`,
    );
    for (const { id, status, reminders } of overdue.rows) {
      if (status !== "CANCELLING") {
        await this.cancel(transaction, id, "it took too long");
      } else if (reminders < this.reminders) {
        await this.emit(transaction, { type: "order.cancelled", sagaId: id, data: { reason: "reminder" } });
      } else {
        await this.move(transaction, id, ["CANCELLING"], "CANCEL_FAILED");
        await this.options.alert(id, "the cancellation was not answered");
      }
      await transaction.query(
        `UPDATE orders SET deadline = now() + $2 * interval '1 millisecond', reminders = reminders + $3 WHERE id = $1`,
        [id, this.deadlineMs, status === "CANCELLING" ? 1 : 0],
      );
    }
    return overdue.rows.length;
  };

  private async cancel(transaction: PoolClient, sagaId: string, reason: string): Promise<void> {
    if (await this.move(transaction, sagaId, ["PENDING", "RESERVED"], "CANCELLING", reason)) {
      await this.emit(transaction, { type: "order.cancelled", sagaId, data: { reason } });
    }
  }

  /** Everybody answers to order.cancelled, also who had nothing to undo. */
  private async undone(transaction: PoolClient, { sagaId, type }: SagaEvent): Promise<void> {
    await transaction.query(
      `UPDATE orders SET undone = array_append(undone, $2), updated_at = now()
       WHERE id = $1 AND status IN ('CANCELLING', 'CANCEL_FAILED') AND NOT $2 = ANY(undone)`,
      [sagaId, type],
    );
    await transaction.query(
      `UPDATE orders SET status = 'CANCELLED', updated_at = now()
       WHERE id = $1 AND status IN ('CANCELLING', 'CANCEL_FAILED') AND undone @> $2`,
      [sagaId, UNDOES],
    );
  }

  /** False when the order is in another state: what came is late, or came twice. */
  private async move(
    transaction: PoolClient,
    orderId: string,
    expected: string[],
    to: string,
    reason?: string,
  ): Promise<boolean> {
    const moved = await transaction.query(
      `UPDATE orders SET status = $2, reason = coalesce($3, reason), updated_at = now()
       WHERE id = $1 AND status = ANY($4)`,
      [orderId, to, reason ?? null, expected],
    );
    return moved.rowCount === 1;
  }
}

export class Stock {
  readonly participant: Participant;

  constructor(private readonly emit: Emit) {
    this.participant = new Participant("stock", {
      "order.placed": (transaction, event) => this.placed(transaction, event),
      "order.cancelled": (transaction, event) => this.cancelled(transaction, event),
    });
  }

  private async placed(transaction: PoolClient, { sagaId, data }: SagaEvent): Promise<void> {
    const { sku, amount } = data as Order;
    const known = await transaction.query("SELECT 1 FROM stock_reservations WHERE order_id = $1", [sagaId]);
    if (known.rowCount) return; // reserved before, or cancelled before it was placed here
    const taken = await transaction.query(
      "UPDATE stock_items SET available = available - $2 WHERE sku = $1 AND available >= $2",
      [sku, amount],
    );
    const status = taken.rowCount === 1 ? "RESERVED" : "REFUSED";
    await transaction.query(
      "INSERT INTO stock_reservations (order_id, status, sku, amount) VALUES ($1, $2, $3, $4)",
      [sagaId, status, sku, amount],
    );
    if (status === "RESERVED") {
      await this.emit(transaction, { type: "stock.reserved", sagaId, data });
    } else {
      await this.emit(transaction, { type: "stock.refused", sagaId, data: { reason: `${sku} is sold out` } });
    }
  }

  private async cancelled(transaction: PoolClient, { sagaId }: SagaEvent): Promise<void> {
    const held = await transaction.query<{ sku: string; amount: number }>(
      `UPDATE stock_reservations SET status = 'RELEASED' WHERE order_id = $1 AND status = 'RESERVED'
       RETURNING sku, amount`,
      [sagaId],
    );
    for (const { sku, amount } of held.rows) {
      await transaction.query("UPDATE stock_items SET available = available + $2 WHERE sku = $1", [sku, amount]);
    }
    // The mark, where nothing was reserved yet.
    await transaction.query(
      "INSERT INTO stock_reservations (order_id, status) VALUES ($1, 'RELEASED') ON CONFLICT DO NOTHING",
      [sagaId],
    );
    await this.emit(transaction, { type: "stock.released", sagaId, data: {} });
  }
}

/** Outside of the database, so by key: a second call with the key of the first changes nothing. */
export interface Gateway {
  /** The id of the payment; rejects with `RefusedError` when it is declined. Has a timeout. */
  charge(amountMinor: number, currency: string, key: string): Promise<string>;
  /** Pays back what was charged with this key; nothing is fine. Has a timeout. */
  refund(key: string): Promise<void>;
}

export class Payments {
  readonly participant: Participant;

  constructor(
    private readonly emit: Emit,
    private readonly gateway: Gateway,
  ) {
    this.participant = new Participant("payments", {
      "stock.reserved": (transaction, event) => this.reserved(transaction, event),
      "order.cancelled": (transaction, event) => this.cancelled(transaction, event),
    });
  }

  private async reserved(transaction: PoolClient, { sagaId, data }: SagaEvent): Promise<void> {
    const { total_minor, currency } = data as Order;
    const known = await transaction.query("SELECT 1 FROM order_payments WHERE order_id = $1", [sagaId]);
    if (known.rowCount) return;
    let paymentId: string;
    try {
      // A lost answer rejects: the broker delivers again, and the key finds the charge.
      paymentId = await this.gateway.charge(total_minor, currency, `order:${sagaId}`);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      await this.note(transaction, sagaId, "REFUSED");
      await this.emit(transaction, { type: "payment.refused", sagaId, data: { reason: error.message } });
      return;
    }
    await this.note(transaction, sagaId, "CAPTURED", paymentId);
    await this.emit(transaction, { type: "payment.captured", sagaId, data: { payment_id: paymentId } });
  }

  private async cancelled(transaction: PoolClient, { sagaId }: SagaEvent): Promise<void> {
    // Always: a charge whose answer was lost has no row.
    await this.gateway.refund(`order:${sagaId}`);
    await transaction.query(
      `INSERT INTO order_payments (order_id, status) VALUES ($1, 'REFUNDED')
       ON CONFLICT (order_id) DO UPDATE SET status = 'REFUNDED'`,
      [sagaId],
    );
    await this.emit(transaction, { type: "payment.refunded", sagaId, data: {} });
  }

  private async note(transaction: PoolClient, orderId: string, status: string, paymentId?: string): Promise<void> {
    await transaction.query("INSERT INTO order_payments (order_id, status, payment_id) VALUES ($1, $2, $3)", [
      orderId,
      status,
      paymentId ?? null,
    ]);
  }
}
