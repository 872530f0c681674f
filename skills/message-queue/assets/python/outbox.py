"""The outbox: an event is a row in the transaction of the change, and a relay publishes the rows in order."""

import asyncio
import logging
from datetime import timedelta

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from messages import Message, Publisher, PublishFailed, backoff

log = logging.getLogger(__name__)

# Any number that nobody else in this database uses for an advisory lock.
RELAY_LOCK = 727_001


async def add(connection: AsyncConnection, message: Message) -> None:
    """Puts an event into the outbox. Call it in the transaction that makes the change."""
    message = message.traced()
    await connection.execute(
        "INSERT INTO outbox (message_id, topic, key, type, headers, body) VALUES (%s, %s, %s, %s, %s, %s)",
        (message.id, message.topic, message.key, message.type, Jsonb(message.headers), message.body),
    )


class Relay:
    """Run one in each replica: a lock lets one of them work at a time, so that the order is kept.

    A row that the broker took and that could not be marked is published again, with the same id: consumers
    deduplicate.
    """

    def __init__(
        self,
        pool: AsyncConnectionPool,
        publisher: Publisher,
        *,
        batch: int = 100,
        idle: float = 0.5,
        keep: timedelta = timedelta(days=7),
    ) -> None:
        self._pool = pool
        self._publisher = publisher
        self._batch = batch
        self._idle = idle
        self._keep = keep

    async def run(self, stop: asyncio.Event) -> None:
        """Publishes until `stop` is set. An unreachable broker or database is waited for."""
        failures = 0
        while not stop.is_set():
            try:
                pause = 0.0 if await self.publish_batch() == self._batch else self._idle
                failures = 0
            except Exception:
                failures += 1
                pause = backoff(failures)
                log.exception("relay: try %d failed, next in %.1f s", failures, pause)
            try:
                await asyncio.wait_for(stop.wait(), pause)
            except TimeoutError:
                pass

    async def publish_batch(self) -> int:
        """Publishes what waits, at most a batch, and says how much that was. Stops at the first failure:
        what comes behind must not overtake."""
        async with self._pool.connection() as connection, connection.transaction():
            held = await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (RELAY_LOCK,))
            if (await held.fetchone()) != (True,):
                return 0
            waiting = await connection.execute(
                "SELECT position, message_id, topic, key, type, headers, body FROM outbox"
                " WHERE published_at IS NULL ORDER BY position LIMIT %s",
                (self._batch,),
            )
            published: list[int] = []
            failure: PublishFailed | None = None
            for position, message_id, topic, key, type_, headers, body in await waiting.fetchall():
                try:
                    await self._publisher.publish(Message(topic, key, type_, body, message_id, headers))
                except PublishFailed as error:
                    failure = error
                    break
                published.append(position)
            await connection.execute("UPDATE outbox SET published_at = now() WHERE position = ANY(%s)", (published,))
        if failure is not None:
            raise failure
        return len(published)

    async def clean(self) -> int:
        """Deletes what was published long ago; call it once an hour or so."""
        async with self._pool.connection() as connection:
            gone = await connection.execute("DELETE FROM outbox WHERE published_at < now() - %s", (self._keep,))
            return gone.rowcount
