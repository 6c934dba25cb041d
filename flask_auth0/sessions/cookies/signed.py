"""Flask's signed session cookies, which are opened at their first use."""

from __future__ import annotations

import typing as t

from flask import Flask, Request, Response
from flask.json.provider import DefaultJSONProvider, JSONProvider
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadData

from ...runtime.clock import Clock
from ...runtime.request import CurrentRequest, request_of
from ..attended import Attended
from ..lazy import Watch, WatchedSession
from ..lifetime import LastsAsLogins
from ..sealing import loads_json
from ..storage_contract import KEY
from .duplicates import MOST_OF_ONE_NAME, one_of
from .host_prefix import OwnNames
from .verifier import Verifier

#: Seconds by which the clocks of two hosts of an app may differ.
CLOCK_LEEWAY = 10


class SignedSessionInterface(
    LastsAsLogins, OwnNames, Attended, SecureCookieSessionInterface
):
    """Opens Flask's session as Flask does, but at its first use, and remembers what it
    has verified.
    """

    #: Called when a session is first used; empties it if its login is over.
    watch: Watch | None = None

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._verifier: Verifier | None = None

    def open_session(self, app: Flask, request: Request) -> WatchedSession | None:
        """Return the session of a request; without a secret key, there is none."""
        if not app.secret_key:
            return None
        if self.config is not None:
            self.take_former_names(app, request)
        session = WatchedSession()
        session.unread = self._fill, app, request
        return session

    def save_session(
        self, app: Flask, session: SessionMixin, response: Response
    ) -> None:
        """Save the session as Flask does, without reading one that was not used."""
        # What is put on a response changes no session that nobody has read, and can
        # come after it.
        if self.before_saving is not None and not getattr(session, "unread", None):
            owner = getattr(session, "owner", None)
            self.before_saving(owner and owner(), response)
        if session.modified or app.config["SESSION_REFRESH_EACH_REQUEST"]:
            super().save_session(app, session, response)
        elif session.accessed and response.headers.get("Vary") != "Cookie":
            response.vary.add("Cookie")

    def _fill(self, app: Flask, request: Request, session: WatchedSession) -> None:
        """Open a session, and check its login."""
        current = request_of(app, request)
        content = self._content(current)
        if content is None:
            return
        dict.update(session, content)
        if self.watch is not None and KEY in content:
            self.watch(current, session, content[KEY])

    def _content(self, current: CurrentRequest) -> dict[str, t.Any] | None:
        """Return the content of the session that a request has sent, if it is good."""
        jar, verifier = current.jar, self._verifier_of(current.app)
        if verifier is None:
            return None
        texts = jar.values.get(jar.session_name, ())[:MOST_OF_ONE_NAME]
        app, opened = current.app, self._opened
        found = [e for text in texts if (e := opened(app, verifier, text))]
        if texts and not found and not any(map(verifier.fits, texts)):
            current.note_misfit("SECRET_KEY")
        if len(found) < 2:
            return found[0][1] if found else None
        newest_first = sorted(found, key=lambda each: -each[0])
        return one_of(jar, [content for _, content in newest_first])

    def _opened(
        self, app: Flask, verifier: Verifier, text: str
    ) -> tuple[int, dict[str, t.Any]] | None:
        """Return when a cookie was signed, and its content, if it is good."""
        try:
            signed_at, content = verifier.opened(text)
        except BadData:
            return None
        age = int(self._clock.time()) - signed_at
        limit = app.permanent_session_lifetime
        if KEY in content:
            # The session of a login lasts as long as the login.
            limit = max(limit, self.login_lifetime)
        is_good = -CLOCK_LEEWAY <= age <= int(limit.total_seconds())
        return (signed_at, content) if is_good else None

    def _verifier_of(self, app: Flask) -> Verifier | None:
        """Return what verifies by today's settings, all of which can change later."""
        # Flask's attribute for the key is the same, one call later.
        key, older = app.config["SECRET_KEY"], app.config.get("SECRET_KEY_FALLBACKS")
        how = (self.salt, self.key_derivation, self.digest_method, self.serializer)
        settings = (key, tuple(older or ()), app.json, how)
        verifier = self._verifier
        if verifier is None or verifier.settings != settings:
            serializer = self.get_signing_serializer(app)
            loads = loads_json if _is_flasks(app.json) else None
            verifier = Verifier(settings, serializer, loads) if serializer else None
            self._verifier = verifier
        return verifier


def set_up_signed_sessions(app: Flask, clock: Clock) -> None:
    """Install :class:`SignedSessionInterface` where the app has Flask's, unchanged."""
    interface = app.session_interface
    if type(interface) is SecureCookieSessionInterface and not vars(interface):
        app.session_interface = SignedSessionInterface(clock)


def _is_flasks(provider: JSONProvider) -> bool:
    """Tell whether an app reads JSON as Flask does."""
    return type(provider) is DefaultJSONProvider and "loads" not in vars(provider)
