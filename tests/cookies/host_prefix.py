"""Apps whose cookies no other host can set, and browsers that have those of before."""

from __future__ import annotations

import secrets
import typing as t

from flask import Flask
from flask.testing import FlaskClient

from flask_auth0.testing import logged_in_client
from tests.harness.visitor import SECRET

HOST = "app.example.test"
URL = f"https://{HOST}"


OPTIONS: dict[str, t.Any] = {
    "domain": "tenant.example.com",
    "client_id": "c",
    "client_secret": "s",
    "secret": SECRET,
}


#: A random token does not get smaller when it is compressed.
TOKEN = secrets.token_urlsafe(6000)


#: The cookies beside the session's own where sessions are in cookies.
FORMER = {"session_a0_head0", "session_a0_body0"}


#: With this, ``logged_in_client`` names cookies as visits by https do.
SECURE: dict[str, t.Any] = {"cookie_secure": True}


Make = t.Callable[..., Flask]


def logged_in(app: Flask, size: int = 0, **claims: t.Any) -> FlaskClient:
    """A client in which somebody is logged in, by the app's own host alone."""
    made = logged_in_client(app, access_token=TOKEN[:size] or "token", **claims)
    return moved_to(made, app)


def moved_to(client: FlaskClient, app: Flask) -> FlaskClient:
    """The browser of a client, at another app of the same address."""
    other = app.test_client()
    for name, value in cookies_of(client).items():
        other.set_cookie(name, value, domain=HOST)
    return other


def cookies_of(client: FlaskClient) -> dict[str, str]:
    return {each.key: each.value for each in (client._cookies or {}).values()}


def who(client: FlaskClient) -> str | None:
    user = client.get("/user", base_url=URL).get_json()
    return str(user["sub"]) if user else None


def of_session(client: FlaskClient) -> set[str]:
    names = cookies_of(client)
    return {name for name in names if not name.endswith(("_loop", "_ended"))}


def header_of(client: FlaskClient) -> str:
    return "; ".join(f"{k}={v}" for k, v in cookies_of(client).items())
