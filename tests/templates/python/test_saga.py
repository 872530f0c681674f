"""The orchestrator against a real PostgreSQL: killed at every boundary, refused, timed out, in two replicas."""

import asyncio
import uuid
from datetime import timedelta

import pytest

from conftest import eventually
from orchestrator import Orchestrator, Refused, SagaType, Step, start


class Killed(BaseException):
    """The end of the process: nothing catches it, nothing more is stored."""


class Services:
    """Other services, which keep what they did by idempotency key, as they must."""

    def __init__(self) -> None:
        self.done: dict[str, str] = {}
        self.calls: list[str] = []
        self.undone: list[tuple[str, str | None]] = []
        self.plan: dict[str, list] = {}
        self.boundary = lambda: None

    def step(self, name: str, **options) -> Step:
        async def run(context):
            self.boundary()
            self.calls.append(name)
            self.seen = dict(context.results)
            act = self.plan[name].pop(0) if self.plan.get(name) else None
            if isinstance(act, BaseException):
                raise act
            if act != "nothing":
                self.done.setdefault(context.key, f"{name}-id")
            if act in ("lost", "nothing"):
                raise ConnectionError("the answer was lost")
            if act == "hang":
                await asyncio.sleep(60)
            self.boundary()
            return {"id": self.done[context.key]}

        async def compensate(context, result):
            self.boundary()
            act = self.plan[f"undo {name}"].pop(0) if self.plan.get(f"undo {name}") else None
            if isinstance(act, BaseException):
                raise act
            # By the id, or by the key where no id is known.
            assert result is None or result == {"id": f"{name}-id"}
            if self.done.pop(context.key, None):
                self.undone.append((name, result and result["id"]))
            self.boundary()

        return Step(name, run, compensate, **{"timeout": 1.0, "attempts": 3, **options})

    def saga(self, **options) -> SagaType:
        steps = [self.step(name) for name in ("reserve", "charge", "confirm", "send")]
        return SagaType("order", steps, pivot="confirm", **options)

    def left(self) -> list[str]:
        return sorted(self.done.values())


@pytest.fixture
def services():
    return Services()


class Runs:
    """Sagas of one test."""

    def __init__(self, pool, services) -> None:
        self.pool, self.services, self.alerts = pool, services, []

    def orchestrator(self, saga: SagaType, **options) -> Orchestrator:
        async def alert(saga_id, text):
            self.alerts.append(text)

        options = {"idle": 0.02, "backoff": 0.01, "max_backoff": 0.05, "lease_margin": -0.7, **options}
        orchestrator = Orchestrator(self.pool, [saga], alert=alert, **options)
        claim, store = orchestrator._claim, orchestrator._store

        async def claimed():
            self.services.boundary()
            row = await claim()
            self.services.boundary()
            return row

        async def stored(row, **changes):
            self.services.boundary()
            await store(row, **changes)
            self.services.boundary()

        orchestrator._claim, orchestrator._store = claimed, stored
        return orchestrator

    async def begin(self, saga: SagaType) -> uuid.UUID:
        saga_id = uuid.uuid4()
        async with self.pool.connection() as connection:
            assert await start(connection, saga, saga_id, {"sku": "s", "amount": 2})
            assert not await start(connection, saga, saga_id, {"sku": "s", "amount": 2})
        return saga_id

    async def row(self, saga_id) -> tuple:
        async with self.pool.connection() as connection:
            found = await connection.execute("SELECT state, results, error FROM sagas WHERE id = %s", (saga_id,))
            return await found.fetchone()

    async def finish(self, orchestrator, saga_id, patience: float = 60) -> str:
        async def over():
            await orchestrator.advance()
            state = (await self.row(saga_id))[0]
            return state if state not in ("running", "compensating") else None

        return await eventually(over, patience=patience, pause=0.01)


@pytest.fixture
def runs(pool, services):
    return Runs(pool, services)


async def test_all_steps_run_once_and_hand_on_their_results(runs, services):
    saga = services.saga()
    saga_id = await runs.begin(saga)
    assert await runs.finish(runs.orchestrator(saga), saga_id) == "completed"
    assert services.calls == ["reserve", "charge", "confirm", "send"]
    assert services.seen == {name: {"id": f"{name}-id"} for name in ("reserve", "charge", "confirm")}


@pytest.mark.parametrize("name", ["reserve", "charge", "confirm"])
async def test_a_refusal_undoes_what_was_done_in_reverse_with_its_data(runs, services, name):
    saga = services.saga()
    services.plan[name] = [Refused("no")]
    saga_id = await runs.begin(saga)
    assert await runs.finish(runs.orchestrator(saga), saga_id) == "compensated"
    before = ["reserve", "charge", "confirm"][: ["reserve", "charge", "confirm"].index(name)]
    assert services.undone == [(each, f"{each}-id") for each in reversed(before)]
    assert services.left() == []
    assert "no" in (await runs.row(saga_id))[2]


async def test_a_step_whose_answers_are_lost_is_undone_too(runs, services):
    saga = services.saga()
    services.plan["charge"] = ["lost"] * 3
    saga_id = await runs.begin(saga)
    assert await runs.finish(runs.orchestrator(saga), saga_id) == "compensated"
    # Its result never came: found by the key.
    assert services.undone == [("charge", None), ("reserve", "reserve-id")]
    assert services.left() == []


