"""One request finds out that a tenant does not answer, for all others."""

from __future__ import annotations

import asyncio
import contextlib
import typing as t

import httpx
import pytest

from flask_auth0 import TenantUnavailable
from flask_auth0.client.breaker import LONGEST, Breaker
from tests.harness.breakers import refused


class Clock:
    """A clock that stands still until a test moves it."""

    now = 1000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def begin(breaker: Breaker) -> t.ContextManager[object]:
    """Begin an attempt that does not end, unless what is returned is dropped."""
    attempt = breaker.attempt()
    attempt.__enter__()
    return attempt


def fail(breaker: Breaker, clock: Clock, error: BaseException, took: float) -> None:
    with contextlib.suppress(type(error)), breaker.attempt():
        clock.now += took
        raise error


def test_one_tries_when_its_time_is_over(clock: Clock) -> None:
    breaker = Breaker(10, (httpx.TransportError,), clock)
    error = httpx.ReadTimeout("no")
    pauses = []
    for _ in range(6):
        fail(breaker, clock, error, 1)
        pauses.append(refused(breaker) or 0)
        clock.now += pauses[-1]
        assert refused(breaker) is None
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (1, LONGEST)
    with breaker.attempt() as trial:
        with pytest.raises(TenantUnavailable):
            begin(breaker)
        trial.answered(200, is_lookup=True)
    with breaker.attempt(), breaker.attempt():
        pass


def test_who_tries_may_be_gone(clock: Clock) -> None:
    breaker = Breaker(10, (httpx.TransportError,), clock)
    fail(breaker, clock, httpx.ConnectError("no"), 0)
    clock.now += 1
    gone = begin(breaker)
    clock.now += 9
    with pytest.raises(TenantUnavailable):
        begin(breaker)
    clock.now += 1
    assert begin(breaker) is not gone


@pytest.mark.parametrize("status", [200, 400, 403, 429, 500, 503])
def test_what_was_said_to_one_user_counts_for_nobody_else(
    clock: Clock, status: int
) -> None:
    breaker = Breaker(10, (httpx.TransportError,), clock)
    with breaker.attempt() as attempt:
        attempt.answered(status, is_lookup=False)
    assert refused(breaker) is None


def test_what_it_publishes_is_for_all(clock: Clock) -> None:
    breaker = Breaker(10, (httpx.TransportError,), clock)
    with breaker.attempt() as attempt:
        attempt.answered(503, is_lookup=True)
    assert refused(breaker) == 1


def test_a_tenant_that_answers_others_is_only_slow(clock: Clock) -> None:
    breaker = Breaker(10, (httpx.TransportError,), clock)
    with contextlib.suppress(httpx.ReadTimeout), breaker.attempt():
        with breaker.attempt() as quick:
            clock.now += 5
            quick.answered(200, is_lookup=False)
        clock.now += 5
        raise httpx.ReadTimeout("no")
    assert refused(breaker) is None


@pytest.mark.parametrize(("took", "pause"), [(1, None), (8, 4)])
def test_who_gives_up_has_to_have_waited(
    clock: Clock, took: float, pause: int | None
) -> None:
    breaker = Breaker(10, (httpx.TransportError,), clock)
    fail(breaker, clock, asyncio.CancelledError(), took)
    assert refused(breaker) == pause
