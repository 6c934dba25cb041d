"""Flask's signed session cookies; repeated ones are verified once."""

from __future__ import annotations

import functools
import json
import typing as t
from collections.abc import Hashable

from flask import Flask, Request, Response
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import (
    SecureCookieSession,
    SecureCookieSessionInterface,
    SessionMixin,
)
from itsdangerous import BadData, BadSignature, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode

from ...runtime.clock import Clock
from ...runtime.request import current_request
from ..lazy import Watch, WatchedSession
from ..lifetime import LastsAsLogins
from ..recent import Recent
from ..storage_contract import KEY
from .duplicates import MOST_OF_ONE_NAME, one_of
from .host_prefix import OwnNames

#: The most cookies that a process remembers, and the most bytes of one.
REMEMBERED, LARGEST = 512, 4096
#: Seconds by which the clocks of two hosts of an app may differ.
CLOCK_LEEWAY = 10
#: The types of JSON values that are immutable, so that requests can share them.
_SCALARS = (str, int, float, bool, type(None))


class Verified(t.NamedTuple):
    """A cookie whose signature is right."""

    serializer: URLSafeTimedSerializer
    payload: bytes
    #: Seconds since the epoch.
    signed_at: int
    #: The content, if all of it is immutable, else ``None``.
    plain: dict[str, t.Any] | None

    def require_age(self, max_age: int, now: float) -> None:
        """Refuse a cookie that is too old, or from the future.

        :raises BadSignature: in both cases.
        """
        if not -CLOCK_LEEWAY <= int(now) - self.signed_at <= max_age:
            raise BadSignature("It is not from a time at which it would be good.")

    def content(self, max_age: int, now: float) -> t.Any:
        """Return the content; a session copies the dictionary, but not its values.

        :raises BadData: when the cookie is too old, or not one of Flask's.
        """
        self.require_age(max_age, now)
        if self.plain is not None:
            return self.plain
        return self.serializer.load_payload(self.payload)


class SignedSessionInterface(LastsAsLogins, OwnNames, SecureCookieSessionInterface):
    """Opens Flask's session as Flask does, but verifies a repeated cookie once."""

    session_class = WatchedSession
    #: Called when a session is first used; empties it if its login is over.
    watch: Watch | None = None

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._recent: Recent[Hashable, Verified] = Recent(REMEMBERED)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of a request; without a secret key, there is none."""
        current = current_request()
        jar = current.jar
        if self.config is not None:
            self.take_former_names(jar)
        texts = jar.sent.getlist(jar.session_name)
        if not app.secret_key:
            return None
        opened = filter(
            None, (self._opened(app, text) for text in texts[:MOST_OF_ONE_NAME])
        )
        newest_first = sorted(opened, key=lambda each: -each[0])
        contents = [each for _, each in newest_first]
        several = len(contents) > 1
        content = one_of(jar, contents) if several else next(iter(contents), None)
        session = self.session_class(content or {})
        if content and self.watch is not None:
            session.watch = functools.partial(self.watch, current)
        return session

    def _opened(self, app: Flask, text: str) -> tuple[int, dict[str, t.Any]] | None:
        """Return when a cookie was signed, and its content, if it is good."""
        longest = max(app.permanent_session_lifetime, self.login_lifetime)
        now = self._clock.time()
        try:
            verified = self._verified(app, text)
            content = verified.content(int(longest.total_seconds()), now)
            if KEY not in content:
                # Flask's own lifetime holds, except for the session of a login.
                shortest = app.permanent_session_lifetime
                verified.require_age(int(shortest.total_seconds()), now)
            return verified.signed_at, content
        except BadData:
            return None

    def save_session(
        self, app: Flask, session: SessionMixin, response: Response
    ) -> None:
        """Save the session as Flask does, without reading one that was not used."""
        if session.modified or app.config["SESSION_REFRESH_EACH_REQUEST"]:
            super().save_session(app, session, response)
        elif session.accessed:
            response.vary.add("Cookie")

    def _verified(self, app: Flask, text: str) -> Verified:
        key = (text, *self._what_signs(app))
        found = self._recent.get(key)
        if found is None:
            found = self._verify(app, text)
            if len(text) <= LARGEST:
                self._recent.keep(key, found)
        return found

    def _what_signs(self, app: Flask) -> tuple[t.Any, ...]:
        """Return the settings behind a signature, all of which can change later."""
        fallbacks = app.config.get("SECRET_KEY_FALLBACKS") or ()
        how = (self.salt, self.key_derivation, self.digest_method, self.serializer)
        return (app.secret_key, *fallbacks, *how)

    def _verify(self, app: Flask, text: str) -> Verified:
        serializer = t.cast(URLSafeTimedSerializer, self.get_signing_serializer(app))
        error = BadSignature("There is no key.")
        for signer in serializer.iter_unsigners():
            try:
                payload, signed_at = signer.unsign(text, return_timestamp=True)
                plain = self._plain(payload)
                return Verified(serializer, payload, int(signed_at.timestamp()), plain)
            except BadSignature as failure:
                error = failure
        raise error

    def _plain(self, payload: bytes) -> dict[str, t.Any] | None:
        """Return the content if it is immutable and has none of Flask's tags."""
        if type(self.serializer) is not TaggedJSONSerializer or payload[:1] == b".":
            return None
        try:
            content = json.loads(base64_decode(payload))
        except (ValueError, RecursionError, BadData):
            return None
        if not isinstance(content, dict) or any(key[:1] == " " for key in content):
            return None
        is_plain = all(type(value) in _SCALARS for value in content.values())
        return content if is_plain else None


def set_up_signed_sessions(app: Flask, clock: Clock) -> None:
    """Install :class:`SignedSessionInterface` where the app has Flask's, unchanged."""
    interface = app.session_interface
    if type(interface) is SecureCookieSessionInterface and not vars(interface):
        app.session_interface = SignedSessionInterface(clock)
