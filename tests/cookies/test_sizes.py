"""Sessions in cookies of every size: within what browsers keep, and with no piece left.

Chromium takes a cookie whose name and value have 4096 bytes together, each attribute
1024; so does Firefox. One host may have 180 cookies in the one, 150 in the other.
"""

from __future__ import annotations

import re
import secrets
import typing as t

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_auth0 import Auth0
from flask_auth0.app_state import state_of
from flask_auth0.sessions.cookies.storage import HEADER
from flask_auth0.sessions.storage_contract import KEY
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import FETCH, HOST, MakeApp, MakeVisitor, Visitor

LARGEST_COOKIE, LARGEST_ATTRIBUTE, MOST_COOKIES = 4096, 1024, 150
#: Up and down, over the edge of one piece, and to what just fits.
SIZES = [100, *range(3150, 3450, 20), 3200, 5000, 6000, 6200, 100, 6200, 3500, 0]
#: A state of this size needs two pieces.
TWO = 3600


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app(response_header_limit=16384)
    auth0 = Auth0()
    token = ""

    @app.get("/resize/<part>/<int:size>")
    def resize(part: str, size: int) -> str:
        """Put so many bytes into the head or the body, as a refresh does."""
        nonlocal token
        token = secrets.token_urlsafe(size)[:size]
        store = state_of(app).state_store
        found = auth0.run(store.get(KEY))
        assert found is not None
        (found["user"] if part == "head" else found)["filling"] = token
        auth0.run(store.set(KEY, found))
        return "resized"

    @app.get("/is-whole")
    def is_whole() -> str:
        found = auth0.get_session() or {"user": {}}
        return str(token in (found.get("filling"), found["user"].get("filling")))

    return app


@pytest.fixture
def visitor(app: Flask, make_visitor: MakeVisitor) -> Visitor:
    visitor = make_visitor(app)
    visitor.client = logged_in_client(app)
    return visitor


def pieces(visitor: Visitor, part: str) -> list[str]:
    return sorted(name for name in visitor.cookies() if f"_a0_{part}" in name)


def header(cookies: t.Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies)


def look(app: Flask, cookies: t.Iterable[tuple[str, str]]) -> TestResponse:
    """Ask who is there, with exactly these cookies in this order."""
    client = app.test_client(use_cookies=False)
    return client.get(
        "/user", base_url=HOST, headers={**FETCH, "Cookie": header(cookies)}
    )


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_session_grows_and_shrinks(visitor: Visitor, part: str) -> None:
    seen = set()
    for size in SIZES:
        answer = visitor.get(f"/resize/{part}/{size}")
        assert answer.text == "resized"
        for cookie in answer.headers.getlist("Set-Cookie"):
            check_limits(cookie)
        assert visitor.get("/is-whole").text == "True"
        cookies = visitor.cookies()
        assert len(header(cookies.items())) <= HEADER
        assert len(cookies) <= MOST_COOKIES
        for each in ("head", "body"):
            count = int(cookies[f"session_a0_{each}0"][:2])
            names = [f"session_a0_{each}{number}" for number in range(count)]
            assert pieces(visitor, each) == names
        seen.add(len(pieces(visitor, part)))
    assert seen == {1, 2}
    assert visitor.get(f"/resize/{part}/8000").status_code == 431
    assert visitor.user() is not None


def check_limits(cookie: str) -> None:
    pair, *attributes = re.split("; ?", cookie)
    assert len(pair) - len("=") <= LARGEST_COOKIE
    assert all(len(each) <= LARGEST_ATTRIBUTE for each in attributes)


@pytest.mark.parametrize("lost", ["head0", "head1", "body0", "body1"])
def test_without_any_of_its_pieces_it_is_none(visitor: Visitor, lost: str) -> None:
    visitor.get(f"/resize/{lost[:4]}/{TWO}")
    assert f"session_a0_{lost}" in visitor.cookies()
    visitor.client.delete_cookie(f"session_a0_{lost}", domain="localhost")
    assert visitor.user() is None
    assert visitor.get("/profile").status_code == 302
    visitor.get("/logout")
    assert not pieces(visitor, "")


@pytest.mark.parametrize("part", ["head", "body"])
def test_pieces_of_two_sessions_are_none(visitor: Visitor, part: str) -> None:
    """Neither of another person, nor of another moment."""
    name, path = f"session_a0_{part}1", f"/resize/{part}/{TWO}"
    first = visitor.client
    visitor.client = logged_in_client(visitor.app, sub="another")
    visitor.get(path)
    of_another = visitor.cookies()[name]
    visitor.client = first
    visitor.get(path)
    of_another_moment = visitor.cookies()[name]
    visitor.get(path)
    assert visitor.get("/is-whole").text == "True"
    for piece in (of_another, of_another_moment):
        visitor.set_cookie(name, piece)
        assert visitor.get("/is-whole").text == "False"
        assert visitor.user() is None or part == "body"


def test_the_order_of_cookies_is_of_no_account(visitor: Visitor) -> None:
    visitor.get(f"/resize/body/{TWO}")
    cookies = sorted(visitor.cookies().items())
    for order in (cookies, cookies[::-1], cookies[3:] + cookies[:3]):
        assert look(visitor.app, order).get_json()["sub"] == "auth0|test"


@pytest.mark.parametrize("stray", ["head1", "head9", "body3", "body12"])
def test_a_stray_piece_is_cleaned_up(visitor: Visitor, stray: str) -> None:
    visitor.set_cookie(f"session_a0_{stray}", "x")
    assert visitor.user() is not None
    visitor.get("/resize/body/100")
    assert f"session_a0_{stray}" not in visitor.cookies()
    assert visitor.get("/is-whole").text == "True"


def test_names_that_are_there_twice(app: Flask) -> None:
    """Of two sessions, nobody knows which one the user has begun."""
    shop, root = (
        visit_cookies(logged_in_client(app, sub=sub)) for sub in ("shop", "root")
    )
    for cookies in (shop + root, root + shop, sorted(shop + root)):
        assert look(app, cookies).get_json() is None
    assert look(app, root + root).get_json()["sub"] == "root"


def visit_cookies(client: t.Any) -> list[tuple[str, str]]:
    return [(each.key, each.value) for each in client._cookies.values()]


def test_what_is_there_twice_takes_its_room_twice(visitor: Visitor) -> None:
    """Else a login would succeed that no server accepts afterwards."""
    client = visitor.app.test_client(use_cookies=False)
    visitor.get("/resize/body/5000")
    sent = [*visitor.cookies().items()]
    answer = client.get(
        "/resize/body/6200",
        base_url=HOST,
        headers={**FETCH, "Cookie": header([*sent, ("session", "x" * 2000)])},
    )
    assert answer.status_code == 431
