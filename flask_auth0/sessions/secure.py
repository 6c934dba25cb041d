"""The Secure flag of session cookies, where each request decides about it."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from flask import Flask, current_app, request
from werkzeug.wsgi import get_host

from ..config import Config, is_plain_loopback

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class SecureCookies:
    """WSGI middleware that makes cookies Secure, except on plain http on loopback.

    Flask's own flag is one setting for all requests. Without ``AUTH0_REDIRECT_URI``,
    the callback's URL, and with it the answer, comes from each request.

    :param app: whose cookies these are.
    """

    def __init__(self, app: Flask) -> None:
        self._config = app.config
        self._wsgi_app: WSGIApplication = app.wsgi_app

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        def start(
            status: str, headers: list[tuple[str, str]], exc_info: t.Any = None
        ) -> t.Any:
            # A proxy's headers have been applied to the environment by now.
            if _sets_cookies(headers) and not is_plain_loopback(_origin(environ)):
                headers = [self._secured(*header) for header in headers]
            return start_response(status, headers, exc_info)

        return self._wsgi_app(environ, start)

    def _secured(self, name: str, value: str) -> tuple[str, str]:
        flasks = self._config["SESSION_COOKIE_NAME"]
        cookie = value.partition("=")[0]
        ours = cookie == flasks or cookie.startswith(f"{flasks}_a0_")
        ours = ours and name.lower() == "set-cookie"
        return (name, f"{value}; Secure") if ours else (name, value)


def set_up_secure_cookies(app: Flask, config: Config) -> None:
    """Wrap an app whose configuration does not say whether cookies are Secure."""
    if config.secure is None and not app.config["SESSION_COOKIE_SECURE"]:
        app.wsgi_app = SecureCookies(app)  # type: ignore[method-assign]


def are_cookies_secure(config: Config) -> bool:
    """Tell whether the cookies of the current request's response will be Secure."""
    if current_app.session_interface.get_cookie_secure(current_app):
        return True
    return config.secure is None and not is_plain_loopback(request.host_url)


def _sets_cookies(headers: list[tuple[str, str]]) -> bool:
    return "set-cookie" in [name.lower() for name, _ in headers]


def _origin(environ: WSGIEnvironment) -> str:
    return f"{environ['wsgi.url_scheme']}://{get_host(environ)}"
