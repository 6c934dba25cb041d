"""A request is gone once it is answered, with its session, cookies and body."""

from __future__ import annotations

import gc
import typing as t
import weakref
from collections.abc import Iterator

import pytest
from flask import Flask, request, session

from flask_auth0 import current_user, login_required
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


def test_who_asks_for_one_that_is_gone_is_told(app: Flask) -> None:
    with app.test_request_context():
        unread = session._get_current_object()  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError, match="is over"):
        unread.get("cart")
