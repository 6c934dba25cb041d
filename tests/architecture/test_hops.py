"""A request goes on in few other files: what a function needs is handed to it."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
from flask import Flask, request

from flask_auth0 import Auth0, login_required
from tests.architecture.hops import Hops, counted
from tests.harness.logout_tokens import make_token, post, sid_of
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor

#: How often a walk may go on in another file, with cookies and with Redis.
BOUNDS = {
    "protected": (30, 35),
    "token": (47, 57),
    # Of these, five are for an ID token of another second than the one before.
    "refresh": (193, 211),
    "login": (74, 79),
    "callback": (115, 132),
    "backchannel": (0, 88),
}


def fetch(path: str) -> t.Callable[[Visitor], Hops]:
    """Return what counts the hops of a script's request."""

    def walk(visitor: Visitor) -> Hops:
        with counted() as hops:
            assert visitor.fetch(path).status_code == 200
        return hops

    return walk


def login(visitor: Visitor) -> Hops:
    visitor.client = visitor.app.test_client()
    with counted() as hops:
        assert visitor.get("/login").status_code == 302
    return hops


def callback(visitor: Visitor) -> Hops:
    visitor.client = visitor.app.test_client()
    url = visitor.authorize(visitor.get("/login"))
    with counted() as hops:
        assert visitor.get(url).status_code == 302
    return hops


def backchannel(visitor: Visitor) -> Hops:
    if visitor.user() is None:
        visitor.log_in()
    token = make_token(visitor.tenant.tenant, sid=sid_of(visitor))
    with counted() as hops:
        assert post(visitor, token).status_code == 200
    assert visitor.user() is None
    return hops


WALKS = {
    "protected": fetch("/profile"),
    "token": fetch("/token"),
    "refresh": fetch("/token?refresh=1"),
    "login": login,
    "callback": callback,
    "backchannel": backchannel,
}

PAGE = Path(__file__).parents[2] / "docs" / "architecture.rst"
#: How the page on the architecture names walks, and what each begins with there.
TOLD = {
    ("protected", "cookies"): "A request of a protected view, in cookies",
    ("protected", "redis"): "The same in Redis",
    ("login", "cookies"): "A login",
    ("login", "redis"): "A login",
    ("callback", "redis"): "And its callback, in Redis",
    ("refresh", "redis"): "A refresh, in Redis",
    ("backchannel", "redis"): "A back-channel logout, in Redis",
}


@pytest.fixture
def visitor(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    settings: dict[str, t.Any],
    caplog: pytest.LogCaptureFixture,
) -> Visitor:
    """Somebody who has been here before, so that nothing is done for the first time."""
    # Python's own default, by which nobody asks for lines about what goes well.
    caplog.set_level("WARNING", "flask_auth0")
    app = make_app(settings, scope="openid profile email offline_access")
    _add_token(app)
    found = make_visitor(app)
    found.log_in()
    for path in ("/profile", "/token", "/token?refresh=1", "/profile", "/profile"):
        assert found.fetch(path).status_code == 200
    return found


def _add_token(app: Flask) -> None:
    auth0 = Auth0()

    @app.get("/token")
    @login_required
    def token() -> str:
        return auth0.get_access_token(force_refresh="refresh" in request.args)


@pytest.mark.crossed
@pytest.mark.parametrize("name", WALKS)
def test_a_walk_has_few_hops(name: str, mode: str, visitor: Visitor) -> None:
    if (name, mode) == ("backchannel", "cookies"):
        pytest.skip("Sessions in cookies are not ended from outside.")
    # What waits on a busy machine can take more hops, and nothing can take fewer.
    hops = min((WALKS[name](visitor) for _ in range(3)), key=int)
    told = f"{int(hops)} hops through {len(hops.files)} files"
    print(f"{name}, {mode}: {told}, most into {hops.most_entered()}")
    assert int(hops) <= BOUNDS[name][mode == "redis"], told


def steps(beginning: str) -> list[str]:
    """Return the modules that a line of arrows on the page goes through."""
    heading = rf"\*\*{beginning}\*\*:"
    (line,) = re.findall(rf"^{heading}\n(.+?)\n\n", PAGE.read_text(), re.M | re.S)
    return re.findall(r"``([\w/]+)``", line)


def followed(entered: list[str], wanted: list[str]) -> list[str]:
    """Return the first of the wanted modules that were entered in this order."""
    found = iter(name.removesuffix(".py").removesuffix("/__init__") for name in entered)
    return [step for step in wanted if step in found]


@pytest.mark.crossed
@pytest.mark.parametrize(("name", "mode"), TOLD, indirect=["mode"])
def test_the_page_tells_where_a_request_goes(
    name: str, mode: str, visitor: Visitor
) -> None:
    told = steps(TOLD[name, mode])
    assert len(told) > 8
    assert followed(WALKS[name](visitor).entered, told) == told
