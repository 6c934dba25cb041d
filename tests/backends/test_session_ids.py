"""Ids of sessions: signed, replaced without a gap, and deleted as they were set."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest
from flask import Flask, session
from flask_session.base import ServerSideSession

from tests.contracts.sessions import SessionContract
from tests.harness.interfaces import interface_of
from tests.harness.visitor import ADA, MakeApp, MakeVisitor, Visitor

from .test_unreadable import SID

_ATTRIBUTES = ("Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned")


@pytest.fixture
def app(app_on_redis: Flask) -> Flask:
    return app_on_redis


@pytest.mark.filterwarnings("ignore:The 'use_signer' option:DeprecationWarning")
def test_signed_ids_rotate_with_the_secret(
    make_app: MakeApp, make_visitor: MakeVisitor, redis_url: str
) -> None:
    settings = {
        "SESSION_TYPE": "redis",
        "SESSION_REDIS": redis_url,
        "SESSION_USE_SIGNER": True,
    }
    visitor = make_visitor(make_app(settings, secret="o" * 64))
    visitor.log_in()
    later = make_visitor(make_app(settings, secret=["n" * 64, "o" * 64]))
    later.set_cookie("session", visitor.cookies()["session"])
    assert later.user()["email"] == ADA
    later.log_in()
    last = make_visitor(make_app(settings, secret="n" * 64))
    last.set_cookie("session", visitor.cookies()["session"])
    assert last.user() is None
    last.set_cookie("session", later.cookies()["session"])
    assert last.user()["email"] == ADA


def test_deleted_cookies_keep_their_attributes(
    make_app: MakeApp, redis_url: str
) -> None:
    """Browsers leave a cookie alone otherwise, one that begins with __Host- always."""
    app = make_app(
        {
            "SESSION_TYPE": "redis",
            "SESSION_REDIS": redis_url,
            "SESSION_COOKIE_NAME": "__Host-session",
            "SESSION_COOKIE_PARTITIONED": True,
        },
        cookie_same_site="None",
        cookie_secure=True,
    )
    SessionContract.add_views(app)
    client = app.test_client()
    url = "https://localhost"
    kept = client.get("/put/a/b", base_url=url).headers["Set-Cookie"]
    deleted = client.get("/clear", base_url=url).headers["Set-Cookie"]
    for cookie in (kept, deleted):
        assert cookie.startswith("__Host-session=")
        for attribute in _ATTRIBUTES:
            assert f"; {attribute}" in cookie
        assert "Domain" not in cookie
    assert "Max-Age=0" in deleted


def test_a_new_id_is_kept_before_the_old_one_goes(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    interface = interface_of(app)
    log: list[tuple[str, str]] = []
    for name in ("keep", "remove"):
        original = getattr(interface.back_end, name)

        def note(
            key: str, *rest: t.Any, name: str = name, work: t.Any = original
        ) -> t.Any:
            log.append((name, key))
            return work(key, *rest)

        monkeypatch.setattr(interface.back_end, name, note)

    visitor.get("/put/cart/book")
    before = visitor.cookies()["session"]
    log.clear()
    visitor.log_in()
    after = visitor.cookies()["session"]
    sessions = [each for each in log if each[1].startswith("session:")]
    assert sessions == [("keep", f"session:{after}"), ("remove", f"session:{before}")]


def test_an_empty_session_gets_a_new_id_too(make_app: MakeApp, redis_url: str) -> None:
    app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url})
    interface = interface_of(app)
    interface._upsert_session(
        timedelta(60), ServerSideSession({"_permanent": True}), f"session:{SID}"
    )
    with app.test_request_context(headers={"Cookie": f"session={SID}"}):
        opened = t.cast("t.Any", session)
        assert opened.sid == SID
        assert not opened
        interface.regenerate(opened)
        assert opened.sid != SID
        interface.save_session(app, opened, app.response_class())
    assert interface._retrieve_session_data(f"session:{SID}") is None
