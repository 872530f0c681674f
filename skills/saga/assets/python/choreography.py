"""A saga without an orchestrator: each service does its part when it hears an event, and tells what it did.

The state of the saga is the status of each service's own row. What makes that safe: an event is an outbox row
in the transaction of the change, a consumer notes what it handled in the transaction of its effects (skill
message-queue), a cancellation leaves a mark where nothing was done yet, and whoever began the operation has a
deadline for it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

log = logging.getLogger(__name__)

Json = dict[str, Any]


class Refused(Exception):
    """The step did not happen and never will (sold out, card declined)."""


@dataclass(frozen=True)
class SagaEvent:
    type: str
    saga_id: UUID  # the id of the aggregate that began it; also the key that keeps its events in order
    data: Json


# Puts an event into the outbox, in the transaction that it is given.
Emit = Callable[[AsyncConnection, SagaEvent], Awaitable[None]]
Reaction = Callable[[AsyncConnection, SagaEvent], Awaitable[None]]


class Participant:
    """What a service does when it hears an event. Call `react` from the handler of the consumer, in the
    transaction of `handle_once`."""

    def __init__(self, name: str, reactions: Mapping[str, Reaction]) -> None:
        self.name = name
        self._reactions = dict(reactions)

    async def react(self, connection: AsyncConnection, event: SagaEvent) -> None:
        reaction = self._reactions.get(event.type)
        if reaction is None:
            log.info("%s: %s is not for us", self.name, event.type)
            return
        # One event of a saga at a time: a cancellation does not run beside what it cancels.
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{self.name}:{event.saga_id}",)
        )
        await reaction(connection, event)


class Deadlines:
    """Looks for sagas that took too long. Run one in each replica: rows are locked, none is taken twice."""

    def __init__(
        self, pool: AsyncConnectionPool, expire: Callable[[AsyncConnection], Awaitable[int]], *, every: float = 5.0
    ) -> None:
        self._pool = pool
        self._expire = expire
        self._every = every

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.check()
            except Exception:
                log.exception("deadlines: the database is not there")
            try:
                await asyncio.wait_for(stop.wait(), self._every)
            except TimeoutError:
                pass

    async def check(self) -> int:
        """How many sagas were overdue."""
        async with self._pool.connection() as connection, connection.transaction():
            return await self._expire(connection)
