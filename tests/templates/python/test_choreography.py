"""A saga by events, on the real outbox and inbox in a real PostgreSQL: twice, out of order, killed, silent."""

import asyncio
import json
import random
import uuid
from datetime import timedelta

import pytest
import pytest_asyncio

from choreography import Deadlines, Refused, SagaEvent
from messages import Message, Received, handle_once
from order_choreography import Orders, Payments, Stock
from outbox import add

ORDER = {"sku": "lamp", "amount": 2, "total_minor": 4200, "currency": "EUR"}


class Killed(BaseException):
    """The end of a process."""


class Gateway:
    """A payment provider, which keeps what it did by key."""

    def __init__(self) -> None:
        self.charged: dict[str, str] = {}
        self.calls = 0
        self.plan: list = []

    async def charge(self, amount_minor, currency, *, key):
        self.calls += 1
        act = self.plan.pop(0) if self.plan else None
        if isinstance(act, Refused):
            raise act
        self.charged.setdefault(key, "p-1")
        if act == "lost":
            raise ConnectionError("the answer was lost")
        return self.charged[key]

    async def refund(self, *, key):
        if self.plan and self.plan[0] == "no refund":
            raise ConnectionError("the provider is away")
        self.charged.pop(key, None)


class World:
    """The services, and a broker that may deliver twice, in any order, and late."""

    def __init__(self, pool, **options) -> None:
        self.pool = pool
        self.alerts: list[str] = []
        self.gateway = Gateway()
        self.boundary = lambda where: None
        self.silent: set[str] = set()
        self.orders = Orders(self.emit, alert=self.alert, **options)
        services = (self.orders, Stock(self.emit), Payments(self.emit, self.gateway))
        self.participants = [service.participant for service in services]
        self.waiting: list[tuple] = []
        self.seen = 0

    async def alert(self, order_id, text):
        self.alerts.append(text)

    async def emit(self, connection, event: SagaEvent):
        await add(connection, Message(event.type, str(event.saga_id), event.type, json.dumps(event.data).encode()))

    async def place(self) -> uuid.UUID:
        order_id = uuid.uuid4()
        async with self.pool.connection() as connection, connection.transaction():
            assert await self.orders.place(connection, order_id, ORDER)
        return order_id

    async def relay(self, copies: int) -> None:
        async with self.pool.connection() as connection:
            rows = await connection.execute(
                "SELECT position, message_id, key, type, body FROM outbox WHERE position > %s ORDER BY position",
                (self.seen,),
            )
            for position, message_id, key, type_, body in await rows.fetchall():
                self.seen = position
                received = Received(str(message_id), type_, key, body, {}, 1)
                self.waiting += [(each, received) for each in self.participants for _ in range(copies)]

    async def deliver(self, participant, received) -> None:
        async def handler(connection, message):
            event = SagaEvent(message.type, uuid.UUID(message.key), json.loads(message.body))
            self.boundary(f"before {participant.name} {message.type}")
            await participant.react(connection, event)
            self.boundary(f"commit {participant.name} {message.type}")

        await handle_once(self.pool, participant.name, received, handler)
        self.boundary(f"ack {participant.name} {received.type}")

    async def settle(self, chance: random.Random | None = None, copies: int = 1, patience: int = 500) -> None:
        """Delivers until nothing waits; what fails, and what was in the hands of a process that died, comes again."""
        for _ in range(patience):
            await self.relay(copies)
            if not self.waiting:
                return
            at = chance.randrange(len(self.waiting)) if chance else 0
            participant, received = self.waiting.pop(at)
            if participant.name in self.silent:
                continue
            try:
                await self.deliver(participant, received)
            except (ConnectionError, Killed):
                self.waiting.append((participant, received))
        raise AssertionError("it does not come to rest")

    async def status(self, order_id) -> str:
        async with self.pool.connection() as connection:
            row = await connection.execute("SELECT status FROM orders WHERE id = %s", (order_id,))
            return (await row.fetchone())[0]

    async def available(self) -> int:
        async with self.pool.connection() as connection:
            return (await (await connection.execute("SELECT available FROM stock_items")).fetchone())[0]

    async def overdue(self) -> int:
        async with self.pool.connection() as connection:
            await connection.execute("UPDATE orders SET deadline = now() - interval '1 second'")
        return await Deadlines(self.pool, self.orders.expire).check()

    async def expect_confirmed(self, order_id) -> None:
        assert (await self.status(order_id), await self.available()) == ("CONFIRMED", 8)
        assert len(self.gateway.charged) == 1

    async def expect_cancelled(self, order_id) -> None:
        assert (await self.status(order_id), await self.available()) == ("CANCELLED", 10)
        assert self.gateway.charged == {}


@pytest_asyncio.fixture
async def world(pool):
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO stock_items VALUES ('lamp', 10)")
    return World(pool)


async def test_an_order_is_confirmed(world):
    order_id = await world.place()
    await world.settle()
    await world.expect_confirmed(order_id)
    assert await world.overdue() == 0


async def test_the_same_order_is_placed_once(world):
    order_id = await world.place()
    async with world.pool.connection() as connection, connection.transaction():
        assert not await world.orders.place(connection, order_id, ORDER)
    await world.settle()
    await world.expect_confirmed(order_id)


