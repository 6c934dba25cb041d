"""Visitors whose logout revokes a refresh token, and what the tenant hears of it."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from flask import Flask
from werkzeug.wrappers import Response

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import Visitor

OFFLINE = "openid profile offline_access"


class Answers:
    """What the tenant is asked to revoke, and what it answers instead of doing it."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.authorizations: list[str | None] = []
        self.answer: Callable[[], Response] | None = None


class Leaver(Visitor):
    """A visitor of an app that shows the refresh token of the session."""

    def __init__(self, app: Flask, tenant: TenantServer) -> None:
        super().__init__(app, tenant)
        if "leave" not in app.view_functions:
            app.add_url_rule(
                "/leave", "leave", lambda: Auth0().logout("/"), methods=["GET"]
            )
            app.add_url_rule("/session", "session", lambda: Auth0().get_session() or {})

    def log_in_for_a_token(self) -> str:
        """Log in, and return the refresh token."""
        self.log_in()
        return t.cast(str, self.fetch("/session").get_json()["refresh_token"])

    def is_good(self, refresh_token: str) -> bool:
        """Whether the tenant gives new tokens for a refresh token."""
        answer = self.http.post(
            f"{self.tenant.url}/oauth/token",
            data={
                "grant_type": "refresh_token",
                "refresh_token": refresh_token,
                "client_id": "the-client",
                "client_secret": "the-client-secret",
            },
        )
        assert answer.is_success or answer.json()["error"] == "invalid_grant"
        return answer.is_success


MakeLeaver = Callable[..., Leaver]
