"""What publishers, relays and consumers of any broker share."""

import asyncio
import logging
import random
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID, uuid4

from opentelemetry import propagate
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

log = logging.getLogger(__name__)


class PublishFailed(Exception):
    """The broker did not take the message, or did not say so; `__cause__` is what the library said."""


class PoisonMessage(Exception):
    """Trying again can't help: the message is broken. It goes to the dead letters at once."""


@dataclass(frozen=True)
class Message:
    """The id is made once, where the event is made, and stays the same however often it is sent."""

    topic: str  # the topic of Kafka, the routing key of RabbitMQ
    key: str  # what must stay in order, usually the id of the aggregate
    type: str
    body: bytes
    id: UUID = field(default_factory=uuid4)
    headers: Mapping[str, str] = field(default_factory=dict)

    def traced(self) -> "Message":
        """With the trace of whoever makes it, so that the consumer goes on in the same trace."""
        carrier = dict(self.headers)
        propagate.inject(carrier)
        return Message(self.topic, self.key, self.type, self.body, self.id, carrier)


class Publisher(Protocol):
    async def publish(self, message: Message) -> None:
        """Returns when the broker has the message, or raises `PublishFailed`."""


@dataclass(frozen=True)
class Received:
    """A message as a handler sees it."""

    id: str
    type: str
    key: str
    body: bytes
    headers: Mapping[str, str]
    attempt: int  # counted from 1


# A handler works in the transaction that it is given, and in nothing else: then its effects, the note that
# the message is handled, and the events it puts into the outbox are there together or not at all.
Handler = Callable[[AsyncConnection, Received], Awaitable[None]]


async def handle_once(pool: AsyncConnectionPool, consumer: str, message: Received, handler: Handler) -> bool:
    """Runs the handler unless its effects are in the database already; says whether it ran."""
    async with pool.connection() as connection, connection.transaction():
        noted = await connection.execute(
            "INSERT INTO processed_messages (consumer, message_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (consumer, message.id),
        )
        if noted.rowcount == 0:
            log.info("%s: message %s was handled before", consumer, message.id)
            return False
        await handler(connection, message)
        return True


def backoff(attempt: int, first: float = 0.5, longest: float = 30.0) -> float:
    """Seconds before the next try: full jitter below an exponential limit."""
    return random.uniform(0, min(longest, first * 2 ** (attempt - 1)))


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
