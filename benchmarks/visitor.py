"""Somebody who visits an app in this process, with as little around it as possible."""

from __future__ import annotations

import functools
import os
import ssl
import typing as t
from collections.abc import Callable

import httpx
from werkzeug.http import parse_cookie
from werkzeug.test import create_environ, run_wsgi_app

from .plain import APP_URL, GREETING

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

BROWSER = {
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.5",
    "Sec-Fetch-Mode": "navigate",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
}


class Visitor:
    """A browser at one app.

    :param app: the app.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.cookies: dict[str, str] = {}

    @property
    def cookie_header(self) -> str:
        """What it sends to the app, which may be empty."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def get(self, url: str) -> tuple[str, str]:
        """Go to a page, and return its text and where it sends the visitor."""
        body, status, headers = run_wsgi_app(self._app, self._environ(url))
        text = b"".join(body).decode()
        if status[0] not in "23":
            raise RuntimeError(f"{url} answers {status}: {text}")
        for header in headers.getlist("Set-Cookie"):
            self._keep(header)
        return text, headers.get("Location", "")

    def log_in(self) -> None:
        """Log in, at the tenant if the app says so."""
        location = self.get("/login")[1]
        if location:
            self.get(authorize(location))

    def log_in_at_last(self) -> None:
        """Log in to an app of which every second login fails, as the recipe's does."""
        try:
            self.log_in()
        except RuntimeError:
            self.cookies.clear()
            self.log_in()

    def repeated(self, path: str, expected: str = GREETING) -> Callable[[], None]:
        """Return what requests a page again and again, with as little as possible."""
        # The first visit after a login is not like the others.
        found = self.get(path)[0]
        if found != expected:
            raise RuntimeError(f"{path} says {found!r}, not {expected!r}.")
        prebuilt, app = self._environ(path), self._app

        def call() -> None:
            for _ in app(prebuilt.copy(), _start_response):
                pass

        return call

    def status(self, path: str) -> int:
        """Return only how the app answers, and keep nothing of it."""
        _, status, _ = run_wsgi_app(self._app, self._environ(path))
        return int(status[:3])

    def _environ(self, path: str) -> WSGIEnvironment:
        cookies = self.cookie_header
        headers = {**BROWSER, "Cookie": cookies} if cookies else BROWSER
        return create_environ(path, APP_URL, headers=list(headers.items()))

    def _keep(self, header: str) -> None:
        cookie, _, flags = header.partition(";")
        if "max-age=0" in flags.lower():
            self.cookies.pop(cookie.partition("=")[0], None)
        else:
            self.cookies |= parse_cookie(cookie).to_dict()


def authorize(url: str) -> str:
    """Follow a redirect to the tenant, log in there, return the path back."""
    callback = _browser(os.environ["SSL_CERT_FILE"]).get(url).headers["Location"]
    return str(callback.removeprefix(APP_URL))


@functools.cache
def _browser(ca_file: str) -> httpx.Client:
    trusted = ssl.create_default_context(cafile=ca_file)
    return httpx.Client(verify=trusted, trust_env=False)


def _start_response(*_: t.Any) -> t.Any:
    """Take the status and the headers, as a server does."""
