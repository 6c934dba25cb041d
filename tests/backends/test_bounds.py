"""The cost of strangers: logins without an end, and requests without cookies."""

from __future__ import annotations

import sqlite3
import typing as t
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from werkzeug.test import TestResponse

from tests.fixtures.rounds import Rounds
from tests.harness.visitor import FETCH, HOST, NAVIGATION, MakeApp

#: Bytes of a header that gunicorn and nginx take.
LONGEST_HEADER = 8190
#: A browser asks for so many pages of one host at once.
AT_ONCE = 6
PAGES = ["/", "/user", "/profile", "/login", "/login?next=/profile", "/callback"]
PAGES += ["/callback?code=c&state=s", "/callback?error=access_denied&state=s.x"]
PAGES += ["/logout", "/unknown"]


class Place(t.NamedTuple):
    """A place of sessions, and a way to count them."""

    app: Flask
    kept: t.Callable[[], int]


@pytest.fixture(params=["redis", "sqlite", "cookie"])
def place(
    request: pytest.FixtureRequest, make_app: MakeApp, tmp_path: Path
) -> t.Iterator[Place]:
    if request.param == "cookie":
        yield Place(make_app(), lambda: 0)
    elif request.param == "redis":
        url = request.getfixturevalue("redis_url")
        with Redis.from_url(url) as redis:
            redis.flushdb()
            app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": url})
            yield Place(app, redis.dbsize)
    else:
        file = tmp_path / "sessions.db"
        config = {
            "SESSION_TYPE": "sqlalchemy",
            "SESSION_SQLALCHEMY": f"sqlite:///{file}",
        }
        yield Place(make_app(config), lambda: rows(file))


def rows(file: Path) -> int:
    connection = sqlite3.connect(file)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    counts = [
        connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
        for (name,) in tables.fetchall()
    ]
    connection.close()
    return sum(counts)


def take(cookies: dict[str, str], answer: TestResponse) -> None:
    """Do what a browser does with the cookies of an answer."""
    for header in answer.headers.getlist("Set-Cookie"):
        for name, morsel in SimpleCookie(header).items():
            if morsel["max-age"] == "0":
                cookies.pop(name, None)
            else:
                cookies[name] = morsel.value


@pytest.mark.parametrize("place", ["redis", "sqlite"], indirect=True)
def test_abandoned_logins_stay_few(place: Place, rounds: Rounds) -> None:
    most = rounds(short=100, full=1000)
    client = place.app.test_client(use_cookies=False)
    cookies: dict[str, str] = {}
    longest = 0
    for number in range(most // AT_ONCE + 1):
        header = "; ".join(f"{name}={value}" for name, value in cookies.items())
        longest = max(longest, len(header))
        for tab in range(AT_ONCE):
            path = f"/login?next=/profile%3Fpage={number}-{tab}"
            headers = {**NAVIGATION, "Cookie": header}
            answer = client.get(path, base_url=HOST, headers=headers)
            assert answer.status_code == 302
            take(cookies, answer)
    assert 0 < longest <= LONGEST_HEADER
    # The last tabs were all opened at once; one after the other, four are the most.
    assert len(cookies) <= 4 + AT_ONCE
    assert place.kept() == 0


def test_a_flood_without_cookies_makes_no_session(place: Place) -> None:
    client = place.app.test_client(use_cookies=False)
    for number in range(20):
        for page in PAGES:
            headers = NAVIGATION if number % 2 else FETCH
            method = "POST" if page == "/logout" and number % 3 else "GET"
            answer = client.open(page, base_url=HOST, headers=headers, method=method)
            assert answer.status_code < 500
            names = {c.partition("=")[0] for c in answer.headers.getlist("Set-Cookie")}
            assert all("_a0_tx_" in each or each.endswith("_loop") for each in names)
    assert place.kept() == 0
