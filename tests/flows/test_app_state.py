"""What an app gives a login on its way, and gets back after it."""

from __future__ import annotations

import json
import typing as t
from urllib.parse import urlencode

import pytest
from flask import Flask, request

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import ADA, MakeApp, MakeVisitor, Visitor, query_of

from .going import go, session_of

DETAILS = [{"type": "payment", "amount": "5 EUR"}]
#: What the hook of the app has got.
Got = list[tuple[t.Any, t.Any]]


@pytest.fixture
def got(app: Flask) -> Got:
    found: Got = []
    hooks = app.extensions["auth0"].hooks
    hooks.after_login.append(lambda session, state: found.append((session, state)))
    return found


@pytest.fixture(autouse=True)
def add_view(app: Flask) -> None:
    @app.get("/start")
    def start() -> t.Any:
        query = request.args.to_dict()
        state = json.loads(query.pop("app_state", "null"))
        return Auth0().login(query.pop("next", None), app_state=state, **query)


def start(visitor: Visitor, app_state: t.Any, **query: str) -> t.Any:
    query["app_state"] = json.dumps(app_state)
    return visitor.get(f"/start?{urlencode(query)}")


def test_it_comes_back(visitor: Visitor, got: Got) -> None:
    begun = start(
        visitor, {"cart": [1, 2], "ü": None}, next="/profile", ui_locales="de"
    )
    assert "cart" not in begun.location
    response = visitor.get(go(visitor, begun))
    assert response.location == "/profile"
    ((session, state),) = got
    assert session["user"]["email"] == ADA
    assert state["cart"] == [1, 2]
    assert state["next"] == "/profile"
    assert state["ui_locales"] == "de"


def test_it_names_the_page(visitor: Visitor, got: Got) -> None:
    response = visitor.get(go(visitor, start(visitor, {"next": "/profile"})))
    assert response.location == "/profile"
    response = visitor.get(go(visitor, start(visitor, {"next": "//evil.example"})))
    assert response.location == "/"
    assert [state["next"] for _, state in got] == ["/profile", "/"]


def test_a_query_does_not_replace_it(visitor: Visitor, got: Got) -> None:
    begun = start(visitor, {"screen_hint": "mine"}, screen_hint="signup")
    assert query_of(begun.location)["screen_hint"] == "signup"
    visitor.get(go(visitor, begun))
    assert got[0][1]["screen_hint"] == "mine"


@pytest.mark.parametrize("mode", ["cookies", "redis"], indirect=True)
def test_it_is_there_when_the_cookie_was_lost(visitor: Visitor, got: Got) -> None:
    callback = go(visitor, start(visitor, {"cart": 7}, next="/profile"))
    visitor.client = visitor.app.test_client()
    again = visitor.get(callback)
    assert visitor.get(go(visitor, again)).location == "/profile"
    assert got[0][1]["cart"] == 7


@pytest.mark.parametrize(
    ("app_state", "error"),
    [
        ({"cart": "x" * 1000}, ValueError),
        ([1], TypeError),
        ("text", TypeError),
        (7, TypeError),
    ],
)
def test_it_has_limits(
    visitor: Visitor, app_state: t.Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match="app_state"):
        start(visitor, app_state)


def test_it_must_be_json(app: Flask) -> None:
    for value in (object(), float("nan")):
        with app.test_request_context("/"), pytest.raises(TypeError, match="app_state"):
            Auth0().login(app_state={"cart": value})


def test_the_longest_one_fits(visitor: Visitor, got: Got) -> None:
    state = {"cart": "x" * 980}
    begun = start(visitor, state, next=f"/profile?{'y' * 480}")
    assert len(begun.location) < 4096
    visitor.get(go(visitor, begun))
    assert got[0][1]["cart"] == state["cart"]


def test_state_of_the_sdk(visitor: Visitor, got: Got) -> None:
    """A login that the SDK's own method has begun has its state as well."""
    visitor.get(go(visitor, visitor.get("/async/login?note=mine&next=/profile")))
    assert got[0][1]["note"] == "mine"


def test_authorization_details(visitor: Visitor, got: Got) -> None:
    begun = start(visitor, None, authorization_details=json.dumps(DETAILS))
    visitor.get(go(visitor, begun))
    assert got[0][0]["authorization_details"] == DETAILS
    assert session_of(visitor)["authorization_details"] == DETAILS


def test_authorization_details_after_a_refresh(
    make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    app = make_app(scope="openid offline_access")

    @app.get("/start")
    def start() -> t.Any:
        return Auth0().login(authorization_details=json.dumps(DETAILS))

    @app.get("/refreshed")
    def refreshed() -> t.Any:
        Auth0().get_access_token(force_refresh=True)
        return Auth0().get_session() or {}

    visitor = make_visitor(app)
    visitor.get(go(visitor, visitor.get("/start")))
    session = visitor.fetch("/refreshed").get_json()
    assert session["authorization_details"] == DETAILS


def test_there_are_none(visitor: Visitor, got: Got) -> None:
    visitor.log_in()
    assert "authorization_details" not in got[0][0]
