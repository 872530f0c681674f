"""An order by events. Each class belongs to another service; events are all that they share.

    order.placed ──▶ stock.reserved ──▶ payment.captured ──▶ order.confirmed
         stock.refused, payment.refused, deadline ──▶ order.cancelled ──▶ stock.released, payment.refunded
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from choreography import Emit, Json, Participant, Refused, SagaEvent

log = logging.getLogger(__name__)


class Orders:
    """Where the operation begins, and where it is known how it ended."""

    UNDOES = ("stock.released", "payment.refunded")

    def __init__(
        self,
        emit: Emit,
        *,
        alert: Callable[[UUID, str], Awaitable[None]],
        deadline: timedelta = timedelta(minutes=15),
        reminders: int = 10,
    ) -> None:
        self._emit = emit
        self._alert = alert
        self._deadline = deadline
        self._reminders = reminders
        reactions = {
            "stock.reserved": self._reserved,
            "payment.captured": self._captured,
            "stock.refused": self._refused,
            "payment.refused": self._refused,
            "stock.released": self._undone,
            "payment.refunded": self._undone,
        }
        self.participant = Participant("orders", reactions)

    async def place(self, connection: AsyncConnection, order_id: UUID, order: Json) -> bool:
        """In the caller's transaction; false when the order is there already. Answer 202 then."""
        placed = await connection.execute(
            "INSERT INTO orders (id, data, deadline) VALUES (%s, %s, now() + %s) ON CONFLICT DO NOTHING",
            (order_id, Jsonb(order), self._deadline),
        )
        if placed.rowcount == 1:
            await self._emit(connection, SagaEvent("order.placed", order_id, order))
        return placed.rowcount == 1

    async def _reserved(self, connection: AsyncConnection, event: SagaEvent) -> None:
        await self._move(connection, event.saga_id, ["PENDING"], "RESERVED")

    async def _captured(self, connection: AsyncConnection, event: SagaEvent) -> None:
        # It may overtake stock.reserved. After a cancellation it changes nothing: the payment is paid back.
        if await self._move(connection, event.saga_id, ["PENDING", "RESERVED"], "CONFIRMED"):
            await self._emit(connection, SagaEvent("order.confirmed", event.saga_id, {}))

    async def _refused(self, connection: AsyncConnection, event: SagaEvent) -> None:
        await self._cancel(connection, event.saga_id, f"{event.type}: {event.data.get('reason', '')}")

    async def _cancel(self, connection: AsyncConnection, order_id: UUID, reason: str) -> None:
        if await self._move(connection, order_id, ["PENDING", "RESERVED"], "CANCELLING", reason):
            await self._emit(connection, SagaEvent("order.cancelled", order_id, {"reason": reason}))

    async def _undone(self, connection: AsyncConnection, event: SagaEvent) -> None:
        """Everybody answers to order.cancelled, also who had nothing to undo."""
        await connection.execute(
            "UPDATE orders SET undone = array_append(undone, %s), updated_at = now()"
            " WHERE id = %s AND status IN ('CANCELLING', 'CANCEL_FAILED') AND NOT %s = ANY(undone)",
            (event.type, event.saga_id, event.type),
        )
        await connection.execute(
            "UPDATE orders SET status = 'CANCELLED', updated_at = now()"
            " WHERE id = %s AND status IN ('CANCELLING', 'CANCEL_FAILED') AND undone @> %s",
            (event.saga_id, list(self.UNDOES)),
        )

    async def expire(self, connection: AsyncConnection) -> int:
        """For `Deadlines`. An order that took too long is cancelled; who does not answer to that is reminded,
        and in the end a person is told."""
        overdue = await connection.execute(
            "SELECT id, status, reminders FROM orders WHERE deadline < now()"
            " AND status IN ('PENDING', 'RESERVED', 'CANCELLING') ORDER BY deadline LIMIT 100 FOR UPDATE SKIP LOCKED"
        )
        rows = await overdue.fetchall()
        for order_id, status, reminders in rows:
            if status != "CANCELLING":
                await self._cancel(connection, order_id, "it took too long")
            elif reminders < self._reminders:
                await self._emit(connection, SagaEvent("order.cancelled", order_id, {"reason": "reminder"}))
            else:
                await self._move(connection, order_id, ["CANCELLING"], "CANCEL_FAILED")
                await self._alert(order_id, "the cancellation was not answered")
            await connection.execute(
                "UPDATE orders SET deadline = now() + %s, reminders = reminders + %s WHERE id = %s",
                (self._deadline, int(status == "CANCELLING"), order_id),
            )
        return len(rows)

    async def _move(
        self, connection: AsyncConnection, order_id: UUID, expected: list[str], to: str, reason: str | None = None
    ) -> bool:
        """False when the order is in another state: what came is late, or came twice."""
        moved = await connection.execute(
            "UPDATE orders SET status = %s, reason = coalesce(%s, reason), updated_at = now()"
            " WHERE id = %s AND status = ANY(%s)",
            (to, reason, order_id, expected),
        )
        if moved.rowcount == 0:
            log.info("order %s: too late for %s", order_id, to)
        return moved.rowcount == 1


