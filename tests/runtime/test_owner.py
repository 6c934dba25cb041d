"""A request is gone once it is answered, with its session, cookies and body."""

from __future__ import annotations

import gc
import typing as t
import weakref
from collections.abc import Iterator

import pytest
from flask import Flask, Request, request, session

from flask_auth0 import current_user, login_required
from flask_auth0.runtime.cookie_jar import CookieJar
from flask_auth0.runtime.owner import Owner
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import MakeApp

SETTINGS: list[dict[str, t.Any]] = [{}, {"SESSION_TYPE": "cachelib"}]


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """Let nobody free what refers to itself."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(params=SETTINGS, ids=["cookies", "server"])
def app(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    return make_app(request.param)


def open_page() -> str:
    return "for all"


@login_required
def protected() -> str:
    return str(current_user["name"])


def remembering() -> str:
    session["seen"] = session.get("seen", 0) + 1
    return str(current_user.get("name"))


@pytest.mark.parametrize("view", [open_page, protected, remembering])
def test_it_needs_no_collector(app: Flask, view: t.Callable[[], str]) -> None:
    """Errors, whose frames have it, and what an event loop has done, are others."""
    requests = []

    def noted() -> str:
        requests.append(weakref.ref(request._get_current_object()))  # type: ignore[attr-defined]
        return view()

    app.add_url_rule("/noted", view_func=noted)
    client = logged_in_client(app, name="Ada")
    for _ in range(2):
        client.get("/noted").close()
    assert [each() for each in requests] == [None, None]


@pytest.mark.parametrize("is_collected", [True, False])
def test_a_session_can_be_read_when_its_request_is_over(
    app: Flask, is_collected: bool
) -> None:
    """As in a stream, in a thread, or in a report of an error."""
    sessions: list[t.Any] = []

    @app.get("/taken")
    def taken() -> str:
        sessions.append(session._get_current_object())  # type: ignore[attr-defined]
        return "not read"

    client = logged_in_client(app, name="Ada")
    with client.session_transaction() as kept:
        kept["cart"] = "apple"
    client.get("/taken").close()
    if is_collected:
        gc.collect()
    (late,) = sessions
    assert [late.get("cart"), late.get("cart")] == ["apple", "apple"]
    assert "apple" in repr(late)


def test_one_that_nobody_has_is_over() -> None:
    gone = Owner(Request({}, populate_request=False))
    jar = CookieJar(Flask(__name__), gone, "session", "session_a0_")
    with pytest.raises(RuntimeError, match="is over"):
        jar.get("session")
