"""Auth0's published recipe for Flask, as its readers have it in their apps."""

from __future__ import annotations

import os
import typing as t

import redis
from auth0_server_python.auth_server.server_client import ServerClient
from auth0_server_python.auth_types import StateData, TransactionData
from auth0_server_python.store import StateStore, TransactionStore
from flask import Flask, request, session
from flask import redirect as redirect_to
from flask.typing import ResponseReturnValue
from flask_session import Session
from pydantic import BaseModel

from .plain import APP_URL


class _InSession:
    """Keeps what the SDK has encrypted in ``flask.session``."""

    kind: type[BaseModel]
    encrypt: t.Callable[[str, dict[str, t.Any]], str]
    decrypt: t.Callable[[str, str], dict[str, t.Any]]

    async def set(
        self,
        identifier: str,
        state: t.Any,
        remove_if_expires: bool = False,
        options: t.Any = None,
    ) -> None:
        plain = state.model_dump() if isinstance(state, BaseModel) else state
        session[identifier] = self.encrypt(identifier, plain)

    async def get(self, identifier: str, options: t.Any = None) -> BaseModel | None:
        sealed = session.get(identifier)
        if sealed is None:
            return None
        return self.kind(**self.decrypt(identifier, sealed))

    async def delete(self, identifier: str, options: t.Any = None) -> None:
        session.pop(identifier, None)


class RecipeStateStore(_InSession, StateStore):  # type: ignore[misc]
    """Keeps who is logged in, with the tokens."""

    kind = StateData


class RecipeTransactionStore(_InSession, TransactionStore):  # type: ignore[misc]
    """Keeps a login that is under way."""

    kind = TransactionData


def recipe_in_cookies() -> Flask:
    """Return the recipe's app with Flask's own sessions."""
    app = Flask(__name__)
    app.secret_key = os.environ["AUTH0_SECRET"]
    app.config.update(SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax")
    return _with_routes(app)


def recipe_on_redis(url: str, **parameters: str) -> Flask:
    """Return the recipe's app with Flask-Session.

    :param parameters: what else it says to the tenant.
    """
    app = Flask(__name__)
    app.secret_key = os.environ["AUTH0_SECRET"]
    app.config.update(
        SESSION_TYPE="redis",
        SESSION_REDIS=redis.Redis.from_url(url),
        SESSION_PERMANENT=True,
        SESSION_KEY_PREFIX="auth0:",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    Session(app)
    return _with_routes(app, **parameters)


def _client(parameters: dict[str, str]) -> ServerClient[t.Any]:
    secret = os.environ["AUTH0_SECRET"]
    return ServerClient(
        domain=os.environ["AUTH0_DOMAIN"],
        client_id=os.environ["AUTH0_CLIENT_ID"],
        client_secret=os.environ["AUTH0_CLIENT_SECRET"],
        secret=secret,
        redirect_uri=f"{APP_URL}/callback",
        state_store=RecipeStateStore({"secret": secret}),
        transaction_store=RecipeTransactionStore({"secret": secret}),
        authorization_params={"scope": os.environ["AUTH0_SCOPE"], **parameters},
    )


def _with_routes(app: Flask, **parameters: str) -> Flask:
    auth0 = _client(parameters)
    # Its failures are counted, and each of them is a page of traceback.
    app.logger.disabled = True

    @app.get("/login")
    async def login() -> ResponseReturnValue:
        return redirect_to(await auth0.start_interactive_login())

    @app.get("/callback")
    async def callback() -> ResponseReturnValue:
        await auth0.complete_interactive_login(request.url)
        return redirect_to("/")

    @app.get("/profile")
    async def profile() -> ResponseReturnValue:
        user = await auth0.get_user()
        if user is None:
            return redirect_to("/login")
        return f"Hello {user['name']}"

    @app.get("/token")
    async def token() -> str:
        return str(await auth0.get_access_token())

    return app
