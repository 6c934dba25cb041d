"""Flask's signed session cookies, each of which is verified and parsed once."""

from __future__ import annotations

import copy
import functools
import time
import typing as t

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadData, URLSafeTimedSerializer

#: How many cookies a process remembers, some 1 KB each.
REMEMBERED = 512

Secret = str | bytes | None


class SignedSessionInterface(SecureCookieSessionInterface):
    """Opens Flask's session as Flask does, but knows the cookies that come again.

    To open one costs more than half of a short request. Its age is looked at each time.
    """

    def __init__(self) -> None:
        # What fails is not remembered: nobody can push out with nonsense what others
        # need.
        self._verified = functools.lru_cache(REMEMBERED)(self._verify)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of a request; without a secret key, there is none."""
        text = request.cookies.get(self.get_cookie_name(app))
        if not (app.secret_key and text):
            return super().open_session(app, request)
        try:
            content, signed_at = self._verified(app, text, *_keys(app))
        except BadData:
            return self.session_class()
        max_age = int(app.permanent_session_lifetime.total_seconds())
        if not 0 <= int(time.time()) - signed_at <= max_age:
            return self.session_class()
        return self.session_class(copy.deepcopy(content))

    def _verify(
        self, app: Flask, text: str, *_: Secret
    ) -> tuple[dict[str, t.Any], int]:
        serializer = t.cast(URLSafeTimedSerializer, self.get_signing_serializer(app))
        content, signed_at = serializer.loads(text, return_timestamp=True)
        return content, int(signed_at.timestamp())


def set_up_signed_sessions(app: Flask) -> None:
    """Use it in an app that has left Flask's own interface as it was."""
    interface = app.session_interface
    if type(interface) is SecureCookieSessionInterface and not vars(interface):
        app.session_interface = SignedSessionInterface()


def _keys(app: Flask) -> tuple[Secret, ...]:
    return (app.secret_key, *(app.config.get("SECRET_KEY_FALLBACKS") or ()))
