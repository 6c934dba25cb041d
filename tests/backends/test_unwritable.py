"""A back end that can be read and not written: reading and ending go on."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, flash, session
from redis import Redis

from flask_auth0 import Auth0, user_logged_out
from tests.harness.deadlines import within
from tests.harness.logout_tokens import make_token, post, sub_of
from tests.harness.visitor import ADA, GRACE, MakeApp, MakeVisitor, Visitor

from .unwritable import (
    LATER,
    TOO_LATE,
    Place,
    full_disk,
    full_redis,
    read_only_postgres,
    redis_place,
    redis_replica,
)

if t.TYPE_CHECKING:
    from tests.harness.clock import Clock

#: Those in which what is there can be removed meanwhile, and one in which it cannot.
SOME = ["full redis", "folder", "read-only postgres"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, which can be filled."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.getuid() != 0:
        pytest.skip("a disk can be filled by root alone")
    command = [mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield folder
    umount = shutil.which("umount") or "umount"
    subprocess.run([umount, "--lazy", str(folder)], check=True)


@pytest.fixture(
    params=[
        *("full redis", "redis replica", "read-only postgres"),
        *("sqlalchemy", "sqlite", "folder"),
    ]
)
def place(request: pytest.FixtureRequest) -> Place:
    value = request.getfixturevalue
    if request.param == "full redis":
        return redis_place(value("redis_url"), full_redis)
    if request.param == "redis replica":
        return redis_place(value("redis_url"), redis_replica, forgets=False)
    if request.param == "read-only postgres":
        url = value("postgres_url")
        settings = {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url}
        folder = url.partition("host=")[2]
        return Place(settings, lambda: read_only_postgres(folder), forgets=False)
    disk = value("small_disk")
    # SQLite writes down what it is about to do, before it does that.
    if request.param == "sqlalchemy":
        settings = {"SESSION_TYPE": "sqlalchemy"}
        settings["SESSION_SQLALCHEMY"] = f"sqlite:///{disk / 'sessions.db'}"
        return Place(settings, lambda: full_disk(disk), forgets=False)
    if request.param == "sqlite":
        settings = {"SESSION_TYPE": "sqlite"}
        settings["SESSION_SQLITE"] = str(disk / "sessions.db")
        return Place(settings, lambda: full_disk(disk), forgets=False)
    settings = {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": str(disk / "sessions")}
    return Place(settings, lambda: full_disk(disk))


@pytest.fixture
def app(make_app: MakeApp, place: Place) -> Flask:
    app = make_app(place.settings)
    auth0 = Auth0()

    @app.get("/read")
    def read() -> str:
        return str(session.get("theme"))

    @app.get("/write")
    def write() -> str:
        session["theme"] = "dark"
        return "written"

    @app.get("/revoke-all")
    def revoke_all() -> str:
        return str(auth0.sessions.revoke_all("auth0|ada"))

    return app


def require_in(visitor: Visitor) -> None:
    assert visitor.get("/profile").text == "Hello Ada Lovelace"
    assert visitor.user()["email"] == ADA
    assert visitor.get("/read").text == "dark"
    assert visitor.get("/").text == "home"


@pytest.fixture
def there(visitor: Visitor, make_visitor: MakeVisitor) -> Visitor:
    # One session of a user of several.
    make_visitor(visitor.app).log_in()
    visitor.log_in()
    assert visitor.get("/write").text == "written"
    require_in(visitor)
    return visitor


def test_pages_are_there_when_a_visit_is_to_be_noted(
    there: Visitor, place: Place, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with place.fault():
        clock.offset = LATER
        for _ in range(3):
            require_in(there)
        said = [each for each in caplog.messages if "can do without" in each]
        assert len(said) == 1
    assert there.get("/write").text == "written"
    require_in(there)


@pytest.mark.parametrize("place", SOME, indirect=True)
def test_the_visit_is_noted_as_soon_as_that_is_possible(
    there: Visitor, place: Place, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_auth0.sessions.stores.limits.PAUSE", 0)
    with place.fault():
        clock.offset = 23 * 3600
        require_in(there)
    require_in(there)
    clock.offset += 23 * 3600
    require_in(there)


def test_what_the_app_writes_is_not_lost_silently(there: Visitor, place: Place) -> None:
    with place.fault():
        assert there.get("/write").status_code == 503


@pytest.mark.parametrize("place", SOME, indirect=True)
def test_public_pages_are_there_after_the_login_has_expired(
    there: Visitor, place: Place, clock: Clock
) -> None:
    with place.fault():
        clock.offset = TOO_LATE
        for _ in range(2):
            assert there.user() is None
            assert there.get("/read").text == "None"
            assert there.get("/").text == "home"
            assert there.get("/profile").status_code == 302
    assert there.user() is None


@pytest.mark.parametrize("place", SOME, indirect=True)
def test_expired_sessions_that_cannot_be_removed_disturb_nobody(
    make_app: MakeApp, make_visitor: MakeVisitor, place: Place
) -> None:
    app = make_app({**place.settings, "SESSION_CLEANUP_N_REQUESTS": 1})
    visitor = make_visitor(app)
    visitor.log_in()
    with place.fault():
        for _ in range(3):
            assert visitor.user()["email"] == ADA


def test_logout(there: Visitor, place: Place) -> None:
    cookies = there.cookies()
    with place.fault():
        answer = there.get("/logout")
        if place.forgets:
            assert answer.status_code == 302
            assert there.user() is None
        else:
            # The page must not say that a session has ended which has not.
            assert answer.status_code == 503
            require_in(there)
    for name, value in cookies.items():
        there.set_cookie(name, value)
    assert (there.user() is None) == place.forgets
    assert there.get("/logout").status_code == 302
    assert there.user() is None


@pytest.mark.parametrize("place", ["full redis", "folder"], indirect=True)
def test_logout_with_something_that_is_left(there: Visitor, place: Place) -> None:
    """Data that the app keeps after a logout is lost, and the logout is not."""

    def say_goodbye(sender: object, **about: t.Any) -> None:
        flash("Goodbye")

    assert place.forgets
    with place.fault(), user_logged_out.connected_to(say_goodbye):
        assert there.get("/logout").status_code == 302
    assert there.user() is None
    assert there.get("/read").text == "None"


def test_back_channel_logout(
    there: Visitor, make_visitor: MakeVisitor, place: Place
) -> None:
    sub, tenant = sub_of(there), there.tenant.tenant
    other = make_visitor(there.app)
    other.log_in(GRACE)
    with place.fault():
        answer = post(there, make_token(tenant, sub=sub))
        assert answer.status_code == (200 if place.forgets else 503)
        assert (there.user() is None) == place.forgets
    assert post(there, make_token(tenant, sub=sub)).status_code == 200
    assert there.user() is None
    assert other.user()["email"] == GRACE


@pytest.mark.parametrize("place", SOME, indirect=True)
def test_an_operator_ends_all_sessions_of_a_user(
    there: Visitor, make_visitor: MakeVisitor, place: Place
) -> None:
    more = [make_visitor(there.app) for _ in range(3)]
    for each in more:
        each.log_in()
    with place.fault():
        answer = more[0].fetch("/revoke-all")
        if place.forgets:
            assert answer.text == "5"
        else:
            assert answer.status_code == 503
        for each in (there, *more):
            assert (each.user() is None) == place.forgets
    assert there.fetch("/revoke-all").status_code == 200
    assert there.user() is None


@pytest.mark.parametrize("place", SOME, indirect=True)
def test_whoever_logs_in_again_is_told_that_it_failed(
    there: Visitor, place: Place
) -> None:
    with place.fault():
        assert there.log_in().status_code == 503
        require_in(there)


@pytest.mark.parametrize("place", SOME, indirect=True)
def test_nobody_logs_in_halfway(visitor: Visitor, place: Place) -> None:
    # To open a file of SQLite takes room as well.
    visitor.get("/login")
    with place.fault():
        assert visitor.log_in().status_code == 503
        assert visitor.user() is None
    visitor.log_in()
    assert visitor.user()["email"] == ADA


@contextlib.contextmanager
def paused_writes(url: str) -> Iterator[None]:
    with Redis.from_url(url) as redis:
        redis.execute_command("CLIENT", "PAUSE", "60000", "WRITE")
        try:
            yield
        finally:
            redis.execute_command("CLIENT", "UNPAUSE")


def test_writes_that_are_never_answered_hold_up_one_page(
    make_app: MakeApp, make_visitor: MakeVisitor, redis_url: str, clock: Clock
) -> None:
    limit = 1
    settings = redis_place(redis_url, paused_writes).settings
    app = make_app(settings, session_store_timeout=limit)
    visitors = [make_visitor(app) for _ in range(3)]
    for visitor in visitors:
        visitor.log_in()
        visitor.user()
    with paused_writes(redis_url):
        clock.offset = LATER
        with within(limit):
            assert visitors[0].user()["email"] == ADA
        for visitor in visitors:
            with within(limit / 4):
                assert visitor.user()["email"] == ADA