async def test_a_step_that_hangs_is_repeated_and_has_one_effect(runs, services):
    saga = services.saga()
    services.plan["charge"] = ["hang"]
    saga_id = await runs.begin(saga)
    assert await runs.finish(runs.orchestrator(saga, lease_margin=5), saga_id) == "completed"
    assert services.calls.count("charge") == 2
    assert services.left().count("charge-id") == 1


async def test_a_transient_failure_is_tried_again(runs, services):
    saga = services.saga()
    services.plan["reserve"] = ["nothing", "nothing"]
    saga_id = await runs.begin(saga)
    assert await runs.finish(runs.orchestrator(saga), saga_id) == "completed"
    assert services.undone == []


async def test_behind_the_pivot_there_is_no_way_back(runs, services):
    saga = services.saga()
    services.plan["send"] = [ConnectionError("down")] * 4 + [Refused("closed")]
    saga_id = await runs.begin(saga)
    assert await runs.finish(runs.orchestrator(saga), saga_id) == "completed"
    assert services.undone == []
    assert len(runs.alerts) == 2


async def test_a_compensation_that_fails_is_repeated(runs, services):
    saga = services.saga()
    services.plan = {"confirm": [Refused("no")], "undo charge": [ConnectionError("down")] * 3}
    saga_id = await runs.begin(saga)
    assert await runs.finish(runs.orchestrator(saga), saga_id) == "compensated"
    assert [name for name, _ in services.undone] == ["charge", "reserve"]


async def test_a_compensation_that_never_succeeds_ends_in_a_state_of_its_own_and_is_told(runs, services):
    saga = services.saga()
    services.plan = {"confirm": [Refused("no")], "undo charge": [ConnectionError("down")] * 99}
    saga_id = await runs.begin(saga)
    assert await runs.finish(runs.orchestrator(saga, compensation_attempts=3), saga_id) == "compensation_failed"
    assert len(runs.alerts) == 1 and "charge" in runs.alerts[0]
    assert services.left() == ["charge-id", "reserve-id"]


async def test_a_saga_that_takes_too_long_is_undone(runs, services):
    saga = services.saga(deadline=timedelta(seconds=0.5))
    services.plan["charge"] = ["lost"] * 2 + ["nothing"] * 99
    saga_id = await runs.begin(saga)
    orchestrator = runs.orchestrator(saga, backoff=0.4, max_backoff=0.4)
    assert await runs.finish(orchestrator, saga_id) == "compensated"
    assert services.left() == []


async def scenario(runs, services, plan: dict, kill_at: int) -> tuple[str, bool]:
    """Runs a saga in a process that ends at the n-th boundary, and goes on in another. The state in which it
    ended, and whether there was such a boundary."""
    passed = 0

    def boundary():
        nonlocal passed
        passed += 1
        if passed == kill_at:
            raise Killed

    saga = services.saga()
    services.plan = {name: list(acts) for name, acts in plan.items()}
    saga_id = await runs.begin(saga)
    services.boundary = boundary
    first, killed = runs.orchestrator(saga), False
    try:
        state = await runs.finish(first, saga_id)
    except Killed:
        killed = True
        services.boundary = lambda: None
        assert (await runs.row(saga_id))[0] in ("running", "compensating", "completed", "compensated")
        state = await runs.finish(runs.orchestrator(saga), saga_id)
    services.boundary = lambda: None
    return state, killed


@pytest.mark.parametrize(
    ("plan", "state", "left"),
    [
        ({}, "completed", ["charge-id", "confirm-id", "reserve-id", "send-id"]),
        ({"confirm": [Refused("no")] * 9}, "compensated", []),
        ({"charge": ["lost"] * 3 + ["nothing"] * 9}, "compensated", []),
    ],
    ids=["completes", "is refused", "is in doubt"],
)
async def test_killed_at_any_boundary_it_recovers(pool, plan, state, left):
    killed, at = True, 0
    while killed:
        at += 1
        services = Services()
        runs = Runs(pool, services)
        ended, killed = await scenario(runs, services, plan, at)
        assert (ended, services.left()) == (state, left), f"killed at boundary {at}"
        order = [name for name, _ in services.undone]
        assert order == sorted(order, key=["charge", "reserve"].index), f"killed at boundary {at}"
    assert at > 12


async def test_two_replicas_run_each_step_once(runs, services):
    saga = services.saga()
    sagas = [await runs.begin(saga) for _ in range(10)]
    stop = asyncio.Event()
    replicas = [asyncio.create_task(runs.orchestrator(saga, lease_margin=5).run(stop)) for _ in range(4)]

    async def over():
        states = [(await runs.row(each))[0] for each in sagas]
        return states == ["completed"] * 10

    await eventually(over)
    stop.set()
    await asyncio.gather(*replicas)
    assert len(services.calls) == 40


async def test_who_is_late_overwrites_nothing(runs, services):
    saga = services.saga()
    saga_id = await runs.begin(saga)
    late = runs.orchestrator(saga)
    row = await late._claim()
    await asyncio.sleep(0.5)
    assert await runs.finish(runs.orchestrator(saga), saga_id) == "completed"
    await late._store(row, state="compensating", wait=0.0)
    assert (await runs.row(saga_id))[0] == "completed"


def test_a_saga_that_could_not_be_undone_is_refused():
    async def run(context):
        return {}

    async def undo(context, result):
        return None

    with pytest.raises(ValueError, match="no compensation"):
        SagaType("order", [Step("a", run), Step("b", run, undo)], pivot="b")
    with pytest.raises(ValueError, match="unique"):
        SagaType("order", [Step("a", run, undo), Step("a", run, undo)], pivot="a")
