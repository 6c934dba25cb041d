"""Session interfaces that an app has set up itself, as back ends."""

from __future__ import annotations

import typing as t

import pytest
from cachelib import SimpleCache
from flask import Flask
from flask_session.cachelib.cachelib import CacheLibSessionInterface

from flask_auth0.errors import SessionStoreUnavailable
from flask_auth0.sessions.server.adapter import adapted
from flask_auth0.sessions.stores.base import BackEnd
from flask_auth0.sessions.stores.lease import Lease


class Gone(OSError):
    """An error of the app's own client when its server is down."""


@pytest.fixture
def back_end() -> BackEnd:
    cache: t.Any = SimpleCache()
    return adapted(CacheLibSessionInterface(Flask(__name__), client=cache))


class Failing:
    """Work that fails, as often as it is tried."""

    def __init__(self, error: type[Exception]) -> None:
        self.error = error
        self.tried = 0

    def __call__(self) -> t.NoReturn:
        self.tried += 1
        raise self.error


@pytest.mark.parametrize("way", ["ask", "poll"])
def test_an_outage_of_the_own_client_is_one_of_the_store(
    back_end: BackEnd, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    work = Failing(Gone)
    with pytest.raises(SessionStoreUnavailable):
        getattr(back_end, way)(work)
    # The client repeats its calls itself, for as long as it wants.
    assert work.tried == 1
    assert "does not answer (as the app has set it up: Gone)" in caplog.text


def test_an_outage_while_a_lock_is_taken(
    back_end: BackEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: t.Any, **named: t.Any) -> t.NoReturn:
        raise Gone

    monkeypatch.setattr(SimpleCache, "set", fail)
    with pytest.raises(SessionStoreUnavailable):
        Lease.take(back_end, "a")


def test_a_request_goes_on_without_what_it_can_do_without(back_end: BackEnd) -> None:
    work = Failing(Gone)
    assert back_end.attempt(lambda: back_end.ask(work), "otherwise") == "otherwise"


@pytest.mark.parametrize("way", ["ask", "poll"])
def test_other_errors_of_the_own_client_reach_the_app(
    back_end: BackEnd, way: str
) -> None:
    with pytest.raises(LookupError):
        getattr(back_end, way)(Failing(LookupError))


@pytest.mark.parametrize("way", ["ask", "poll"])
def test_the_own_client_decides_how_long_it_waits(back_end: BackEnd, way: str) -> None:
    outage = back_end._outage()
    back_end._outage = lambda: outage
    outage.spent = 1000
    assert getattr(back_end, way)(lambda: "answer") == "answer"


def test_a_lease_of_one(back_end: BackEnd) -> None:
    lease = Lease.take(back_end, "a")
    assert lease is not None
    assert Lease.take(back_end, "a") is None
    assert lease.renew()
    lease.release()
    assert Lease.take(back_end, "a") is not None
