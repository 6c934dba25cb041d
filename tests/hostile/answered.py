"""An app, and what it does with whatever its tenant answers."""

from __future__ import annotations

import json
import time
import typing as t

from flask import Flask

from flask_auth0 import Auth0
from tests.harness.provider import Change, Provider
from tests.harness.visitor import ADA, MakeVisitor, Visitor

#: The statuses of pages that tell a person what is wrong.
PAGES = {400, 401, 403, 431, 502, 503}


class Place:
    """An app, and what it does with whatever its tenant says."""

    def __init__(
        self,
        provider: Provider,
        make_app: t.Callable[[], Flask],
        make_visitor: MakeVisitor,
    ) -> None:
        self.provider, self._make_app = provider, make_app
        self._make_visitor = make_visitor
        self.app = self.new_app()

    def new_app(self) -> Flask:
        """Return an app that knows nothing of its tenant."""
        app = self._make_app()
        add_views(app)
        return app

    def visitor(self, app: Flask | None = None) -> Visitor:
        """Return somebody at an app."""
        return self._make_visitor(app or self.app)

    def user(self) -> Visitor:
        """Return somebody who has logged in, with a provider that behaves."""
        self.behave(self.app)
        visitor = self.visitor()
        visitor.log_in()
        return visitor

    def misbehave(self, kind: str, change: Change) -> None:
        self.provider.behave()
        self.provider.misbehave(kind, change)

    def behave(self, app: Flask) -> None:
        """Let nothing be wrong, and nobody wait until the tenant is asked again."""
        self.provider.behave()
        guards = app.extensions["auth0"].client.transports.guards
        guards.breakers.only.heard()
        guards.limits.until.clear()

    def all_is_well(self, app: Flask) -> None:
        """Check that the next one gets in."""
        self.behave(app)
        visitor = self.visitor(app)
        assert visitor.log_in().status_code == 302
        assert visitor.user()["email"] == ADA
        assert visitor.fetch("/token").status_code == 200


def add_views(app: Flask) -> None:
    auth0 = Auth0()

    @app.get("/token")
    def token() -> str:
        return auth0.get_access_token()

    @app.get("/new-token")
    def new_token() -> str:
        return auth0.get_access_token(force_refresh=True)

    @app.get("/token-of-a-connection")
    def connection() -> str:
        return auth0.get_access_token_for_connection("google-oauth2")

    @app.get("/session")
    def whole() -> t.Any:
        return json.loads(json.dumps(auth0.get_session()))


def come_back(place: Place, visitor: Visitor, way_back: str) -> bool:
    """Return whether somebody who comes back from the tenant is in."""
    answer = visitor.get(way_back)
    assert answer.status_code in PAGES | {302}, answer.text
    is_in = visitor.user() is not None
    assert is_in == (answer.status_code == 302)
    return is_in


def check_login(place: Place, visitor: Visitor, nonce: str, sent: list[t.Any]) -> None:
    """Check that somebody who is in was let in by an ID token, and can go on."""
    claims = sent[-1]
    assert claims["iss"] == place.provider.tenant.issuer
    assert claims["aud"] in ("the-client", ["the-client"]) or (
        claims["azp"] == "the-client" and "the-client" in claims["aud"]
    )
    assert claims["exp"] > time.time() - 60
    assert type(claims["exp"]) is not bool
    assert claims["iat"] < time.time() + 60
    assert claims["nonce"] == nonce
    assert visitor.user()["sub"] == claims["sub"] != ""
    place.behave(visitor.app)
    for path in ("/session", "/token", "/new-token", "/logout"):
        assert visitor.fetch(path).status_code in {200, 302, 401, 502}, path
    assert visitor.user() is None
