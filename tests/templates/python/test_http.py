"""The HTTP client against a server that fails on purpose."""

import asyncio
import time

import pytest
from opentelemetry import context, trace

from breaker import CircuitBreaker, CircuitOpen, State
from payments_api import NewPayment
from payments_client import PaymentsClient
from service_client import (
    ClientSettings,
    ServiceClient,
    UpstreamContractBroken,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
)


def client(plan, **changes) -> ServiceClient:
    return ServiceClient(ClientSettings(name="payments", base_url=plan.url, backoff=0.02, **changes))


async def test_a_hang_ends_with_the_timeout(plan):
    plan = plan("hang")
    began = time.monotonic()
    async with client(plan, timeout=0.6, attempts=2) as payments:
        with pytest.raises(UpstreamTimeout) as raised:
            await payments.request("GET", "/payments/p-1")
    assert 1.2 <= time.monotonic() - began < 10
    assert len(plan.requests) == 2
    assert raised.value.__cause__ is not None


async def test_a_peer_that_drips_ends_with_the_timeout_too(plan):
    began = time.monotonic()
    async with client(plan("drip"), timeout=0.6, attempts=1) as payments:
        with pytest.raises(UpstreamTimeout):
            await payments.request("GET", "/payments/p-1")
    assert time.monotonic() - began < 10


async def test_an_address_that_answers_nothing_ends_with_the_connect_timeout():
    settings = ClientSettings(name="payments", base_url="http://127.0.0.1:1", attempts=2, backoff=0.01)
    async with ServiceClient(settings) as payments:
        with pytest.raises(UpstreamUnavailable):
            await payments.request("GET", "/payments/p-1")


async def test_all_attempts_together_have_a_deadline(plan):
    plan = plan("hang")
    began = time.monotonic()
    async with client(plan, timeout=0.8, deadline=1.8, attempts=50) as payments:
        with pytest.raises(UpstreamTimeout):
            await payments.request("GET", "/payments/p-1")
    assert time.monotonic() - began < 10
    assert len(plan.requests) <= 3


async def test_503_503_200_is_three_calls(plan):
    plan = plan("503", "503", "200")
    async with client(plan) as payments:
        assert (await PaymentsClient(payments).get_payment("p-1")).status == "captured"
    assert len(plan.requests) == 3


async def test_a_reset_connection_is_tried_again(plan):
    plan = plan("reset", "200")
    async with client(plan) as payments:
        assert (await payments.request("GET", "/payments/p-1")).status_code == 200
    assert len(plan.requests) == 2


async def test_404_is_one_call_and_leaves_the_breaker_closed(plan):
    plan = plan("404")
    async with client(plan, breaker_failures=2) as payments:
        for _ in range(5):
            assert await PaymentsClient(payments).get_payment("p-1") is None
        assert payments.breaker.state is State.CLOSED
    assert len(plan.requests) == 5


async def test_a_refusal_is_a_typed_error_and_not_repeated(plan):
    plan = plan("422")
    async with client(plan) as payments:
        with pytest.raises(UpstreamRejected) as raised:
            await payments.request("GET", "/payments/p-1")
    assert raised.value.status == 422 and "made to fail" in raised.value.body
    assert len(plan.requests) == 1


async def test_retry_after_is_waited_for(plan):
    plan = plan("429;retry-after=1", "200")
    async with client(plan) as payments:
        await payments.request("GET", "/payments/p-1")
    first, second = plan.requests
    assert second["at"] - first["at"] >= 1


async def test_a_retry_after_beyond_the_limit_is_told_to_the_caller(plan):
    plan = plan("429;retry-after=3600")
    began = time.monotonic()
    async with client(plan) as payments:
        with pytest.raises(UpstreamUnavailable) as raised:
            await payments.request("GET", "/payments/p-1")
    assert raised.value.retry_after == 3600
    assert time.monotonic() - began < 10
    assert len(plan.requests) == 1


async def test_a_retry_after_date_is_read(plan):
    async with client(plan("503;retry-after=Fri, 31 Dec 2199 23:59:59 GMT")) as payments:
        with pytest.raises(UpstreamUnavailable) as raised:
            await payments.request("GET", "/payments/p-1")
    assert raised.value.retry_after > 1_000_000


async def test_a_post_without_key_is_not_repeated(plan):
    for step in ("503", "reset", "hang"):
        failing = plan(step, "200")
        async with client(failing, timeout=0.6) as payments:
            with pytest.raises(UpstreamUnavailable):
                await payments.request("POST", "/payments", json={})
        assert len(failing.requests) == 1, step


async def test_a_post_with_key_is_repeated_with_the_same_key(plan):
    plan = plan("503", "reset", "201")
    payment = NewPayment(order_id="o-1", amount_minor=4200, currency="EUR")
    async with client(plan) as payments:
        await PaymentsClient(payments).create_payment(payment, idempotency_key="order-o-1")
    keys = [request["headers"]["idempotency-key"] for request in plan.requests]
    assert keys == ["order-o-1"] * 3