class Stock:
    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self.participant = Participant(
            "stock", {"order.placed": self._placed, "order.cancelled": self._cancelled}
        )

    async def _placed(self, connection: AsyncConnection, event: SagaEvent) -> None:
        sku, amount = event.data["sku"], event.data["amount"]
        known = await connection.execute("SELECT 1 FROM stock_reservations WHERE order_id = %s", (event.saga_id,))
        if await known.fetchone():
            return  # reserved before, or cancelled before it was placed here
        taken = await connection.execute(
            "UPDATE stock_items SET available = available - %s WHERE sku = %s AND available >= %s",
            (amount, sku, amount),
        )
        status = "RESERVED" if taken.rowcount == 1 else "REFUSED"
        await connection.execute(
            "INSERT INTO stock_reservations (order_id, status, sku, amount) VALUES (%s, %s, %s, %s)",
            (event.saga_id, status, sku, amount),
        )
        if status == "RESERVED":
            await self._emit(connection, SagaEvent("stock.reserved", event.saga_id, event.data))
        else:
            await self._emit(connection, SagaEvent("stock.refused", event.saga_id, {"reason": f"{sku} is sold out"}))

    async def _cancelled(self, connection: AsyncConnection, event: SagaEvent) -> None:
        held = await connection.execute(
            "UPDATE stock_reservations SET status = 'RELEASED' WHERE order_id = %s AND status = 'RESERVED'"
            " RETURNING sku, amount",
            (event.saga_id,),
        )
        for sku, amount in await held.fetchall():
            await connection.execute("UPDATE stock_items SET available = available + %s WHERE sku = %s", (amount, sku))
        # The mark, where nothing was reserved yet.
        await connection.execute(
            "INSERT INTO stock_reservations (order_id, status) VALUES (%s, 'RELEASED') ON CONFLICT DO NOTHING",
            (event.saga_id,),
        )
        await self._emit(connection, SagaEvent("stock.released", event.saga_id, {}))


class Gateway(Protocol):
    """Outside of the database, so by key: a second call with the key of the first changes nothing."""

    async def charge(self, amount_minor: int, currency: str, *, key: str) -> str:
        """The id of the payment; raises `Refused` when it is declined. Has a timeout."""

    async def refund(self, *, key: str) -> None:
        """Pays back what was charged with this key; nothing is fine. Has a timeout."""


class Payments:
    def __init__(self, emit: Emit, gateway: Gateway) -> None:
        self._emit = emit
        self._gateway = gateway
        self.participant = Participant(
            "payments", {"stock.reserved": self._reserved, "order.cancelled": self._cancelled}
        )

    async def _reserved(self, connection: AsyncConnection, event: SagaEvent) -> None:
        order, key = event.data, f"order:{event.saga_id}"
        known = await connection.execute("SELECT 1 FROM order_payments WHERE order_id = %s", (event.saga_id,))
        if await known.fetchone():
            return
        try:
            # A lost answer raises: the broker delivers again, and the key finds the charge.
            payment_id = await self._gateway.charge(order["total_minor"], order["currency"], key=key)
        except Refused as error:
            await self._note(connection, event.saga_id, "REFUSED", None)
            await self._emit(connection, SagaEvent("payment.refused", event.saga_id, {"reason": str(error)}))
            return
        await self._note(connection, event.saga_id, "CAPTURED", payment_id)
        await self._emit(connection, SagaEvent("payment.captured", event.saga_id, {"payment_id": payment_id}))

    async def _cancelled(self, connection: AsyncConnection, event: SagaEvent) -> None:
        # Always: a charge whose answer was lost has no row.
        await self._gateway.refund(key=f"order:{event.saga_id}")
        await connection.execute(
            "INSERT INTO order_payments (order_id, status) VALUES (%s, 'REFUNDED')"
            " ON CONFLICT (order_id) DO UPDATE SET status = 'REFUNDED'",
            (event.saga_id,),
        )
        await self._emit(connection, SagaEvent("payment.refunded", event.saga_id, {}))

    async def _note(self, connection: AsyncConnection, order_id: UUID, status: str, payment_id: str | None) -> None:
        await connection.execute(
            "INSERT INTO order_payments (order_id, status, payment_id) VALUES (%s, %s, %s)",
            (order_id, status, payment_id),
        )
