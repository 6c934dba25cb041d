"""A logged-in test client, without a tenant and without a network."""

from __future__ import annotations

import time
import typing as t

from flask import Flask
from flask.testing import FlaskClient

from . import loop
from .contexts import this_session
from .registry import state_of
from .sessions.jar import write_cookies
from .sessions.state import KEY
from .store_options import copy_collected, store_options

#: Who logs in where a test does not care.
USER = {"sub": "auth0|test", "name": "Test User", "email": "test@example.com"}


def logged_in_client(
    app: Flask,
    *,
    access_token: str = "test-access-token",  # noqa: S107
    refresh_token: str | None = None,
    expires_in: int = 86400,
    **claims: t.Any,
) -> FlaskClient:
    """Return a test client of an app in which a user is logged in.

    .. code-block:: python

        client = logged_in_client(app, name="Ada")
        assert client.get("/profile").status_code == 200

    :param access_token: what ``get_access_token()`` returns, for ``expires_in``
        seconds.
    :param claims: the user's claims, in addition to or in place of :data:`USER`.
    """
    client = app.test_client()
    state = {
        "user": {**USER, **claims},
        "id_token": None,
        "refresh_token": refresh_token,
        "token_sets": [_token_set(app, access_token, expires_in)],
        "connection_token_sets": [],
        "domain": state_of(app).config.domain,
        "internal": {"sid": "test", "created_at": int(time.time())},
    }
    _log_in(app, client, state)
    return client


def _token_set(app: Flask, access_token: str, expires_in: int) -> dict[str, t.Any]:
    config = state_of(app).config
    return {
        "audience": config.audience or "default",
        "access_token": access_token,
        "scope": config.scope,
        "expires_at": int(time.time()) + expires_in,
    }


def _log_in(app: Flask, client: FlaskClient, state: dict[str, t.Any]) -> None:
    with app.test_request_context() as context:
        store = state_of(app).state_store
        setting = store.set(KEY, state, options=store_options())
        loop.run(setting, timeout=state_of(app).config.timeout)
        response = app.response_class()
        write_cookies(response)
        copy_collected(response)
        app.session_interface.save_session(app, this_session(), response)
        host = context.request.host.partition(":")[0]
    for header in response.headers.getlist("Set-Cookie"):
        name, _, value = header.partition(";")[0].partition("=")
        client.set_cookie(name, value, domain=host)
