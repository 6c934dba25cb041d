"""A logged-in test client, without a tenant and without a network."""

from __future__ import annotations

import time
import typing as t

from flask import Flask
from flask.testing import FlaskClient

from .app_state import state_of
from .client.dispatch import store_options
from .errors import ConfigurationError
from .runtime import loop
from .runtime.request import current_request
from .sessions.cookies.host_prefix import HOST_PREFIX
from .sessions.storage_contract import KEY

#: The claims of the user where a test names none.
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
    :raises ConfigurationError: where the app is neither in testing nor in debug mode.
    """
    _refuse_production(app)
    client = _make_client(app)
    state = {
        "user": {**USER, **claims},
        "id_token": None,
        "refresh_token": refresh_token,
        "token_sets": [_token_set(app, access_token, expires_in)],
        "connection_token_sets": [],
        "internal": {"sid": "test", "created_at": int(time.time())},
    }
    _log_in(app, client, state)
    return client


def _refuse_production(app: Flask) -> None:
    if not (app.testing or app.debug):
        raise ConfigurationError(
            f"The app '{app.name}' is neither in testing nor in debug mode, and a "
            "logged_in_client needs no password. Set app.testing = True before."
        )


def _token_set(app: Flask, access_token: str, expires_in: int) -> dict[str, t.Any]:
    config = state_of(app).config
    return {
        "audience": config.audience or "default",
        "access_token": access_token,
        "scope": config.scope,
        "expires_at": int(time.time()) + expires_in,
    }


def _log_in(app: Flask, client: FlaskClient, state: dict[str, t.Any]) -> None:
    with app.test_request_context(**_place(app)) as context:
        store, current = state_of(app).state_store, current_request()
        domain = state_of(app).domains.of(current)
        setting = store.set(
            KEY, {**state, "domain": domain}, options=store_options(current)
        )
        loop.run(setting, timeout=state_of(app).config.timeout)
        response = app.response_class()
        current.jar.write_to(response)
        if current.collected is not None:
            current.collected.copy_to(response)
        app.session_interface.save_session(app, current.session, response)
        host = context.request.host.partition(":")[0]
    with app.test_request_context(base_url=f"https://{host}"):
        prefixed = app.session_interface.get_cookie_name(app).startswith(HOST_PREFIX)
    for header in response.headers.getlist("Set-Cookie"):
        _keep_cookie(client, header, host)
        if prefixed and not header.startswith(HOST_PREFIX):
            # A test may visit the app over https, where the name has the prefix, or
            # over http.
            _keep_cookie(client, HOST_PREFIX + header, host)


def _keep_cookie(client: FlaskClient, header: str, host: str) -> None:
    """Keep a cookie where a browser would: with its domain and its path."""
    pair, *rest = (part.strip() for part in header.split(";"))
    name, _, value = pair.partition("=")
    attributes = {k.lower(): v for k, _, v in (each.partition("=") for each in rest)}
    domain = attributes.get("domain", "").lstrip(".")
    client.set_cookie(
        name,
        value,
        domain=domain or host,
        origin_only=not domain,
        path=attributes.get("path") or "/",
    )


def _make_client(app: Flask) -> FlaskClient:
    """Return a client that visits the domain of the app's cookies, if they have one."""
    place = _place(app)
    client = app.test_client()
    if not place:
        return client

    class Client(type(client)):  # type: ignore[misc]
        def open(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
            if args and isinstance(args[0], str) and "://" not in args[0]:
                kwargs = {**place, **kwargs}
            return super().open(*args, **kwargs)

        def session_transaction(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
            return super().session_transaction(*args, **{**place, **kwargs})

    client.__class__ = Client
    return client


def _place(app: Flask) -> dict[str, t.Any]:
    """Return the base URL of a host that gets the app's cookies, if localhost does not.

    Names come from ``SERVER_NAME`` where that is set.
    """
    domain = (app.session_interface.get_cookie_domain(app) or "").lstrip(".")
    if not domain or app.config["SERVER_NAME"]:
        return {}
    return {"base_url": f"http://{domain}{app.config['APPLICATION_ROOT']}"}
