"""Publisher, outbox and consumer against a real RabbitMQ and a real PostgreSQL."""

import asyncio
import json
import os
from urllib.parse import urlsplit

import aio_pika
import psycopg
import pytest
import pytest_asyncio

from conftest import eventually
from messages import Message, PublishFailed
from outbox import Relay, add
from rabbitmq import EXCHANGE, RabbitPublisher


@pytest_asyncio.fixture
async def connection():
    connection = await aio_pika.connect_robust(os.environ["RABBITMQ_URL"])
    async with connection:
        yield connection


@pytest.fixture
def publisher(connection):
    return RabbitPublisher(connection, app="tests", timeout=5)


def message(topic: str, n: int, do: str = "work") -> Message:
    return Message(topic, key=str(n), type="test.done", body=json.dumps({"n": n, "do": do}).encode())


async def depth(connection, queue: str) -> int:
    """How many messages wait in a queue; -1 when there is none."""
    channel = await connection.channel()
    try:
        return (await channel.declare_queue(queue, passive=True)).declaration_result.message_count
    except aio_pika.exceptions.ChannelClosed:
        return -1
    finally:
        await channel.close()


async def consumed(connection, name: str) -> None:
    """Waits until the consumer has declared and bound its queue."""
    await eventually(lambda: exists(connection, f"{name}.retry.2"))


async def exists(connection, queue: str) -> bool:
    return await depth(connection, queue) >= 0


async def test_an_unroutable_message_surfaces(publisher, name):
    with pytest.raises(PublishFailed) as raised:
        await publisher.publish(message(name, 1))
    assert raised.value.__cause__ is not None


async def test_a_refused_message_surfaces(connection, publisher, name):
    channel = await connection.channel()
    full = {"x-max-length": 0, "x-overflow": "reject-publish"}
    exchange = await channel.declare_exchange(EXCHANGE, "topic", durable=True)
    queue = await channel.declare_queue(name, durable=True, arguments=full)
    await queue.bind(exchange, name)
    with pytest.raises(PublishFailed):
        await publisher.publish(message(name, 1))
    await queue.delete(if_unused=False, if_empty=False)


async def test_an_unconfirmed_message_surfaces(gate, name):
    at = urlsplit(os.environ["RABBITMQ_URL"])
    port = await gate.open(at.hostname, at.port)
    connection = await aio_pika.connect_robust(f"amqp://guest:guest@127.0.0.1:{port}/")
    channel = await connection.channel()
    queue = await channel.declare_queue(name, durable=True)
    await queue.bind(await channel.declare_exchange(EXCHANGE, "topic", durable=True), name)
    publisher = RabbitPublisher(connection, app="tests", timeout=0.5)
    await publisher.publish(message(name, 1))
    gate.shut = True
    with pytest.raises(PublishFailed):
        await publisher.publish(message(name, 2))
    gate.shut = False
    await publisher.publish(message(name, 3))
    await queue.delete(if_unused=False, if_empty=False)
    await connection.close()


async def test_what_is_published_is_persistent_and_described(connection, publisher, name):
    channel = await connection.channel()
    queue = await channel.declare_queue(name, durable=True)
    await queue.bind(await channel.declare_exchange(EXCHANGE, "topic", durable=True), name)
    sent = message(name, 1)
    await publisher.publish(sent)
    got = await queue.get(timeout=5)
    assert got.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert (got.message_id, got.type, got.app_id, got.content_type) == (
        str(sent.id), "test.done", "tests", "application/json"
    )
    assert got.timestamp is not None
    await got.ack()
    await queue.delete(if_unused=False, if_empty=False)


async def test_a_change_and_its_event_are_one_commit(connection, publisher, pool, worker, effects, name):
    process = worker("rabbitmq")
    await consumed(connection, name)
    relay = Relay(pool, publisher, idle=0.1)
    stop = asyncio.Event()
    running = asyncio.create_task(relay.run(stop))
    async with pool.connection() as db, db.transaction():
        await add(db, message(name, 1))
    with pytest.raises(RuntimeError):
        async with pool.connection() as db, db.transaction():
            await add(db, message(name, 2))
            raise RuntimeError("the change failed, so its event must not be there")
    async with pool.connection() as db, db.transaction():
        await add(db, message(name, 3))
    await eventually(lambda: effects() == [1, 3], process.text)
    stop.set()
    await running
    assert await relay.publish_batch() == 0
    assert await process.terminate() == 0


async def test_the_relay_keeps_order_and_what_the_broker_did_not_take(pool, name):
    taken, refuse = [], {"2"}

    class Broker:
        async def publish(self, message):
            if message.key in refuse:
                raise PublishFailed(message.key)
            taken.append(message.key)

    for n in (1, 2, 3):
        async with pool.connection() as db, db.transaction():
            await add(db, message(name, n))
    relay = Relay(pool, Broker())
    for _ in range(2):
        with pytest.raises(PublishFailed):
            await relay.publish_batch()
    assert taken == ["1"]
    refuse.clear()
    assert await relay.publish_batch() == 2
    assert taken == ["1", "2", "3"]
    async with pool.connection() as db:
        await db.execute("UPDATE outbox SET published_at = now() - interval '8 days' WHERE key <> '3'")
    assert await relay.clean() == 2


