"""A state store of an app's own may be as simple as the SDK's documentation has it."""

from __future__ import annotations

import secrets
import typing as t

import pytest
from auth0_server_python.auth_types import StateData
from auth0_server_python.store import StateStore
from flask import Flask, Response

from flask_auth0 import (
    Auth0Error,
    user_logged_in,
)
from flask_auth0.tenant import TenantServer

from .conftest import MakeApp, Visitor


class SimpleStore(StateStore):  # type: ignore[misc]
    """Remembers states by the id in a cookie, and looks for that in the request."""

    def __init__(self) -> None:
        super().__init__({})
        self.states: dict[str, dict[str, t.Any]] = {}

    async def set(
        self,
        identifier: str,
        state: t.Any,
        remove_if_expires: bool = False,
        options: t.Any = None,
    ) -> None:
        key = options["request"].cookies.get("own") or secrets.token_urlsafe()
        self.states[key] = state if isinstance(state, dict) else state.model_dump()
        options["response"].set_cookie("own", key, httponly=True)

    async def get(self, identifier: str, options: t.Any = None) -> t.Any:
        found = self.states.get(options["request"].cookies.get("own"))
        return StateData(**found) if found else None

    async def delete(self, identifier: str, options: t.Any = None) -> None:
        self.states.pop(options["request"].cookies.get("own"), None)
        options["response"].delete_cookie("own")


@pytest.fixture
def store() -> SimpleStore:
    return SimpleStore()


@pytest.fixture
def app(make_app: MakeApp, store: SimpleStore) -> Flask:
    return make_app(state_store=store)


def cookies_of(response: t.Any) -> list[str]:
    """What a response sets the store's cookie to."""
    cookies = response.headers.getlist("Set-Cookie")
    return [c.partition(";")[0] for c in cookies if c.startswith("own=")]


def test_a_refused_login_sends_no_session(
    visitor: Visitor, store: SimpleStore, tenant: TenantServer
) -> None:
    """Whoever reads the headers would have it, although a deletion follows."""
    tenant.tenant.extra_claims["nonce"] = "of-another-login"
    refused = visitor.log_in()
    assert refused.status_code == 502
    assert cookies_of(refused) == ["own="]
    assert store.states == {}


def test_one_that_a_receiver_refuses_neither(
    visitor: Visitor, store: SimpleStore
) -> None:
    def refuse(app: Flask, user: t.Any) -> None:
        raise Auth0Error("Not you.", code=403)

    with user_logged_in.connected_to(refuse):
        refused = visitor.log_in()
    assert refused.status_code == 403
    assert cookies_of(refused) == ["own="]
    assert store.states == {}


def test_other_headers_of_a_store_are_sent_too(make_app: MakeApp) -> None:
    class Telling(SimpleStore):
        async def get(self, identifier: str, options: t.Any = None) -> t.Any:
            response: Response = options["response"]
            response.headers["X-Store"] = "asked"
            response.set_cookie("plain", "1", 60, None, "/here")
            return None

    answer = make_app(state_store=Telling()).test_client().get("/user")
    assert answer.headers["X-Store"] == "asked"
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("plain=1;")
    assert cookie.endswith("; Max-Age=60; Path=/here")
