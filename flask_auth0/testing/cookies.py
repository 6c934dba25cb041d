"""The cookies of a session, for a browser that the test drives."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import EnvironBuilder

from .beginning import beginning, response_to
from .given import given_by


class SessionCookie(t.TypedDict):
    """A cookie, as Playwright and Selenium take it."""

    name: str
    value: str
    domain: str
    path: str
    httpOnly: bool
    secure: bool
    sameSite: t.Literal["Lax", "Strict", "None"]


def session_cookies(
    app: Flask, *, url: str = "http://localhost", hooks: bool = False, **given: t.Any
) -> list[SessionCookie]:
    """Return the cookies with which a browser is logged in.

    .. code-block:: python

        context.add_cookies(session_cookies(app, url="http://127.0.0.1:5001"))

    .. versionadded:: 0.2

    :param url: where the browser visits the app.
    :param hooks: as of :func:`log_in`, like the options and claims that are given.
    :raises ConfigurationError: where the app is neither in testing nor in debug mode.
    """
    environ = EnvironBuilder(app, base_url=url).get_environ()
    response = response_to(app, environ, beginning(given_by(given), hooks=hooks))
    host = urlsplit(url).hostname or "localhost"
    lines = response.headers.getlist("Set-Cookie")
    return [_cookie(line, host) for line in lines]


def _cookie(line: str, host: str) -> SessionCookie:
    pair, *rest = (part.strip() for part in line.split(";"))
    name, _, value = pair.partition("=")
    flags = {k.lower(): v for k, _, v in (each.partition("=") for each in rest)}
    same_site: t.Any = flags.get("samesite", "Lax")
    return {
        "name": name,
        "value": value,
        "domain": flags.get("domain") or host,
        "path": flags.get("path") or "/",
        "httpOnly": "httponly" in flags,
        "secure": "secure" in flags,
        "sameSite": same_site,
    }
