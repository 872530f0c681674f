"""A circuit breaker for one upstream. It lives as long as the process."""

import time
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TypeVar

T = TypeVar("T")


class CircuitOpen(Exception):
    """The call was not made: the upstream failed too often."""

    def __init__(self, name: str, retry_in: float) -> None:
        super().__init__(f"circuit of {name} is open for another {retry_in:.1f} s")
        self.retry_in = retry_in


class State(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitBreaker:
    """Opens after `failures` failures in a row; after `open_for` seconds lets `probes` calls through.

    `is_failure` says which errors speak against the upstream; an answer such as 404 does not. The result of
    a call that began before the last change of state is ignored: a late success closes nothing.
    """

    def __init__(
        self,
        name: str,
        *,
        is_failure: Callable[[BaseException], bool],
        failures: int = 5,
        open_for: float = 30.0,
        probes: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.state = State.CLOSED
        self._is_failure = is_failure
        self._failures = failures
        self._open_for = open_for
        self._probes = probes
        self._clock = clock
        self._failed = 0
        self._probing = 0
        self._opened_at = 0.0
        self._generation = 0

    async def call(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Runs one attempt, or raises `CircuitOpen` without running it."""
        generation = self._admit()
        try:
            result = await attempt()
        except Exception as error:
            self._settle(generation, failed=self._is_failure(error))
            raise
        except BaseException:
            # Cancelled: says nothing about the upstream, but gives the probe's place back.
            self._release(generation)
            raise
        self._settle(generation, failed=False)
        return result

    def _admit(self) -> int:
        if self.state is State.OPEN:
            remaining = self._opened_at + self._open_for - self._clock()
            if remaining > 0:
                raise CircuitOpen(self.name, remaining)
            self._change(State.HALF_OPEN)
        if self.state is State.HALF_OPEN:
            if self._probing >= self._probes:
                raise CircuitOpen(self.name, self._open_for)
            self._probing += 1
        return self._generation

    def _settle(self, generation: int, *, failed: bool) -> None:
        if generation != self._generation:
            return
        if not failed:
            self._failed = 0
            if self.state is State.HALF_OPEN:
                self._change(State.CLOSED)
            return
        self._failed += 1
        if self.state is State.HALF_OPEN or self._failed >= self._failures:
            self._opened_at = self._clock()
            self._change(State.OPEN)

    def _release(self, generation: int) -> None:
        if generation == self._generation and self.state is State.HALF_OPEN:
            self._probing -= 1

    def _change(self, state: State) -> None:
        self.state = state
        self._generation += 1
        self._failed = 0
        self._probing = 0
