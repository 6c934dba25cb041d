"""A callback that comes to another process than before."""

from __future__ import annotations

import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from flask import Flask
from werkzeug.test import TestResponse

from flask_auth0 import Auth0
from flask_auth0.client import locks, repeated_callbacks
from flask_auth0.client.locks import Renewals
from flask_auth0.client.repeated_callbacks import Completion
from flask_auth0.errors import TenantUnavailable
from flask_auth0.sessions.stores.redis import RedisBackEnd
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import MakeApp, MakeVisitor

from .repeating import ask, headers_of


class Returning(t.NamedTuple):
    """A browser that comes back from the tenant, and two processes of an app."""

    app: Flask
    other: Flask
    callback: str
    cookies: dict[str, str]

    def here(self) -> TestResponse:
        """Ask the process in which the login began."""
        return ask(self.app, self.callback, self.cookies)

    def elsewhere(self) -> TestResponse:
        """Ask the other one."""
        return ask(self.other, self.callback, self.cookies)


@pytest.fixture
def returning(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    redis_settings: dict[str, str],
) -> Returning:
    app, other = make_app(redis_settings), make_app(redis_settings)
    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login?next=/page"))
    tenant.tenant.token_requests.clear()
    return Returning(app, other, callback, visitor.cookies())


def test_a_code_that_a_process_has_spent_before_it_died(
    returning: Returning, tenant: TenantServer
) -> None:
    """Sent again, it would take back what the tenant has given for it."""
    logins = returning.app.extensions["auth0"].logins
    complete = logins.complete

    def complete_and_die(*args: t.Any) -> t.Any:
        complete(*args)
        raise SystemExit

    logins.complete = complete_and_die
    with pytest.raises(SystemExit):
        returning.here()
    assert "/authorize" in returning.elsewhere().location
    assert len(tenant.tenant.token_requests) == 1


def test_a_process_that_was_killed_before_it_could_answer(
    returning: Returning, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others wait for it a while, and then take the code for spent."""

    def die(*_: t.Any) -> t.NoReturn:
        raise SystemExit

    monkeypatch.setattr(returning.app.extensions["auth0"].logins, "complete", die)
    # Nothing that it would do at its end, or beside its requests, is done.
    monkeypatch.setattr(Renewals, "add", lambda *_: None)
    with monkeypatch.context() as patch:
        patch.setattr(Completion, "end", lambda *_: None)
        with pytest.raises(SystemExit):
            returning.here()
    monkeypatch.setattr(repeated_callbacks, "LEASE", 0.3)
    assert "/authorize" in returning.elsewhere().location
    assert tenant.tenant.token_requests == []


def test_a_process_that_takes_its_time(
    make_visitor: MakeVisitor,
    options: dict[str, t.Any],
    redis_settings: dict[str, str],
    make_app: MakeApp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It works for longer than a dead one would be waited for, and others know."""
    monkeypatch.setattr(repeated_callbacks, "LEASE", 1)
    monkeypatch.setattr(locks, "RENEWAL", 0.05)
    app, other = Flask(__name__), make_app(redis_settings, timeout=2)
    app.config.update(redis_settings, TESTING=True)
    reached, goes_on = threading.Event(), threading.Event()

    @Auth0(app, **options).after_login
    def wait(session: t.Any, asked_for: t.Any) -> None:
        reached.set()
        assert goes_on.wait(30)

    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login?next=/page"))
    with ThreadPoolExecutor(1) as executor:
        first = executor.submit(ask, app, callback, visitor.cookies())
        assert reached.wait(30)
        assert ask(other, callback, visitor.cookies()).status_code == 503
        goes_on.set()
        answer = first.result()
    assert answer.location == "/page"
    assert headers_of(ask(other, callback, visitor.cookies())) == headers_of(answer)


def test_a_code_that_a_process_could_not_send(
    returning: Returning, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is good as before, wherever it comes next."""

    def refuse(*_: t.Any) -> t.NoReturn:
        raise TenantUnavailable

    client = returning.app.extensions["auth0"].client
    monkeypatch.setattr(client, "place_for_code", refuse)
    assert returning.here().status_code == 503
    assert returning.elsewhere().location == "/page"
    assert len(tenant.tenant.token_requests) == 1


def test_a_claim_whose_answer_was_lost(
    returning: Returning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request does not wait for itself."""
    add = RedisBackEnd.add
    lost: list[bool] = []

    def lose_the_first(*args: t.Any) -> bool:
        is_added = add(*args)
        if not lost:
            lost.append(is_added)
            raise redis.ConnectionError
        return is_added

    monkeypatch.setattr(RedisBackEnd, "add", lose_the_first)
    assert returning.here().location == "/page"
    assert lost == [True]


def test_a_note_that_is_gone_when_it_is_read(
    returning: Returning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request claims the callback after all, before it completes it."""
    answers = [False, True]
    monkeypatch.setattr(RedisBackEnd, "add", lambda *_: answers.pop(0))
    assert returning.here().location == "/page"
    assert answers == []


def test_claims_without_an_answer_are_taken_back(
    returning: Returning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store has them, and the request cannot know."""
    add = RedisBackEnd.add

    def lose(*args: t.Any) -> t.NoReturn:
        add(*args)
        raise redis.ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(RedisBackEnd, "add", lose)
        assert returning.here().status_code == 503
    assert returning.elsewhere().location == "/page"


def test_an_outage_after_the_code_was_spent(
    returning: Returning, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its page is for nobody who comes when the store is there again."""

    def fail(*_: t.Any) -> t.NoReturn:
        raise redis.ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(RedisBackEnd, "begin_among", fail)
        assert returning.here().status_code == 503
    assert "/authorize" in returning.elsewhere().location
    assert len(tenant.tenant.token_requests) == 1