async def test_the_breaker_opens_and_then_nothing_is_sent(plan):
    plan = plan("503")
    async with client(plan, attempts=1, breaker_failures=3) as payments:
        for _ in range(10):
            with pytest.raises(UpstreamUnavailable):
                await payments.request("GET", "/payments/p-1")
        assert payments.breaker.state is State.OPEN
    assert len(plan.requests) == 3


async def test_fifty_callers_at_half_open_let_only_the_probes_through(plan):
    plan = plan("503", "503", "503;delay=0.5")
    async with client(plan, attempts=1, breaker_failures=2, breaker_open_for=0.2, breaker_probes=2) as payments:
        for _ in range(2):
            with pytest.raises(UpstreamUnavailable):
                await payments.request("GET", "/payments/p-1")
        await asyncio.sleep(0.3)
        outcomes = await asyncio.gather(
            *(payments.request("GET", "/payments/p-1") for _ in range(50)), return_exceptions=True
        )
        assert all(isinstance(outcome, UpstreamUnavailable) for outcome in outcomes)
        assert payments.breaker.state is State.OPEN
    assert len(plan.requests) == 2 + 2


async def test_a_probe_that_succeeds_closes_the_breaker(plan):
    plan = plan("503", "503", "200")
    async with client(plan, attempts=1, breaker_failures=2, breaker_open_for=0.1) as payments:
        for _ in range(2):
            with pytest.raises(UpstreamUnavailable):
                await payments.request("GET", "/payments/p-1")
        await asyncio.sleep(0.2)
        await payments.request("GET", "/payments/p-1")
        assert payments.breaker.state is State.CLOSED


async def test_a_success_that_began_before_the_opening_closes_nothing():
    breaker = CircuitBreaker("payments", is_failure=lambda _: True, failures=2)
    finish = asyncio.Event()

    async def slow() -> str:
        await finish.wait()
        return "late"

    async def failing() -> None:
        raise ConnectionError

    late = asyncio.create_task(breaker.call(slow))
    await asyncio.sleep(0)
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await breaker.call(failing)
    finish.set()
    assert await late == "late"
    assert breaker.state is State.OPEN
    with pytest.raises(CircuitOpen):
        await breaker.call(failing)


async def test_a_cancelled_probe_gives_its_place_back():
    now = 0.0
    breaker = CircuitBreaker("payments", is_failure=lambda _: True, failures=1, open_for=1, clock=lambda: now)

    async def failing() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await breaker.call(failing)
    now = 2.0
    probe = asyncio.create_task(breaker.call(lambda: asyncio.sleep(60)))
    await asyncio.sleep(0)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    await breaker.call(lambda: asyncio.sleep(0))
    assert breaker.state is State.CLOSED


@pytest.mark.parametrize("payment_id", ["../refunds", "a/b", "a?b=c", "a#b", "ä b", "%2e%2e"])
async def test_an_id_stays_one_segment_of_the_path(plan, payment_id):
    from urllib.parse import unquote

    plan = plan("200")
    async with client(plan) as payments:
        await PaymentsClient(payments).get_payment(payment_id)
    target = plan.requests[0]["target"]
    assert target.startswith("/payments/") and target.count("/") == 2
    assert unquote(target.removeprefix("/payments/")) == payment_id


@pytest.mark.parametrize("payment_id", ["", ".", ".."])
async def test_an_id_that_would_change_the_path_is_refused(plan, payment_id):
    plan = plan("200")
    async with client(plan) as payments:
        with pytest.raises(ValueError):
            await PaymentsClient(payments).get_payment(payment_id)
    assert plan.requests == []


async def test_the_trace_goes_along(plan):
    plan = plan("200")
    span = trace.SpanContext(
        trace_id=0x0AF7651916CD43DD8448EB211C80319C,
        span_id=0xB7AD6B7169203331,
        is_remote=False,
        trace_flags=trace.TraceFlags(1),
    )
    token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(span)))
    try:
        async with client(plan) as payments:
            await payments.request("GET", "/payments/p-1")
    finally:
        context.detach(token)
    assert plan.requests[0]["headers"]["traceparent"] == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_an_answer_that_breaks_the_contract_is_told(plan):
    async with client(plan("garbage")) as payments:
        with pytest.raises(UpstreamContractBroken) as raised:
            await PaymentsClient(payments).get_payment("p-1")
    assert raised.value.__cause__ is not None


async def test_a_redirect_is_not_followed(plan):
    plan = plan("302")
    async with client(plan) as payments:
        with pytest.raises(UpstreamRejected):
            await payments.request("GET", "/payments/p-1")
    assert len(plan.requests) == 1
