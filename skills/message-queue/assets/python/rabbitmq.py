"""RabbitMQ: a publisher that knows what arrived, and a consumer that loses nothing and is not stopped by a
message that it can't handle."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from opentelemetry import context, propagate
from psycopg_pool import AsyncConnectionPool

from messages import Handler, Message, PoisonMessage, PublishFailed, Received, handle_once

log = logging.getLogger(__name__)

EXCHANGE = "events"
ATTEMPT = "x-attempt"


class RabbitPublisher:
    """Confirmed, persistent, mandatory. One channel, which reconnects."""

    def __init__(self, connection: aio_pika.abc.AbstractRobustConnection, *, app: str, timeout: float = 5.0) -> None:
        self._connection = connection
        self._app = app
        self._timeout = timeout
        self._exchange: aio_pika.abc.AbstractExchange | None = None
        self._lock = asyncio.Lock()

    async def _open(self) -> aio_pika.abc.AbstractExchange:
        async with self._lock:
            if self._exchange is None:
                channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
                self._exchange = await channel.declare_exchange(
                    EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True
                )
            return self._exchange

    async def publish(self, message: Message) -> None:
        """Returns when a queue has the message; raises `PublishFailed` when none takes it, the broker
        refuses it, or nothing is heard in time."""
        try:
            async with asyncio.timeout(self._timeout):
                exchange = await self._open()
                await exchange.publish(encode(message, self._app), routing_key=message.topic, mandatory=True)
        except (TimeoutError, aio_pika.exceptions.AMQPError, ConnectionError, RuntimeError) as error:
            raise PublishFailed(f"{message.type} {message.id} to {message.topic}: {error!r}") from error


def encode(message: Message, app: str) -> aio_pika.Message:
    return aio_pika.Message(
        message.body,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=str(message.id),
        type=message.type,
        timestamp=datetime.now(UTC),
        content_type="application/json",
        app_id=app,
        headers={**message.headers, "key": message.key},
    )


class RabbitConsumer:
    """Takes messages of some routing keys from a queue of its own.

    A failure is tried again after each of `delays` (seconds), by queues in which messages wait; what then
    still fails, and what is poison, goes to `<queue>.dead`. A message that kills the process is stopped by
    the delivery limit of the quorum queue.
    """

    def __init__(
        self,
        connection: aio_pika.abc.AbstractRobustConnection,
        pool: AsyncConnectionPool,
        handler: Handler,
        *,
        queue: str,
        topics: Sequence[str],
        delays: Sequence[float] = (1, 10, 60, 300),
        prefetch: int = 10,
        delivery_limit: int = 5,
        drain: float = 25.0,
    ) -> None:
        self._connection = connection
        self._pool = pool
        self._handler = handler
        self._name = queue
        self._topics = topics
        self._delays = delays
        self._prefetch = prefetch
        self._delivery_limit = delivery_limit
        self._drain = drain
        self._running: set[asyncio.Task[None]] = set()
        self._channel: AbstractChannel | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Consumes until `stop` is set, then takes nothing more and finishes what it has in hand."""
        channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        self._channel = channel
        await channel.set_qos(prefetch_count=self._prefetch)
        queue = await self._declare(channel)
        tag = await queue.consume(self._received)
        await stop.wait()
        await queue.cancel(tag)
        if self._running:
            await asyncio.wait(self._running, timeout=self._drain)
        await channel.close()

    async def _declare(self, channel: AbstractChannel) -> AbstractQueue:
        dead = f"{self._name}.dead"
        await channel.declare_queue(dead, durable=True, arguments={"x-queue-type": "quorum"})
        queue = await channel.declare_queue(
            self._name,
            durable=True,
            arguments={
                "x-queue-type": "quorum",
                "x-delivery-limit": self._delivery_limit,
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": dead,
                # Dead letters wait for the confirm of their queue too.
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            },
        )
        exchange = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)
        for topic in self._topics:
            await queue.bind(exchange, routing_key=topic)
        for number, delay in enumerate(self._delays, start=1):
            await channel.declare_queue(
                f"{self._name}.retry.{number}",
                durable=True,
                arguments={
                    "x-queue-type": "quorum",
                    "x-message-ttl": int(delay * 1000),
                    "x-dead-letter-exchange": "",
                    "x-dead-letter-routing-key": self._name,
                    "x-dead-letter-strategy": "at-least-once",
                    "x-overflow": "reject-publish",
                },
            )
        return queue

    async def _received(self, raw: AbstractIncomingMessage) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            await self._settle(raw)
        finally:
            self._running.discard(task)

    async def _settle(self, raw: AbstractIncomingMessage) -> None:
        """Acknowledges as the last step. Anything else gives the message back or to the dead letters."""
        token = context.attach(propagate.extract(text_headers(raw)))
        try:
            message = decode(raw)
            await handle_once(self._pool, self._name, message, self._handler)
            await raw.ack()
        except PoisonMessage:
            log.exception("%s: message %s is poison", self._name, raw.message_id)
            await raw.reject(requeue=False)
        except Exception:
            log.exception("%s: message %s failed", self._name, raw.message_id)
            await self._later(raw)
        finally:
            context.detach(token)

    async def _later(self, raw: AbstractIncomingMessage) -> None:
        attempt = attempt_of(raw)
        if attempt > len(self._delays) or self._channel is None:
            await raw.reject(requeue=False)
            return
        again = aio_pika.Message(
            raw.body,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=raw.message_id,
            type=raw.type,
            timestamp=raw.timestamp,
            content_type=raw.content_type,
            app_id=raw.app_id,
            headers={**raw.headers, ATTEMPT: attempt + 1},
        )
        try:
            # Confirmed before the original goes.
            waiting = f"{self._name}.retry.{attempt}"
            await self._channel.default_exchange.publish(again, waiting, mandatory=True, timeout=5)
        except Exception:
            log.exception("%s: message %s could not be put off", self._name, raw.message_id)
            await asyncio.sleep(1)
            await raw.nack(requeue=True)  # counted by the delivery limit
            return
        await raw.ack()


def text_headers(raw: AbstractIncomingMessage) -> dict[str, str]:
    return {name: value for name, value in raw.headers.items() if isinstance(value, str)}


def attempt_of(raw: AbstractIncomingMessage) -> int:
    number = raw.headers.get(ATTEMPT, 1)
    return number if isinstance(number, int) else 1


def decode(raw: AbstractIncomingMessage) -> Received:
    if not raw.message_id or not raw.type:
        raise PoisonMessage("a message without id or type")
    headers = text_headers(raw)
    return Received(raw.message_id, raw.type, headers.get("key", ""), raw.body, headers, attempt_of(raw))
