"""Sagas that survive crashes: the state is a row in PostgreSQL, and any process can go on with it.

A step before the pivot is undone when something behind it fails; a step behind the pivot is repeated until
it succeeds. A step may run twice (a crash, an answer that was lost): it sends `context.key` as idempotency
key. What can't be undone ends as `compensation_failed` and is told to a person.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

log = logging.getLogger(__name__)

Json = dict[str, Any]


class Refused(Exception):
    """The step did not happen and never will (sold out, card declined): undo what was done before it."""


@dataclass(frozen=True)
class StepContext:
    saga_id: UUID
    step: str
    input: Mapping[str, Any]
    results: Mapping[str, Any]  # of the steps before, by name

    @property
    def key(self) -> str:
        """The same for each attempt of the step, and for its compensation."""
        return f"{self.saga_id}:{self.step}"


@dataclass(frozen=True)
class Step:
    """`compensate` gets what `run` gave; None when that is not known (a lost answer): then it finds out by
    `context.key`, and undoing what never happened does nothing."""

    name: str
    run: Callable[[StepContext], Awaitable[Json]]
    compensate: Callable[[StepContext, Json | None], Awaitable[None]] | None = None
    timeout: float = 10.0
    attempts: int = 5


@dataclass(frozen=True)
class SagaType:
    """`pivot` names the step after which there is no way back."""

    name: str
    steps: Sequence[Step]
    pivot: str
    deadline: timedelta = timedelta(minutes=15)

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        if len(set(names)) != len(names) or self.pivot not in names:
            raise ValueError(f"{self.name}: step names must be unique, and one of them is the pivot")
        # The pivot too: whether it happened may stay unknown.
        for step in self.steps[: names.index(self.pivot) + 1]:
            if step.compensate is None:
                raise ValueError(f"{self.name}: {step.name} may have to be undone and has no compensation")

    @property
    def pivot_index(self) -> int:
        return [step.name for step in self.steps].index(self.pivot)


async def start(connection: AsyncConnection, saga: SagaType, saga_id: UUID, data: Json) -> bool:
    """Stores a new saga in the caller's transaction; false when it is there already. Answer 202 then: an
    orchestrator runs it, `GET /orders/{id}` shows the state."""
    made = await connection.execute(
        "INSERT INTO sagas (id, type, input, deadline) VALUES (%s, %s, %s, now() + %s) ON CONFLICT DO NOTHING",
        (saga_id, saga.name, Jsonb(data), saga.deadline),
    )
    return made.rowcount == 1


class Orchestrator:
    """Run one in each replica, or several. It keeps nothing of a saga in memory between two steps."""

    def __init__(
        self,
        pool: AsyncConnectionPool,
        sagas: Sequence[SagaType],
        *,
        alert: Callable[[UUID, str], Awaitable[None]],
        idle: float = 0.5,
        backoff: float = 0.5,
        max_backoff: float = 60.0,
        compensation_attempts: int = 10,
        lease_margin: float = 5.0,
    ) -> None:
        self._pool = pool
        self._sagas = {saga.name: saga for saga in sagas}
        self._alert = alert
        self._idle = idle
        self._first = backoff
        self._longest = max_backoff
        self._compensation_attempts = compensation_attempts
        # Longer than any step: who is late finds its version gone and drops what it has.
        longest = max(step.timeout for saga in sagas for step in saga.steps)
        self._lease = timedelta(seconds=longest + lease_margin)

    async def run(self, stop: asyncio.Event) -> None:
        """Goes on with all unfinished sagas, those of a process that died too, until `stop` is set."""
        while not stop.is_set():
            try:
                if await self.advance():
                    continue
            except Exception:
                log.exception("orchestrator: the database is not there")
            try:
                await asyncio.wait_for(stop.wait(), self._idle)
            except TimeoutError:
                pass

    async def advance(self) -> bool:
        """One step of one saga that is due; false when there is none."""
        row = await self._claim()
        if row is None:
            return False
        saga = self._sagas[row["type"]]
        step = saga.steps[row["step"]]
        context = StepContext(
            row["id"], step.name, MappingProxyType(row["input"]), MappingProxyType(row["results"])
        )
        if row["state"] == "running":
            await self._forward(saga, step, context, row)
        else:
            await self._back(step, context, row)
        return True

    async def _claim(self) -> Json | None:
        """Takes a due saga: counts the attempt and moves `due_at` before anything is done."""
        async with self._pool.connection() as connection, connection.transaction():
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(
                """
                UPDATE sagas SET due_at = now() + %s, attempt = attempt + 1, version = version + 1, updated_at = now()
                WHERE id = (
                    SELECT id FROM sagas
                    WHERE state IN ('running', 'compensating') AND due_at <= now() AND type = ANY(%s)
                    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
                )
                RETURNING *, now() > deadline AS overdue
                """,
                (self._lease, list(self._sagas)),
            )
            return await cursor.fetchone()

    async def _forward(self, saga: SagaType, step: Step, context: StepContext, row: Json) -> None:
        index, attempt = row["step"], row["attempt"]
        may_turn = index <= saga.pivot_index
        # An earlier attempt may have taken effect.
        undo_from = index if attempt > 1 else index - 1
        if may_turn and row["overdue"]:
            await self._turn(row, undo_from, "the saga took too long")
            return
        try:
            async with asyncio.timeout(step.timeout):
                result = await step.run(context)
        except Refused as error:
            if may_turn:
                await self._turn(row, undo_from, repr(error))
            else:
                await self._alert(context.saga_id, f"{step.name} was refused after the pivot: {error!r}")
                await self._later(row, repr(error))
        except Exception as error:
            log.warning("saga %s: %s, attempt %d: %r", context.saga_id, step.name, attempt, error)
            if may_turn and attempt >= step.attempts:
                await self._turn(row, index, repr(error))
            else:
                if not may_turn and attempt % step.attempts == 0:
                    await self._alert(context.saga_id, f"{step.name} failed {attempt} times: {error!r}")
                await self._later(row, repr(error))
        else:
            last = index + 1 == len(saga.steps)
            await self._store(
                row,
                state="completed" if last else "running",
                step=index if last else index + 1,
                attempt=0,
                results={**row["results"], step.name: result},
                wait=0.0,
            )

    async def _back(self, step: Step, context: StepContext, row: Json) -> None:
        try:
            if step.compensate is not None:
                async with asyncio.timeout(step.timeout):
                    await step.compensate(context, row["results"].get(step.name))
        except Exception as error:
            log.warning("saga %s: undoing %s, attempt %d: %r", context.saga_id, step.name, row["attempt"], error)
            if row["attempt"] < self._compensation_attempts:
                await self._later(row, repr(error))
                return
            await self._store(row, state="compensation_failed", error=f"{step.name}: {error!r}", wait=0.0)
            await self._alert(context.saga_id, f"{step.name} could not be undone: {error!r}")
        else:
            await self._turn(row, row["step"] - 1, row["error"])

    async def _turn(self, row: Json, step: int, error: str | None) -> None:
        """Goes on backwards at a step; below the first one everything is undone."""
        state = "compensating" if step >= 0 else "compensated"
        await self._store(row, state=state, step=max(step, 0), attempt=0, error=error, wait=0.0)

    async def _later(self, row: Json, error: str) -> None:
        limit = min(self._longest, self._first * 2 ** min(row["attempt"] - 1, 20))
        await self._store(row, error=error, wait=random.uniform(limit / 2, limit))

    async def _store(self, row: Json, *, wait: float, **changes: Any) -> None:
        new = {**row, **changes}
        async with self._pool.connection() as connection:
            stored = await connection.execute(
                """
                UPDATE sagas SET state = %s, step = %s, attempt = %s, results = %s, error = %s,
                    due_at = now() + %s, version = version + 1, updated_at = now()
                WHERE id = %s AND version = %s
                """,
                (
                    new["state"], new["step"], new["attempt"], Jsonb(new["results"]), new["error"],
                    timedelta(seconds=wait), row["id"], row["version"],
                ),
            )
        if stored.rowcount == 0:
            log.warning("saga %s: another process went on with it", row["id"])
