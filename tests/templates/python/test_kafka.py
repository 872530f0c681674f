"""Publisher, outbox and consumer against a real Kafka and a real PostgreSQL."""

import asyncio
import json
import os
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from conftest import eventually
from kafka_broker import KafkaPublisher
from messages import Message, PublishFailed
from outbox import Relay, add

BROKERS = os.environ["KAFKA_BROKERS"]


@pytest_asyncio.fixture
async def topic(name):
    """The topic of a test and its dead letters."""
    admin = AIOKafkaAdminClient(bootstrap_servers=BROKERS)
    await admin.start()
    names = [name, f"{name}.{name}.dead"]
    await admin.create_topics([NewTopic(each, 1, 1) for each in names])
    yield name
    await admin.delete_topics(names)
    await admin.close()


@pytest_asyncio.fixture
async def publisher():
    publisher = KafkaPublisher(BROKERS, app="tests")
    await publisher.start()
    yield publisher
    await publisher.stop()


def message(topic: str, n: int, do: str = "work") -> Message:
    return Message(topic, key=str(n), type="test.done", body=json.dumps({"n": n, "do": do}).encode())


async def records(topic: str) -> list:
    """Everything that is in a topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=BROKERS)
    await consumer.start()
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        found = []
        while len(found) < end:
            found += (await consumer.getmany(partition, timeout_ms=1000)).get(partition, [])
        return found
    finally:
        await consumer.stop()


async def committed(name: str) -> int | None:
    admin = AIOKafkaAdminClient(bootstrap_servers=BROKERS)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(name)
        return next((found.offset for partition, found in offsets.items() if partition.topic == name), None)
    finally:
        await admin.close()


async def test_what_is_published_is_there_with_key_and_headers(publisher, topic):
    sent = message(topic, 7)
    await publisher.publish(sent)
    (record,) = await records(topic)
    assert record.key == b"7" and record.value == sent.body
    assert dict(record.headers)["message-id"] == str(sent.id).encode()


async def test_a_topic_that_is_not_there_surfaces(name):
    publisher = KafkaPublisher(BROKERS, app="tests", timeout=2)
    await publisher.start()
    with pytest.raises(PublishFailed):
        await publisher.publish(message(name, 1))
    await publisher.stop()


async def test_a_refused_message_surfaces(name):
    admin = AIOKafkaAdminClient(bootstrap_servers=BROKERS)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1, topic_configs={"max.message.bytes": "100"})])
    publisher = KafkaPublisher(BROKERS, app="tests", timeout=2)
    await publisher.start()
    with pytest.raises(PublishFailed) as raised:
        await publisher.publish(message(name, 1, "x" * 200))
    assert raised.value.__cause__ is not None
    await admin.delete_topics([name])
    await admin.close()
    await publisher.stop()


async def test_a_change_and_its_event_are_one_commit(publisher, pool, worker, effects, topic):
    process = worker("kafka")
    async with pool.connection() as db, db.transaction():
        await add(db, message(topic, 1))
    with pytest.raises(RuntimeError):
        async with pool.connection() as db, db.transaction():
            await add(db, message(topic, 2))
            raise RuntimeError("the change failed, so its event must not be there")
    async with pool.connection() as db, db.transaction():
        await add(db, message(topic, 3))
    assert await Relay(pool, publisher).publish_batch() == 2
    await eventually(lambda: effects() == [1, 3], process.text)
    assert await process.terminate() == 0


async def test_the_same_message_twice_has_one_effect(publisher, worker, effects, topic):
    process = worker("kafka")
    same = message(topic, 1)
    for _ in range(3):
        await publisher.publish(same)
    await publisher.publish(message(topic, 2))
    await eventually(lambda: effects() == [1, 2], process.text)
    assert await process.terminate() == 0
    assert effects() == [1, 2]


async def test_a_crash_between_handling_and_commit_has_one_effect(publisher, worker, effects, topic):
    first = worker("kafka", DIE_BEFORE_ACK="yes")
    await publisher.publish(message(topic, 1))
    assert await first.end() == 9
    assert effects() == [1]
    assert await committed(topic) is None
    second = worker("kafka")
    await publisher.publish(message(topic, 2))
    await eventually(lambda: effects() == [1, 2], second.text)
    assert await second.terminate() == 0
    assert effects() == [1, 2]
    assert await committed(topic) == 2


async def test_a_crash_before_the_commit_loses_nothing(publisher, worker, effects, topic, tmp_path):
    first = worker("kafka", MARK=str(tmp_path / "died"))
    await publisher.publish(message(topic, 1, "die-before-commit"))
    assert await first.end() == 9
    assert effects() == []
    second = worker("kafka", MARK=str(tmp_path / "died"))
    await eventually(lambda: effects() == [1], second.text)
    assert await second.terminate() == 0


async def test_poison_goes_to_the_dead_letters_and_the_next_is_handled(publisher, worker, effects, topic):
    process = worker("kafka")
    await publisher.publish(Message(topic, key="1", type="test.done", body=b"\xff no json"))
    await publisher.publish(message(topic, 2))
    await eventually(lambda: effects() == [2], process.text)
    (dead,) = await records(f"{topic}.{topic}.dead")
    assert dead.value == b"\xff no json"
    assert dict(dead.headers)["from"] == f"{topic}/0/0".encode()
    assert process.process.poll() is None
    assert await process.terminate() == 0


async def test_a_failure_is_tried_again_later_and_then_dead(publisher, worker, effects, topic):
    process = worker("kafka")
    await publisher.publish(message(topic, 1, "fail"))
    await publisher.publish(message(topic, 2, "fail-once"))
    await publisher.publish(message(topic, 3))
    await eventually(lambda: effects() == [2, 3], process.text)
    assert len(await records(f"{topic}.{topic}.dead")) == 1
    begun = [line.strip() for line in process.said if line.startswith("begin 1 ")]
    assert begun == ["begin 1 1", "begin 1 2", "begin 1 3"]
    assert await process.terminate() == 0


async def test_sigterm_drains(publisher, worker, effects, topic):
    process = worker("kafka")
    await publisher.publish(message(topic, 1, "slow"))
    await publisher.publish(message(topic, 2, "slow"))
    await eventually(lambda: "begin 1" in process.text(), process.text)
    assert await process.terminate() == 0
    assert effects() == [1]
    assert await committed(topic) == 1


async def test_an_unconfirmed_message_surfaces(gate, topic):
    at = urlsplit(f"kafka://{BROKERS}")
    publisher = KafkaPublisher(BROKERS, app="tests", timeout=1)
    await publisher.start()
    await publisher.publish(message(topic, 1))
    # The broker names its own address, so the gate stands in the resolver.
    port = await gate.open(at.hostname, at.port)
    for connection in publisher._producer.client._conns.values():
        connection.close()
    publisher._producer.client._conns.clear()
    for broker in list(publisher._producer.client.cluster._brokers.values()):
        publisher._producer.client.cluster._brokers[broker.nodeId] = broker._replace(port=port)
    gate.shut = True
    with pytest.raises(PublishFailed):
        await publisher.publish(message(topic, 2))
    gate.shut = False
    await asyncio.wait_for(publisher.stop(), 30)
