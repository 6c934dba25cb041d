"""Logs users in and out: in a client, in a new one, or without any."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from contextlib import contextmanager

import werkzeug.test
from flask import Flask, has_request_context, request
from flask.testing import EnvironBuilder, FlaskClient
from werkzeug.wrappers import Response
from werkzeug.wsgi import get_host

from ..app_state import state_of
from ..runtime.request import current_request
from ..sessions.cookies.host_prefix import HOST_PREFIX
from ..user import User, load_user
from .beginning import Change, beginning, ending, refuse_production, response_to
from .cookies import session_cookies
from .given import given_by


def log_in(
    client: FlaskClient,
    *,
    hooks: bool = False,
    base_url: str | None = None,
    **given: t.Any,
) -> None:
    """Log a user in, in a test client that is there already.

    What it has kept stays: the cookies of the app, a cart in ``flask.session``. A user
    who was logged in is not any more.

    .. code-block:: python

        log_in(client, name="Ada", org_id="org_1")
        assert client.get("/profile").status_code == 200

    .. versionadded:: 0.2

    :param hooks: whether ``after_login`` hooks are called, and ``user_logged_in`` is
        sent, as after a real login.
    :param base_url: the scheme and host that the client visits, if not those of its
        requests without a ``base_url``.
    :param given: claims of the user, in addition to or in place of :data:`USER`, and
        options of the session: ``access_token`` for the default audience,
        ``access_tokens`` by audience, ``connection_tokens`` by connection, their
        ``scope`` and ``expires_in`` (seconds), ``refresh_token``, ``refresh`` (the
        access token that a refresh brings, or the error that it raises),
        ``logged_in_at`` and ``last_seen_at`` (seconds since the epoch).
    :raises ConfigurationError: where the app is neither in testing nor in debug mode.
    :raises TypeError: for a client with ``use_cookies=False``.
    """
    _visit(client, base_url, beginning(given_by(given), hooks=hooks))


def log_out(
    client: FlaskClient, *, hooks: bool = False, base_url: str | None = None
) -> None:
    """Log the user of a test client out, with all that the app kept for them.

    .. versionadded:: 0.2

    :param hooks: whether ``user_logged_out`` is sent, as after a real logout.
    :param base_url: as of :func:`log_in`.
    :raises ConfigurationError: where the app is neither in testing nor in debug mode.
    """
    _visit(client, base_url, ending(hooks=hooks))


def logged_in_client(app: Flask, *, hooks: bool = False, **given: t.Any) -> FlaskClient:
    """Return a new test client of an app in which a user is logged in.

    .. code-block:: python

        client = logged_in_client(app, name="Ada")
        assert client.get("/profile").status_code == 200

    :param hooks: as of :func:`log_in`, like the options and claims that are given.
    :raises ConfigurationError: where the app is neither in testing nor in debug mode.
    """
    client = app.test_client()
    log_in(client, hooks=hooks, **given)
    return client


@contextmanager
def logged_in(app: Flask, *, hooks: bool = False, **given: t.Any) -> Iterator[User]:
    """Log a user in for a block without any client: functions and templates of the app
    find them in ``current_user``.

    There is a request in the block: a new one, or a copy of the one around it.

    .. code-block:: python

        with logged_in(app, name="Ada"):
            assert greeting() == "Hello Ada"

    .. versionadded:: 0.2

    :param hooks: as of :func:`log_in`, like the options and claims that are given.
    :raises ConfigurationError: where the app is neither in testing nor in debug mode.
    """
    refuse_production(app)
    environ = _environ(app)
    url = f"{environ['wsgi.url_scheme']}://{get_host(environ)}"
    cookies = session_cookies(app, url=url, hooks=hooks, **given)
    environ["HTTP_COOKIE"] = "; ".join(f"{c['name']}={c['value']}" for c in cookies)
    with app.request_context(environ):
        # What changes the session works as in a view.
        current_request().is_dispatched = True
        yield load_user(current_request(), state_of(app))


def _environ(app: Flask) -> dict[str, t.Any]:
    """Return the environment of the current request, or of a new one."""
    if has_request_context():
        return {k: v for k, v in request.environ.items() if k != "werkzeug.request"}
    return EnvironBuilder(app).get_environ()


def _visit(client: FlaskClient, base_url: str | None, change: Change) -> None:
    """Let a client make a request that is answered with a changed session.

    The client itself sends the cookies that it has, and keeps those of the answer.
    """
    app = client.application
    refuse_production(app)
    # It raises an error for a client without cookies, which nobody can be logged in to.
    client.get_cookie("")
    if base_url is None:
        _lead_to_domain(client)
    builder = EnvironBuilder(
        app,
        base_url=f"{(base_url or _base_url(app)).rstrip('/')}{_path(app)}",
        environ_base=client.environ_base,
    )

    def answer(environ: t.Any, start_response: t.Any) -> t.Any:
        response = response_to(app, environ, change)
        _add_prefixed(app, builder, response)
        return response(environ, start_response)

    theirs: t.Any = client
    theirs.application = answer
    try:
        # A subclass may do more with a request than send it.
        werkzeug.test.Client.open(client, builder)
    finally:
        theirs.application = app


def _add_prefixed(app: Flask, builder: EnvironBuilder, response: Response) -> None:
    """Set cookies under the names that they have over https as well.

    A test may visit the app over https, where names have a prefix, or over http.
    """
    with app.test_request_context(base_url=f"https://{builder.host}"):
        is_prefixed = app.session_interface.get_cookie_name(app).startswith(HOST_PREFIX)
    lines = response.headers.getlist("Set-Cookie")
    plain = [line for line in lines if not line.startswith(HOST_PREFIX)]
    for line in plain if is_prefixed else ():
        response.headers.add("Set-Cookie", HOST_PREFIX + line)


def _domain(app: Flask) -> str:
    """Return the host that gets the app's cookies, if localhost does not.

    Names come from ``SERVER_NAME`` where that is set.
    """
    domain = (app.session_interface.get_cookie_domain(app) or "").lstrip(".")
    return "" if app.config["SERVER_NAME"] else domain


def _base_url(app: Flask) -> str:
    host = _domain(app) or app.config["SERVER_NAME"] or "localhost"
    return f"{app.config['PREFERRED_URL_SCHEME']}://{host}"


def _path(app: Flask) -> str:
    # To another path, the client would not send the cookies.
    return f"/{(app.session_interface.get_cookie_path(app) or '').strip('/')}"


def _lead_to_domain(client: FlaskClient) -> None:
    """Let a client visit the domain of the app's cookies, if they have one."""
    app, domain = client.application, _domain(client.application)
    if not domain or getattr(client, "leads_to_domain", False):
        return
    place = {"base_url": f"{_base_url(app)}{app.config['APPLICATION_ROOT']}"}

    class Client(type(client)):  # type: ignore[misc]
        leads_to_domain = True

        def open(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
            if args and isinstance(args[0], str) and "://" not in args[0]:
                kwargs = {**place, **kwargs}
            return super().open(*args, **kwargs)

        def session_transaction(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
            return super().session_transaction(*args, **{**place, **kwargs})

    client.__class__ = Client
