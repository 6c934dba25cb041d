"""Stores as the SDK's documentation writes them, beside ours."""

from __future__ import annotations

import asyncio
import json
import typing as t

import pytest
from auth0_server_python.auth_types import StateData, TransactionData
from auth0_server_python.store import StateStore, TransactionStore
from flask import Flask

from flask_auth0 import Auth0, current_user
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import ADA, SECRET, MakeVisitor, add_views


class Remembered(dict[str, t.Any]):
    """A server's memory."""


class StatefulStore(StateStore):
    """A store as the SDK's documentation writes it: it sets its cookie itself."""

    def __init__(self, memory: Remembered) -> None:
        super().__init__({"secret": SECRET})
        self.memory = memory
        self.loops: set[t.Any] = set()
        self.gets = 0

    async def set(
        self,
        identifier: t.Any,
        state: t.Any,
        remove_if_expires: t.Any = False,
        options: t.Any = None,
    ) -> None:
        self.loops.add(asyncio.get_running_loop())
        await asyncio.sleep(0)
        key = f"id{len(self.memory)}"
        self.memory[key] = json.dumps(
            state.model_dump() if hasattr(state, "model_dump") else state
        )
        options["response"].set_cookie(
            key="own", value=key, httponly=True, samesite="Lax", max_age=3600, path="/"
        )

    async def get(self, identifier: t.Any, options: t.Any = None) -> t.Any:
        self.gets += 1
        self.loops.add(asyncio.get_running_loop())
        await asyncio.sleep(0)
        found = self.memory.get(options["request"].cookies.get("own"))
        return StateData(**json.loads(found)) if found else None

    async def delete(self, identifier: t.Any, options: t.Any = None) -> None:
        self.memory.pop(options["request"].cookies.get("own"), None)
        options["response"].delete_cookie("own")


class OwnTransactionStore(TransactionStore):
    """A stateless store: everything encrypted in a cookie of its own."""

    def __init__(self) -> None:
        super().__init__({"secret": SECRET})

    async def set(
        self,
        identifier: t.Any,
        state: t.Any,
        remove_if_expires: t.Any = False,
        options: t.Any = None,
    ) -> None:
        sealed = self.encrypt(identifier, state.model_dump())
        options["response"].set_cookie("own_tx", sealed, httponly=True)

    async def get(self, identifier: t.Any, options: t.Any = None) -> t.Any:
        sealed = options["request"].cookies.get("own_tx")
        return TransactionData(**self.decrypt(identifier, sealed)) if sealed else None

    async def delete(self, identifier: t.Any, options: t.Any = None) -> None:
        options["response"].delete_cookie("own_tx")


def test_stores_of_ones_own(
    options: dict[str, t.Any], make_visitor: MakeVisitor
) -> None:
    memory = Remembered()
    store = StatefulStore(memory)
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(
        app, state_store=store, transaction_store=OwnTransactionStore(), **options
    )
    add_views(app)

    @app.get("/often")
    def often() -> t.Any:
        return [current_user["email"] for _ in range(5)]

    @app.get("/async-user")
    async def async_user() -> t.Any:
        return await auth0.client.get_user()

    visitor = make_visitor(app)
    assert visitor.user() is None
    assert visitor.log_in(path="/login?next=/profile").location == "/profile"
    assert set(visitor.cookies()) == {"own", "session_a0_loop"}
    assert visitor.get("/profile").text == "Hello Ada Lovelace"
    assert visitor.user()["email"] == ADA
    assert visitor.get("/async-user").get_json()["email"] == ADA
    assert len(store.loops) == 1
    profile = visitor.get("/profile")
    assert "Cookie" in profile.vary
    assert profile.cache_control.private
    assert profile.headers.getlist("Content-Type") == ["text/html; charset=utf-8"]
    gets = store.gets
    visitor.get("/often")
    assert store.gets == gets + 1
    visitor.get("/logout")
    assert visitor.user() is None
    assert memory == {}


def test_a_refresh_token_in_a_store_of_ones_own_is_revoked(
    options: dict[str, t.Any], make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    memory = Remembered()
    app = Flask(__name__)
    app.testing = True
    options["scope"] = "openid offline_access"
    Auth0(
        app,
        state_store=StatefulStore(memory),
        revoke_refresh_token_on_logout=True,
        **options,
    )
    visitor = make_visitor(app)
    visitor.log_in()
    (state,) = memory.values()
    token = tenant.tenant.credentials.refresh_token(json.loads(state)["refresh_token"])
    assert token
    assert not token.is_revoked()
    assert "/oidc/logout?" in visitor.get("/logout").location
    assert memory == {}
    assert token.is_revoked()


def test_mistakes_in_an_apps_own_store_are_its_own(
    options: dict[str, t.Any], make_visitor: MakeVisitor
) -> None:
    class Broken(StatefulStore):
        async def get(self, identifier: t.Any, options: t.Any = None) -> t.Any:
            raise LookupError("in the store")

    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0()
    auth0.init_app(app, state_store=Broken(Remembered()), **options)
    add_views(app)
    for path in ["/user", "/profile"]:
        with pytest.raises(LookupError, match="in the store"):
            make_visitor(app).get(path)
