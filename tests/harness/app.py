"""The small app that the end-to-end tests run under every server."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

import httpx
from auth0_server_python.auth_types import (
    ConnectAccountOptions,
    StartInteractiveLoginOptions,
    StartPasswordlessEmailOptions,
)
from flask import Flask, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import escape

from flask_auth0 import (
    Auth0,
    current_user,
    kept_form,
    login_required,
    silent_login,
)

FORM = """<!doctype html><title>Form</title>
<form method="post" action="/submit"><button>Send</button></form>"""

NOTE = """<!doctype html><title>Note</title>
<form method="post"><button>Send</button><input name="password" type="password">"""


def fingerprint(token: str) -> str:
    """The part of a token that a test may see: enough to tell two apart."""
    return hashlib.sha256(token.encode()).hexdigest()


def create_app(**options: Any) -> Flask:
    """An app that is configured by its environment, like a deployed one."""
    app = Flask(__name__)
    auth0 = Auth0(app, **options)

    @app.get("/")
    def home() -> ResponseReturnValue:
        return f"<!doctype html><title>Home</title>{current_user.is_authenticated}"

    @app.get("/greeting")
    @silent_login
    def greeting() -> ResponseReturnValue:
        return f"Hello {escape(current_user.get('name', 'stranger'))}"

    @app.get("/favicon.ico")
    def icon() -> ResponseReturnValue:
        return "", 204

    @app.get("/profile")
    @login_required
    def profile() -> ResponseReturnValue:
        return jsonify(dict(current_user))

    @app.get("/async")
    @login_required
    async def asynchronous() -> ResponseReturnValue:
        token = await auth0.client.get_access_token()
        return jsonify(sub=current_user["sub"], token=fingerprint(token))

    @app.get("/token")
    @login_required
    def token() -> ResponseReturnValue:
        force = "force" in request.args
        token = fingerprint(auth0.get_access_token(force_refresh=force))
        return jsonify(sub=current_user["sub"], token=token)

    @app.get("/api")
    @login_required
    def api() -> ResponseReturnValue:
        answer = httpx.get(
            f"https://{os.environ['AUTH0_DOMAIN']}/userinfo",
            headers={"Authorization": f"Bearer {auth0.get_access_token()}"},
        )
        return jsonify(answer.json()), answer.status_code

    @app.get("/size")
    @login_required
    def size() -> ResponseReturnValue:
        return jsonify(bytes=len(json.dumps(auth0.get_session())))

    @app.get("/admin")
    def admin() -> ResponseReturnValue:
        if "role" in current_user:
            return "admin"
        return redirect(url_for("auth0.login", next="/admin"))

    @app.get("/team")
    @login_required(organization="acme")
    def team() -> ResponseReturnValue:
        return "ours"

    @app.get("/connect")
    @login_required
    async def connect() -> ResponseReturnValue:
        options = ConnectAccountOptions(
            connection="github", app_state={"next": "/accounts"}
        )
        return redirect(await auth0.client.start_connect_account(options))

    @app.get("/accounts")
    @login_required
    async def accounts() -> ResponseReturnValue:
        listed = await auth0.client.list_connected_accounts()
        return jsonify([account.connection for account in listed.accounts])

    @app.get("/link")
    def link() -> ResponseReturnValue:
        options = StartPasswordlessEmailOptions(email="ada@example.com", send="link")
        auth0.run(auth0.client.passwordless.start(options, next="/profile"))
        return "<!doctype html><title>Sent</title>Look into your mail."

    @app.get("/begin")
    async def begin() -> ResponseReturnValue:
        options = StartInteractiveLoginOptions(app_state={"next": "/profile"})
        return redirect(await auth0.client.start_interactive_login(options))

    @app.get("/strong")
    @login_required(mfa=True)
    def strong() -> ResponseReturnValue:
        return "strong"

    @app.get("/sales")
    @login_required(claims={"team": "sales"}, acr_values="urn:gold")
    async def sales() -> ResponseReturnValue:
        return "sales"

    @app.get("/form")
    def form() -> ResponseReturnValue:
        return FORM

    @app.route("/note", methods=["GET", "POST"])
    @login_required(keep_form=True)
    def note() -> ResponseReturnValue:
        if request.method == "POST":
            return f"received {escape(request.form['text'])}"
        kept = kept_form()
        text = escape(kept["text"] if kept else "")
        return f"{NOTE}<textarea name=text>{text}</textarea>"

    @app.post("/submit")
    @login_required
    def submit() -> ResponseReturnValue:
        return f"received {request.method}"

    return app
