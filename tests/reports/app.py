"""An app that reports every error with Sentry's SDK, and shows what it has reported."""

from __future__ import annotations

import json
import os
import typing as t
from urllib.parse import parse_qs, quote_plus

import sentry_sdk
import sentry_sdk.serializer
from flask import Flask, current_app, jsonify
from flask.typing import ResponseReturnValue
from sentry_sdk.envelope import Envelope
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.integrations.redis import RedisIntegration
from sentry_sdk.scrubber import EventScrubber
from sentry_sdk.transport import Transport

from flask_auth0 import Auth0, Auth0Error, current_user, login_required

#: The settings of Sentry's SDK: its defaults, and everything that it can report.
FORMS: dict[str, dict[str, t.Any]] = {
    "default": {"disabled_integrations": [RedisIntegration()]},
    "everything": {
        "add_full_stack": True,
        "attach_stacktrace": True,
        "disabled_integrations": [DedupeIntegration()],
        # Sentry knows secrets by the names of variables. Nothing may depend on that.
        "event_scrubber": EventScrubber(denylist=[], pii_denylist=[]),
        "max_request_body_size": "always",
        "max_value_length": 100_000,
        "send_default_pii": True,
        "traces_sample_rate": 1.0,
    },
}
BREAKS = dict.fromkeys(("hook", "after_login", "large"), False)

reported: list[str] = []


class Kept(Transport):
    """Keeps what would be sent to Sentry."""

    def capture_envelope(self, envelope: Envelope) -> None:
        reported.append(envelope.serialize().decode())


def without_code(event: t.Any, hint: t.Any) -> t.Any:
    """Leave out the code of a callback's address, as the documents say."""
    query = event.get("request", {}).get("query_string") or ""
    text = json.dumps(event)
    for code in parse_qs(query).get("code", []):
        for written in (code, quote_plus(code)):
            text = text.replace(written, "[code]")
    return json.loads(text)


def create_app() -> Flask:
    """An app that is configured by its environment, and reports in every way."""
    form = os.environ["REPORTS_FORM"]
    if form == "everything":
        sentry_sdk.serializer.MAX_DATABAG_DEPTH = 12
        sentry_sdk.serializer.MAX_DATABAG_BREADTH = 200
    sentry_sdk.init(
        dsn="https://key@sentry.example.com/1",
        transport=Kept,
        integrations=[FlaskIntegration()],
        before_send=without_code,
        before_send_transaction=without_code,
        **FORMS[form],
    )
    app = Flask(__name__)
    auth0 = Auth0(app)
    app.register_error_handler(Auth0Error, report)
    add_hooks(auth0)
    add_views(app, auth0)
    return app


def report(error: Exception) -> t.NoReturn:
    """Report an error in each of the ways; it ends as one that nobody handles."""
    sentry_sdk.capture_exception(error)
    current_app.logger.error("This did not work.", exc_info=error)
    raise RuntimeError("What the extension raised has been handled badly.") from error


def add_hooks(auth0: Auth0) -> None:
    """Let hooks of the app fail, and let them make a session too large."""

    @auth0.before_session_saved
    def change(session: dict[str, t.Any]) -> None:
        if BREAKS["large"]:
            session["user"]["padding"] = os.urandom(20_000).hex()
        if BREAKS["hook"]:
            raise KeyError("a mistake of the app")

    @auth0.after_login
    def look(session: t.Any, asked_for: t.Any) -> None:
        if BREAKS["after_login"]:
            raise KeyError("a mistake of the app")


def add_views(app: Flask, auth0: Auth0) -> None:
    """Add what asks the tenant for something, and what controls the app."""

    @app.get("/")
    def home() -> ResponseReturnValue:
        return "home"

    @app.get("/profile")
    @login_required
    def profile() -> ResponseReturnValue:
        return jsonify(dict(current_user))

    @app.get("/token")
    def token() -> ResponseReturnValue:
        auth0.get_access_token(audience="https://other.example.com")
        return "a token"

    @app.get("/awaited")
    async def awaited() -> ResponseReturnValue:
        await auth0.client.get_access_token(audience="https://other.example.com")
        return "a token"

    @app.get("/awaited-and-handled")
    async def awaited_and_handled() -> ResponseReturnValue:
        try:
            await auth0.client.get_access_token(audience="https://other.example.com")
        except Exception as error:
            report(error)
        return "a token"

    @app.get("/connection")
    def connection() -> ResponseReturnValue:
        auth0.get_access_token_for_connection("google-oauth2")
        return "a token"

    @app.get("/exchange")
    def exchange() -> ResponseReturnValue:
        found = auth0.get_session() or {}
        options = {"refresh_token": found["refresh_token"]}
        auth0.run(auth0.client.get_token_by_refresh_token(options))
        return "a token"

    @app.get("/exchange-awaited")
    async def exchange_awaited() -> ResponseReturnValue:
        found = auth0.client.get_session()
        await auth0.client.get_token_by_refresh_token(
            {"refresh_token": (await found or {})["refresh_token"]}
        )
        return "a token"

    @app.get("/update")
    def update() -> ResponseReturnValue:
        auth0.update_session({"color": "blue"})
        return "updated"

    @app.get("/break/<what>")
    def break_(what: str) -> ResponseReturnValue:
        BREAKS.update(dict.fromkeys(BREAKS, False))
        BREAKS[what] = True
        return "broken"

    @app.get("/forget-the-tenant")
    def forget_the_tenant() -> ResponseReturnValue:
        auth0.client.discovery._told.clear()
        auth0.client.transports.breakers.only.heard()
        return "forgotten"

    @app.get("/ask-the-tenant-again")
    def ask_the_tenant_again() -> ResponseReturnValue:
        auth0.client.transports.breakers.only.heard()
        return "as if it had answered"

    @app.get("/reports")
    def reports() -> ResponseReturnValue:
        taken = list(reported)
        reported.clear()
        return jsonify(taken)