async def test_sold_out_cancels_before_anything_is_paid(world):
    async with world.pool.connection() as connection:
        await connection.execute("UPDATE stock_items SET available = 1")
    order_id = await world.place()
    await world.settle()
    assert (await world.status(order_id), await world.available()) == ("CANCELLED", 1)
    assert world.gateway.calls == 0


async def test_a_declined_card_releases_the_stock(world):
    world.gateway.plan = [Refused("declined")]
    order_id = await world.place()
    await world.settle()
    await world.expect_cancelled(order_id)


async def test_a_lost_answer_is_charged_once(world):
    world.gateway.plan = ["lost", "lost"]
    order_id = await world.place()
    await world.settle()
    await world.expect_confirmed(order_id)
    assert world.gateway.calls == 3


@pytest.mark.parametrize("refused", [False, True])
async def test_twice_and_in_any_order_ends_the_same(world, refused):
    for seed in range(8):
        world.gateway.plan, world.gateway.charged = [Refused("declined")] if refused else [], {}
        async with world.pool.connection() as connection:
            await connection.execute("UPDATE stock_items SET available = 10")
        order_id = await world.place()
        await world.settle(random.Random(seed), copies=2)
        await (world.expect_cancelled(order_id) if refused else world.expect_confirmed(order_id))


@pytest.mark.parametrize("refused", [False, True])
async def test_killed_at_every_boundary_it_goes_on(world, refused):
    boundaries: list[str] = []
    world.boundary = boundaries.append
    world.gateway.plan = [Refused("declined")] if refused else []
    await world.place()
    await world.settle()
    assert len(boundaries) > 15
    for number in range(len(boundaries)):
        passed = 0

        def kill(where):
            nonlocal passed
            passed += 1
            if passed == number + 1:
                raise Killed(where)

        # A declined card stays declined.
        world.gateway.plan, world.gateway.charged = [Refused("declined")] * 2 if refused else [], {}
        async with world.pool.connection() as connection:
            await connection.execute("UPDATE stock_items SET available = 10")
        world.boundary = kill
        order_id = await world.place()
        await world.settle()
        await (world.expect_cancelled(order_id) if refused else world.expect_confirmed(order_id))


async def test_who_is_silent_is_not_waited_for_and_undone_later(world):
    world.silent = {"payments"}
    order_id = await world.place()
    await world.settle()
    assert await world.status(order_id) == "RESERVED"
    assert await world.overdue() == 1
    await world.settle()
    assert (await world.status(order_id), await world.available()) == ("CANCELLING", 10)
    # It is back, and hears of the cancellation by the reminder.
    world.silent = set()
    assert await world.overdue() == 1
    await world.settle()
    await world.expect_cancelled(order_id)
    # What was meant before comes now: nothing is charged any more.
    late = Received(str(uuid.uuid4()), "stock.reserved", str(order_id), json.dumps(ORDER).encode(), {}, 1)
    await world.deliver(world.participants[2], late)
    await world.settle()
    await world.expect_cancelled(order_id)
    assert world.gateway.calls == 0


async def test_a_success_that_comes_after_the_deadline_is_undone(world):
    order_id = await world.place()
    await world.relay(1)
    captured = False
    while not captured:
        participant, received = world.waiting.pop(0)
        await world.deliver(participant, received)
        await world.relay(1)
        captured = any(message.type == "payment.captured" for _, message in world.waiting)
    assert world.gateway.charged
    assert await world.overdue() == 1
    await world.settle()
    await world.expect_cancelled(order_id)


async def test_a_lost_answer_and_then_a_cancellation_pays_back(world):
    world.gateway.plan = ["lost"] * 3
    order_id = await world.place()
    with pytest.raises(AssertionError):
        await world.settle(patience=6)
    assert world.gateway.charged
    world.waiting = [each for each in world.waiting if each[1].type != "stock.reserved" or each[0].name != "payments"]
    assert await world.overdue() == 1
    await world.settle()
    await world.expect_cancelled(order_id)


async def test_what_can_not_be_undone_is_told_and_never_looks_done(world):
    world.orders = Orders(world.emit, alert=world.alert, reminders=2)
    world.participants[0] = world.orders.participant
    world.silent = {"payments"}
    order_id = await world.place()
    for _ in range(4):
        await world.settle()
        await world.overdue()
    assert await world.status(order_id) == "CANCEL_FAILED"
    assert world.alerts == ["the cancellation was not answered"]
    world.silent = set()
    # A person has repaired the service, and sends the event again.
    async with world.pool.connection() as connection, connection.transaction():
        await world.emit(connection, SagaEvent("order.cancelled", order_id, {}))
    await world.settle()
    await world.expect_cancelled(order_id)


async def test_two_that_watch_the_deadlines_cancel_once(world):
    world.silent = {"stock", "payments"}
    await world.place()
    async with world.pool.connection() as connection:
        await connection.execute("UPDATE orders SET deadline = now() - interval '1 second'")
    watching = [Deadlines(world.pool, world.orders.expire, every=0.05) for _ in range(2)]
    stop = asyncio.Event()
    running = [asyncio.create_task(each.run(stop)) for each in watching]
    await asyncio.sleep(0.4)
    stop.set()
    await asyncio.gather(*running)
    async with world.pool.connection() as connection:
        found = await connection.execute("SELECT count(*) FROM outbox WHERE type = 'order.cancelled'")
        assert (await found.fetchone())[0] == 1
    assert timedelta(minutes=15) == world.orders._deadline
