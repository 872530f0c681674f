"""Kafka: a publisher that knows what arrived, and a consumer that loses nothing and is not stopped by a
message that it can't handle."""

import asyncio
import logging
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord
from opentelemetry import context, propagate
from psycopg_pool import AsyncConnectionPool

from messages import Handler, Message, PoisonMessage, Publisher, PublishFailed, Received, handle_once

log = logging.getLogger(__name__)


class KafkaPublisher:
    """All replicas in sync have what it sends, once and in order for each key."""

    def __init__(self, brokers: str, *, app: str, timeout: float = 10.0) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=brokers,
            client_id=app,
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=int(timeout * 1000),
        )
        self._timeout = timeout

    async def start(self) -> None:
        await self._producer.start()

    async def stop(self) -> None:
        """Sends what is under way, and ends."""
        await self._producer.stop()

    async def publish(self, message: Message) -> None:
        """Returns when the replicas have the message; raises `PublishFailed` when they refuse it or nothing
        is heard in time."""
        headers = {**message.headers, "message-id": str(message.id), "type": message.type}
        try:
            async with asyncio.timeout(self._timeout):
                await self._producer.send_and_wait(
                    message.topic,
                    message.body,
                    key=message.key.encode(),
                    headers=[(name, value.encode()) for name, value in headers.items()],
                )
        except (TimeoutError, KafkaError) as error:
            raise PublishFailed(f"{message.type} {message.id} to {message.topic}: {error!r}") from error


class KafkaConsumer:
    """Takes the messages of some topics, one after the other in each partition.

    A failure is tried again after each of `delays` (seconds), in place, so that order is kept; their sum
    stays well below `max_poll_interval_ms`. What then still fails, and what is poison, goes to
    `<topic>.<group>.dead`: create that topic beside the topic.
    """

    def __init__(
        self,
        brokers: str,
        pool: AsyncConnectionPool,
        handler: Handler,
        *,
        group: str,
        topics: Sequence[str],
        delays: Sequence[float] = (0.5, 2, 10, 30),
        dead_letters: Publisher | None = None,
    ) -> None:
        self._consumer = AIOKafkaConsumer(
            *topics,
            bootstrap_servers=brokers,
            group_id=group,
            enable_auto_commit=False,
            # A new group begins at the first message that is kept; what was handled before is deduplicated.
            auto_offset_reset="earliest",
            max_poll_interval_ms=300_000,
        )
        self._dead_letters = dead_letters or KafkaPublisher(brokers, app=f"{group}.dead")
        self._pool = pool
        self._handler = handler
        self._group = group
        self._delays = delays

    async def run(self, stop: asyncio.Event) -> None:
        """Consumes until `stop` is set; finishes the message in hand, commits it and leaves the group."""
        if isinstance(self._dead_letters, KafkaPublisher):
            await self._dead_letters.start()
        await self._consumer.start()
        try:
            while not stop.is_set():
                batches = await self._consumer.getmany(timeout_ms=500, max_records=50)
                for partition, records in batches.items():
                    for record in records:
                        if stop.is_set():
                            return
                        if not await self._settle(partition, record, stop):
                            return
        finally:
            await self._consumer.stop()
            if isinstance(self._dead_letters, KafkaPublisher):
                await self._dead_letters.stop()

    async def _settle(self, partition: TopicPartition, record: ConsumerRecord, stop: asyncio.Event) -> bool:
        """Handles a record and then commits it. False when the process ends before that."""
        token = context.attach(propagate.extract(text_headers(record)))
        try:
            if not await self._handle(record, stop):
                return False
        finally:
            context.detach(token)
        try:
            await self._consumer.commit({partition: record.offset + 1})
        except (CommitFailedError, IllegalStateError):
            # Another consumer has the partition now and gets the record again: it is deduplicated there.
            log.warning("%s: %s went to another consumer", self._group, partition)
        return True

    async def _handle(self, record: ConsumerRecord, stop: asyncio.Event) -> bool:
        for attempt in range(1, len(self._delays) + 2):
            try:
                await handle_once(self._pool, self._group, decode(record, attempt), self._handler)
                return True
            except PoisonMessage as error:
                log.exception("%s: %s@%d is poison", self._group, record.topic, record.offset)
                return await self._bury(record, error, stop)
            except Exception as error:
                log.exception("%s: %s@%d, try %d failed", self._group, record.topic, record.offset, attempt)
                if attempt > len(self._delays):
                    return await self._bury(record, error, stop)
                if await ended(stop, self._delays[attempt - 1]):
                    return False
        return False

    async def _bury(self, record: ConsumerRecord, error: Exception, stop: asyncio.Event) -> bool:
        """Not before the dead letter is written does the next message come."""
        headers = text_headers(record)
        headers |= {"error": repr(error)[:500], "from": f"{record.topic}/{record.partition}/{record.offset}"}
        dead = Message(
            f"{record.topic}.{self._group}.dead",
            key=(record.key or b"").decode(errors="replace"),
            type=headers.get("type", "unknown"),
            body=record.value or b"",
            headers=headers,
        )
        while True:
            try:
                await self._dead_letters.publish(dead)
                return True
            except PublishFailed:
                log.exception("%s: the dead letter was not taken", self._group)
                if await ended(stop, 5):
                    return False


async def ended(stop: asyncio.Event, seconds: float) -> bool:
    """Waits, but no longer than the process lives."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True


def text_headers(record: ConsumerRecord) -> dict[str, str]:
    return {name: value.decode(errors="replace") for name, value in record.headers}


def decode(record: ConsumerRecord, attempt: int) -> Received:
    headers = text_headers(record)
    if record.value is None or "message-id" not in headers or "type" not in headers:
        raise PoisonMessage("a message without body, id or type")
    key = (record.key or b"").decode(errors="replace")
    return Received(headers["message-id"], headers["type"], key, record.value, headers, attempt)
