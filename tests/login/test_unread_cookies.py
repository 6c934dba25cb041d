"""Workers with different secrets: logins that they break for each other end in a page
that says so, and in the log.
"""

from __future__ import annotations

import itertools
import types
import typing as t

import pytest
from flask import Flask
from redis import Redis
from werkzeug.test import Client

from flask_auth0.tenant import TenantServer
from tests.harness.visitor import SECRET, MakeApp, MakeVisitor, Visitor, error_of

from .test_circles import follow

OTHER = SECRET[::-1]
MakeCrew = t.Callable[..., Visitor]


class RoundRobin:
    """Hands each request to the next worker, in an order that repeats."""

    def __init__(self, workers: list[Flask], order: t.Iterable[int]) -> None:
        self.workers, self._order = workers, itertools.cycle(order)

    def __call__(self, environ: t.Any, start_response: t.Any) -> t.Any:
        return self.workers[next(self._order)](environ, start_response)


def workers_of(visitor: Visitor) -> list[Flask]:
    return t.cast("list[Flask]", t.cast(t.Any, visitor.client).application.workers)


@pytest.fixture
def make_crew(make_app: MakeApp, make_visitor: MakeVisitor) -> MakeCrew:
    """Make a visitor of two workers, each of which has a secret of its own."""

    def make(
        order: str, config: dict[str, t.Any], key: str, *secrets: str | None
    ) -> Visitor:
        workers = [make_app(config, **{key: each}) for each in secrets]
        visitor = make_visitor(workers[0])
        server = RoundRobin(workers, map(int, order))
        visitor.client = t.cast(t.Any, Client(server, workers[0].response_class))
        return visitor

    return make


def settings_of(mode: str, request: pytest.FixtureRequest) -> dict[str, t.Any]:
    if mode == "cookies":
        return {}
    url = request.getfixturevalue("redis_url")
    with Redis.from_url(url) as redis:
        redis.flushdb()
    return {"SESSION_TYPE": "redis", "SESSION_REDIS": url}


@pytest.fixture(autouse=True)
def exchanges(tenant: TenantServer) -> list[t.Any]:
    """The exchanges of codes for tokens."""
    tenant.tenant.token_requests.clear()
    return t.cast("list[t.Any]", tenant.tenant.token_requests)


def check(visitor: Visitor, exchanges: list[t.Any], *, is_stopped: bool) -> None:
    """Whatever the order of the workers, nobody is sent round, or told wrong things."""
    for _ in range(4):
        exchanges.clear()
        response, _ = follow(visitor, "/profile")
        assert len(exchanges) <= 3
        assert "llow cookies" not in response.text
        if response.status_code != 200:
            assert error_of(response) == "login_loop"
            assert "this site cannot read them" in response.text
            return
    assert not is_stopped


def check_log(caplog: pytest.LogCaptureFixture, key: str, most: int = 2) -> None:
    """Each worker has said once which key does not fit, and nobody has a secret."""
    said = [each for each in caplog.messages if each.startswith(f"{key} does not fit")]
    assert 1 <= len(said) <= most
    assert "SESSION_COOKIE_PATH" not in caplog.text
    assert SECRET not in caplog.text
    assert OTHER not in caplog.text


#: The order in which two workers answer. Two in turns are the worst for a login.
ORDERS = ["01", "011", "0110", "00101"]


@pytest.mark.parametrize("order", ORDERS)
def test_a_key_that_signs_sessions(
    make_crew: MakeCrew,
    exchanges: list[t.Any],
    caplog: pytest.LogCaptureFixture,
    order: str,
) -> None:
    visitor = make_crew(order, {}, "secret", SECRET, SECRET)
    for number, worker in enumerate(workers_of(visitor)):
        worker.secret_key = f"of worker {number}"
    check(visitor, exchanges, is_stopped=order == "01")
    check_log(caplog, "SECRET_KEY")


@pytest.mark.parametrize("mode", ["cookies", "redis"])
@pytest.mark.parametrize("order", ORDERS)
def test_a_secret_that_seals_sessions(
    make_crew: MakeCrew,
    exchanges: list[t.Any],
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
    mode: str,
    order: str,
) -> None:
    config = {**settings_of(mode, request), "SECRET_KEY": "the same"}
    visitor = make_crew(order, config, "secret", SECRET, OTHER)
    check(visitor, exchanges, is_stopped=order == "01")
    check_log(caplog, "AUTH0_SECRET")


@pytest.mark.parametrize("order", ORDERS)
def test_a_secret_that_signs_as_well(
    make_crew: MakeCrew,
    exchanges: list[t.Any],
    caplog: pytest.LogCaptureFixture,
    order: str,
) -> None:
    """Without a SECRET_KEY, one that is derived from AUTH0_SECRET signs."""
    visitor = make_crew(order, {}, "secret", SECRET, OTHER)
    check(visitor, exchanges, is_stopped=order == "01")
    check_log(caplog, "AUTH0_SECRET")


def test_logins_that_nobody_completes_are_no_circle(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    """A key was changed, and the browser has a session that the old one has signed."""
    visitor.log_in()
    visitor.get("/profile")
    visitor.app.secret_key = "another"
    for _ in range(5):
        assert visitor.get("/login").status_code == 302
    check_log(caplog, "SECRET_KEY", most=1)
    assert visitor.log_in().status_code == 302
    assert visitor.user()


def test_each_worker_says_it_once_a_minute(
    visitor: Visitor,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([100.0, 100.0, 159.0, 161.0, 161.0])
    fake = types.SimpleNamespace(monotonic=lambda: next(clock))
    monkeypatch.setattr("flask_auth0.errors.log.time", fake)
    visitor.set_cookie("session", "eyJhIjoxfQ.aAAAAA.c2lnbmF0dXJl")
    for told in (1, 1, 2):
        visitor.user()
        assert len(caplog.messages) == told
    assert next(clock, None) is None
