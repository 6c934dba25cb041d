"""A callback that comes to another process than before."""

from __future__ import annotations

import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.client import locks, repeated_callbacks
from flask_auth0.client.locks import Renewals
from flask_auth0.client.repeated_callbacks import Completion
from flask_auth0.errors import TenantUnavailable
from flask_auth0.sessions.stores.redis import RedisBackEnd
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import MakeApp, MakeVisitor

from .repeating import ask, headers_of


def test_a_code_that_a_process_has_spent_before_it_died(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    redis_settings: dict[str, str],
) -> None:
    """Sent again, it would take back what the tenant has given for it."""
    app, other = make_app(redis_settings), make_app(redis_settings)
    logins = app.extensions["auth0"].logins
    complete = logins.complete

    def complete_and_die(*args: t.Any) -> t.Any:
        complete(*args)
        raise SystemExit

    logins.complete = complete_and_die
    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login"))
    tenant.tenant.token_requests.clear()
    with pytest.raises(SystemExit):
        ask(app, callback, visitor.cookies())
    answer = ask(other, callback, visitor.cookies())
    assert "/authorize" in answer.location
    assert len(tenant.tenant.token_requests) == 1


def test_a_process_that_was_killed_before_it_could_answer(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    redis_settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others wait for it a while, and then take the code for spent."""
    app, other = make_app(redis_settings), make_app(redis_settings)

    def die(*_: t.Any) -> t.NoReturn:
        raise SystemExit

    monkeypatch.setattr(app.extensions["auth0"].logins, "complete", die)
    # Nothing that it would do at its end, or beside its requests, is done.
    monkeypatch.setattr(Renewals, "add", lambda *_: None)
    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login"))
    tenant.tenant.token_requests.clear()
    with monkeypatch.context() as patch:
        patch.setattr(Completion, "end", lambda *_: None)
        with pytest.raises(SystemExit):
            ask(app, callback, visitor.cookies())
    monkeypatch.setattr(repeated_callbacks, "LEASE", 0.3)
    assert "/authorize" in ask(other, callback, visitor.cookies()).location
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
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    redis_settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is good as before, wherever it comes next."""
    app, other = make_app(redis_settings), make_app(redis_settings)

    def refuse(*_: t.Any) -> t.NoReturn:
        raise TenantUnavailable

    monkeypatch.setattr(app.extensions["auth0"].client, "place_for_code", refuse)
    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login?next=/page"))
    tenant.tenant.token_requests.clear()
    assert ask(app, callback, visitor.cookies()).status_code == 503
    assert ask(other, callback, visitor.cookies()).location == "/page"
    assert len(tenant.tenant.token_requests) == 1


def test_a_claim_whose_answer_was_lost(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    redis_settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The request does not wait for itself."""
    app = make_app(redis_settings)
    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login?next=/page"))
    add = RedisBackEnd.add
    lost: list[bool] = []

    def lose_the_first(*args: t.Any) -> bool:
        is_added = add(*args)
        if not lost:
            lost.append(is_added)
            raise redis.ConnectionError
        return is_added

    monkeypatch.setattr(RedisBackEnd, "add", lose_the_first)
    assert ask(app, callback, visitor.cookies()).location == "/page"
    assert lost == [True]


def test_a_note_that_is_gone_when_it_is_read(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    redis_settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The request claims the callback after all, before it completes it."""
    app = make_app(redis_settings)
    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login?next=/page"))
    answers = [False, True]
    monkeypatch.setattr(RedisBackEnd, "add", lambda *_: answers.pop(0))
    assert ask(app, callback, visitor.cookies()).location == "/page"
    assert answers == []


def test_claims_without_an_answer_are_taken_back(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    redis_settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The store has them, and the request cannot know."""
    app, other = make_app(redis_settings), make_app(redis_settings)
    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login?next=/page"))
    add = RedisBackEnd.add

    def lose(*args: t.Any) -> t.NoReturn:
        add(*args)
        raise redis.ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(RedisBackEnd, "add", lose)
        assert ask(app, callback, visitor.cookies()).status_code == 503
    assert ask(other, callback, visitor.cookies()).location == "/page"


def test_an_outage_after_the_code_was_spent(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    redis_settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its page is for nobody who comes when the store is there again."""
    app, other = make_app(redis_settings), make_app(redis_settings)
    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login"))
    tenant.tenant.token_requests.clear()

    def fail(*_: t.Any) -> t.NoReturn:
        raise redis.ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(RedisBackEnd, "begin_among", fail)
        assert ask(app, callback, visitor.cookies()).status_code == 503
    assert "/authorize" in ask(other, callback, visitor.cookies()).location
    assert len(tenant.tenant.token_requests) == 1