async def test_two_relays_publish_each_row_once(pool, name):
    taken = []

    class Broker:
        async def publish(self, message):
            await asyncio.sleep(0.01)
            taken.append(message.key)

    async with pool.connection() as db, db.transaction():
        for n in range(20):
            await add(db, message(name, n))
    await asyncio.gather(*(Relay(pool, Broker()).publish_batch() for _ in range(2)))
    assert taken == [str(n) for n in range(20)]


async def test_a_relay_outlives_a_broker_that_is_away(pool, name):
    up, taken = asyncio.Event(), []

    class Broker:
        async def publish(self, message):
            if not up.is_set():
                raise PublishFailed("away")
            taken.append(message.key)

    async with pool.connection() as db, db.transaction():
        await add(db, message(name, 1))
    stop = asyncio.Event()
    running = asyncio.create_task(Relay(pool, Broker(), idle=0.05).run(stop))
    await asyncio.sleep(0.3)
    up.set()
    await eventually(lambda: taken == ["1"])
    stop.set()
    await running


async def test_the_same_message_twice_has_one_effect(connection, publisher, worker, effects, name):
    process = worker("rabbitmq")
    await consumed(connection, name)
    same = message(name, 1)
    for _ in range(3):
        await publisher.publish(same)
    await publisher.publish(message(name, 2))
    await eventually(lambda: effects() == [1, 2], process.text)
    assert await process.terminate() == 0
    assert effects() == [1, 2]
    assert await depth(connection, name) == 0


async def test_a_crash_between_handling_and_acknowledgement_has_one_effect(
    connection, publisher, worker, effects, name
):
    first = worker("rabbitmq", DIE_BEFORE_ACK="yes")
    await consumed(connection, name)
    await publisher.publish(message(name, 1))
    assert await first.end() == 9
    assert effects() == [1]
    second = worker("rabbitmq")
    await publisher.publish(message(name, 2))
    await eventually(lambda: effects() == [1, 2], second.text)
    assert await second.terminate() == 0
    assert effects() == [1, 2]
    assert await depth(connection, name) == 0


async def test_a_crash_before_the_commit_loses_nothing(connection, publisher, worker, effects, name, tmp_path):
    first = worker("rabbitmq", MARK=str(tmp_path / "died"))
    await consumed(connection, name)
    await publisher.publish(message(name, 1, "die-before-commit"))
    assert await first.end() == 9
    assert effects() == []
    second = worker("rabbitmq", MARK=str(tmp_path / "died"))
    await eventually(lambda: effects() == [1], second.text)
    assert await second.terminate() == 0


async def test_poison_goes_to_the_dead_letters_and_the_next_is_handled(connection, publisher, worker, effects, name):
    process = worker("rabbitmq")
    await consumed(connection, name)
    await publisher.publish(Message(name, key="1", type="test.done", body=b"\xff no json"))
    await publisher.publish(message(name, 2))
    await eventually(lambda: effects() == [2], process.text)
    await eventually(lambda: has(connection, f"{name}.dead", 1), process.text)
    assert process.process.poll() is None
    assert await process.terminate() == 0


async def has(connection, queue: str, number: int) -> bool:
    return await depth(connection, queue) == number


async def test_a_failure_is_tried_again_later_and_then_dead(connection, publisher, worker, effects, name):
    process = worker("rabbitmq")
    await consumed(connection, name)
    await publisher.publish(message(name, 1, "fail"))
    await publisher.publish(message(name, 2, "fail-once"))
    await publisher.publish(message(name, 3))
    await eventually(lambda: effects() == [2, 3], process.text)
    await eventually(lambda: has(connection, f"{name}.dead", 1), process.text)
    begun = [line.strip() for line in process.said if line.startswith("begin 1 ")]
    assert begun == ["begin 1 1", "begin 1 2", "begin 1 3"]
    assert await process.terminate() == 0


async def test_a_message_that_kills_the_process_is_stopped(connection, publisher, worker, effects, name):
    killed = 0
    process = worker("rabbitmq")
    await consumed(connection, name)
    await publisher.publish(message(name, 1, "die"))
    while killed < 10:
        if process.process.poll() is not None:
            killed += 1
            process = worker("rabbitmq")
        elif await has(connection, f"{name}.dead", 1):
            # The message went there when the last process ended.
            break
        await asyncio.sleep(1)
    assert 1 < killed < 10
    if process.process.poll() is not None:
        process = worker("rabbitmq")
    await publisher.publish(message(name, 2))
    await eventually(lambda: effects() == [2], process.text)
    assert await process.terminate() == 0


async def test_sigterm_drains(connection, publisher, worker, effects, name):
    process = worker("rabbitmq")
    await consumed(connection, name)
    await publisher.publish(message(name, 1, "slow"))
    await eventually(lambda: "begin 1" in process.text(), process.text)
    assert await process.terminate() == 0
    assert effects() == [1]
    assert "ended" in process.text()
    assert await depth(connection, name) == 0


async def test_the_trace_goes_through_the_outbox(connection, publisher, pool, worker, effects, name, database):
    from opentelemetry import context, trace

    process = worker("rabbitmq")
    await consumed(connection, name)
    span = trace.SpanContext(0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331, False, trace.TraceFlags(1))
    token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(span)))
    async with pool.connection() as db, db.transaction():
        await add(db, message(name, 1))
    context.detach(token)
    await Relay(pool, publisher).publish_batch()
    await eventually(lambda: effects() == [1], process.text)
    with psycopg.connect(database) as db:
        (found,) = db.execute("SELECT traceparent FROM effects").fetchone()
    assert found == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert await process.terminate() == 0
