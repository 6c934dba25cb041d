"""Session interfaces that an app has set up itself, as back ends."""

from __future__ import annotations

import typing as t

import pytest
from cachelib import SimpleCache
from flask import Flask
from flask_session.cachelib.cachelib import CacheLibSessionInterface

from flask_auth0.sessions.server.adapter import adapted
from flask_auth0.sessions.stores.base import BackEnd
from flask_auth0.sessions.stores.lease import Lease


class Gone(OSError):
    """An error of the app's own client."""


@pytest.fixture
def back_end() -> BackEnd:
    cache: t.Any = SimpleCache()
    return adapted(CacheLibSessionInterface(Flask(__name__), client=cache))


def fail() -> t.NoReturn:
    raise Gone


@pytest.mark.parametrize("way", ["ask", "poll"])
def test_errors_of_the_own_client_reach_the_app(back_end: BackEnd, way: str) -> None:
    for _ in range(2):
        with pytest.raises(Gone):
            getattr(back_end, way)(fail)


@pytest.mark.parametrize("way", ["ask", "poll"])
def test_the_own_client_decides_how_long_it_waits(back_end: BackEnd, way: str) -> None:
    outage = back_end._outage()
    back_end._outage = lambda: outage
    outage.spent = back_end.limit
    assert getattr(back_end, way)(lambda: "answer") == "answer"


def test_a_lease_of_one(back_end: BackEnd) -> None:
    lease = Lease.take(back_end, "a")
    assert lease is not None
    assert Lease.take(back_end, "a") is None
    assert lease.renew()
    lease.release()
    assert Lease.take(back_end, "a") is not None
