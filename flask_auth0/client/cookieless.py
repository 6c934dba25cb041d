"""HTTP clients that keep no cookies, since users share them."""

from __future__ import annotations

import typing as t

import httpx


class _NoCookies(httpx.Cookies):
    """Cookies of which there are none, whatever a response sets."""

    def extract_cookies(self, response: t.Any) -> None:
        """Leave a response as it is: to look for its cookies takes long."""


class Cookieless:
    """An HTTP client that takes no cookies, where this is the first of its classes."""

    #: All clients can share them, as nothing is added.
    cookies: httpx.Cookies = _NoCookies()


class CookielessClient(Cookieless, httpx.Client):
    """An HTTP client for threads."""
