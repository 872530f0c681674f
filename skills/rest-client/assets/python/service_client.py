"""An HTTP client for one upstream service: build one at start-up, share it, close it at the end.

retry( breaker( timeout( request ))): each attempt has its own timeout and counts for the breaker, all
attempts together have a deadline, and nothing is repeated that the upstream may have done already.
"""

import asyncio
import logging
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
from opentelemetry import propagate

from breaker import CircuitBreaker, CircuitOpen

log = logging.getLogger(__name__)

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
TRANSIENT = frozenset({408, 429, 502, 503, 504})


class UpstreamError(Exception):
    """A call to another service failed; `__cause__` is what the library said."""

    def __init__(self, upstream: str, message: str) -> None:
        super().__init__(f"{upstream}: {message}")
        self.upstream = upstream


class UpstreamUnavailable(UpstreamError):
    """No answer, or one that may be better later. `retry_after` in seconds, when the upstream said so."""

    def __init__(self, upstream: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(upstream, message)
        self.retry_after = retry_after


class UpstreamTimeout(UpstreamUnavailable):
    """No answer in time; what was asked for may have happened."""


class UpstreamRejected(UpstreamError):
    """The upstream refused the request; the same request would be refused again."""

    def __init__(self, upstream: str, status: int, body: str) -> None:
        super().__init__(upstream, f"answered {status}")
        self.status = status
        self.body = body


class UpstreamContractBroken(UpstreamError):
    """The answer is not what the contract says."""


@dataclass(frozen=True)
class ClientSettings:
    """All durations in seconds."""

    name: str
    base_url: str
    connect_timeout: float = 1.0
    timeout: float = 3.0  # one attempt, from the first byte sent to the last one read
    deadline: float = 10.0  # all attempts with the waits between them
    attempts: int = 3
    backoff: float = 0.2
    max_backoff: float = 5.0  # also the longest Retry-After that is waited for
    breaker_failures: int = 5
    breaker_open_for: float = 30.0
    breaker_probes: int = 1

    @classmethod
    def from_env(cls, name: str) -> Self:
        """`from_env("payments")` reads PAYMENTS_URL and, when they are set, PAYMENTS_TIMEOUT and so on."""
        prefix = name.upper().replace("-", "_")
        return cls(
            name=name,
            base_url=os.environ[f"{prefix}_URL"],
            timeout=float(os.environ.get(f"{prefix}_TIMEOUT", cls.timeout)),
            deadline=float(os.environ.get(f"{prefix}_DEADLINE", cls.deadline)),
            attempts=int(os.environ.get(f"{prefix}_ATTEMPTS", cls.attempts)),
        )


class ServiceClient:
    """Use `async with`, or call `aclose()`, so that connections end with the process."""

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(
            base_url=settings.base_url,
            timeout=httpx.Timeout(settings.timeout, connect=settings.connect_timeout),
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
            follow_redirects=False,
        )
        self.breaker = CircuitBreaker(
            settings.name,
            is_failure=lambda error: isinstance(error, UpstreamUnavailable),
            failures=settings.breaker_failures,
            open_for=settings.breaker_open_for,
            probes=settings.breaker_probes,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        path_values: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        idempotency_key: str | None = None,
    ) -> httpx.Response:
        """Sends a request and gives a 2xx answer, or raises an `UpstreamError`.

        `path` is a template such as `/payments/{payment_id}`; its values are encoded. POST and PATCH are
        repeated only with an `idempotency_key`, which is the same for every attempt.
        """
        settings = self._settings
        url = fill(path, path_values or {})
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        propagate.inject(headers)
        repeatable = method in IDEMPOTENT or idempotency_key is not None
        attempts = settings.attempts if repeatable else 1
        clock = asyncio.get_running_loop().time
        give_up_at = clock() + settings.deadline

        for attempt in range(1, attempts + 1):
            try:
                return await self.breaker.call(
                    lambda: self._once(method, url, params, json, headers, give_up_at - clock())
                )
            except CircuitOpen as error:
                raise UpstreamUnavailable(settings.name, str(error), error.retry_in) from error
            except UpstreamUnavailable as error:
                wait = self._backoff(attempt, error.retry_after)
                too_late = wait > settings.max_backoff or clock() + wait >= give_up_at
                if attempt == attempts or too_late:
                    raise
                log.warning("%s %s: %s; attempt %d follows in %.2f s", method, path, error, attempt + 1, wait)
                await asyncio.sleep(wait)
        raise ValueError("attempts must be at least 1")

    async def _once(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | int] | None,
        json: Any,
        headers: Mapping[str, str],
        remaining: float,
    ) -> httpx.Response:
        name = self._settings.name
        try:
            # httpx bounds each read, not their sum: a peer that sends a byte a second would hold the call.
            async with asyncio.timeout(min(self._settings.timeout, remaining)):
                response = await self._http.request(method, url, params=params, json=json, headers=headers)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise UpstreamTimeout(name, f"no answer to {method} {url} in time") from error
        except httpx.TransportError as error:
            raise UpstreamUnavailable(name, f"{method} {url} failed: {error!r}") from error
        status = response.status_code
        if status in TRANSIENT or status >= 500:
            raise UpstreamUnavailable(name, f"answered {status}", retry_after(response))
        if not response.is_success:
            raise UpstreamRejected(name, status, response.text[:2000])
        return response

    def _backoff(self, attempt: int, asked: float | None) -> float:
        """Full jitter below an exponential limit; not less than the upstream asked for."""
        limit = min(self._settings.max_backoff, self._settings.backoff * 2 ** (attempt - 1))
        jittered = random.uniform(0, limit)
        return jittered if asked is None else asked + jittered


def fill(path: str, values: Mapping[str, str]) -> str:
    """Puts encoded values into a path template, so that an id such as `../admin` stays one segment."""
    encoded = {}
    for name, value in values.items():
        if value in {"", ".", ".."}:
            raise ValueError(f"{value!r} is no value for {name!r} in {path}")
        encoded[name] = quote(value, safe="")
    return path.format_map(encoded)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds, from a number or a date (RFC 9110, section 10.2.3)."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
