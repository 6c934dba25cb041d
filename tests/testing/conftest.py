"""An app as a project has one: a shop, its accounts, an API that it calls."""

from __future__ import annotations

import typing as t

import pytest
from auth0_server_python.store import StateStore
from flask import Flask, render_template_string, session

from flask_auth0 import Auth0, LoginRequired, MfaRequired, current_user, login_required
from flask_auth0.testing import CONFIG

ORDERS = "https://orders.example.com"


def greeting() -> str:
    """A function of the app that knows nothing of requests."""
    return f"Hello {current_user['name']}" if current_user else "Hello"


class Shop:
    """The app, and what it has been told."""

    def __init__(self, *, store: StateStore | None = None, **config: t.Any) -> None:
        self.app = Flask(__name__)
        self.app.config.update(CONFIG, TESTING=True)
        self.app.config.update(config)
        self.auth0 = Auth0(self.app, state_store=store)
        self.accounts: list[str] = []
        self.auth0.after_login(self._make_account)
        self._add_pages()
        self._add_tokens()

    def _make_account(self, found: t.Any, login: t.Any) -> None:
        self.accounts.append(found["user"]["sub"])
        session["account"] = len(self.accounts)

    def _add_pages(self) -> None:
        app = self.app

        @app.get("/greeting")
        def greet() -> str:
            return render_template_string("Hello {{ current_user.name or 'you' }}")

        @app.get("/cart")
        def cart() -> list[str]:
            return [*session.get("cart", ())]

        @app.get("/profile")
        @login_required
        def profile() -> dict[str, t.Any]:
            return {**current_user, "account": session.get("account")}

        @app.get("/admin")
        @login_required(claims={"role": "admin"})
        def admin() -> str:
            return "admin"

    def _add_tokens(self) -> None:
        app, auth0 = self.app, self.auth0

        @app.get("/token")
        @login_required
        def token() -> str:
            return auth0.get_access_token()

        @app.get("/orders")
        @login_required
        async def orders() -> str:
            return await auth0.client.get_access_token(audience=ORDERS)

        @app.get("/calendar")
        @login_required
        def calendar() -> str:
            return auth0.get_access_token_for_connection("google-oauth2")

        @app.get("/reason")
        def reason() -> str:
            try:
                return auth0.get_access_token()
            except MfaRequired:
                return "one more factor"
            except LoginRequired:
                return "log in"


@pytest.fixture
def shop() -> Shop:
    """The app, with sessions in cookies."""
    return Shop()


@pytest.fixture
def app(shop: Shop) -> Flask:
    return shop.app
