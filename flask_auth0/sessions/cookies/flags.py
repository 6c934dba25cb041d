"""The Secure flag of session cookies, where each request decides about it."""

from __future__ import annotations

from flask import Flask, current_app, has_request_context, request
from werkzeug.wrappers import Response
from werkzeug.wsgi import get_host

from ...config import Config, is_plain_loopback
from ...runtime.cookie_jar import OURS


def secure_cookies(app: Flask, response: Response, config: Config) -> None:
    """Make session cookies Secure, except on plain http on loopback.

    Flask's own flag is one setting for all requests. Without ``AUTH0_REDIRECT_URI``,
    the callback's URL, and with it the flag, depends on each request. The response has
    to be complete, since Flask saves its session last.
    """
    if config.secure is not None:
        return
    lines = response.headers.getlist("Set-Cookie")
    if are_cookies_secure(config):
        name = app.session_interface.get_cookie_name(app)
        secured = [_secured(line, name) for line in lines]
        response.headers.setlist("Set-Cookie", secured)


def are_cookies_secure(config: Config) -> bool:
    """Tell whether the cookies of the current request's response will be Secure."""
    if current_app.session_interface.get_cookie_secure(current_app):
        return True
    if config.secure is not None or not has_request_context():
        return False
    return not is_plain_loopback(_origin())


def _secured(line: str, session_name: str) -> str:
    name, *attributes = line.split(";")
    flags = {each.strip().lower() for each in attributes}
    is_ours = _is_ours(name.partition("=")[0], session_name)
    return f"{line}; Secure" if is_ours and "secure" not in flags else line


def _is_ours(cookie: str, session_name: str) -> bool:
    cookies = (f"{session_name}{OURS}", f"__Host-{session_name}{OURS}")
    return cookie == session_name or cookie.startswith(cookies)


def _origin() -> str:
    # ``request.host`` would raise an error for a host that the app does not trust.
    environ = request.environ
    return f"{environ['wsgi.url_scheme']}://{get_host(environ)}"
