"""HTTP clients that keep no cookies, since users share them."""

from __future__ import annotations

import typing as t

import httpx


class _NoCookies(httpx.Cookies):
    """A jar that stays empty, whatever a response sets."""

    def extract_cookies(self, response: t.Any) -> None:
        """Take none. To look for them, httpx makes urllib's request and response."""


class Cookieless:
    """Lets an HTTP client take no cookies; it has to come before the class of httpx."""

    #: All clients share the jar, as nothing is put into it.
    cookies: httpx.Cookies = _NoCookies()


class CookielessClient(Cookieless, httpx.Client):
    """An HTTP client for threads."""
