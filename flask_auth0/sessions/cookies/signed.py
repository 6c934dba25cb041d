"""Flask's signed session cookies; repeated ones are verified once."""

from __future__ import annotations

import functools
import hashlib
import typing as t

from flask import Flask, Request, Response, json
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadData, BadSignature, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode
from itsdangerous.signer import HMACAlgorithm

from ...runtime.clock import Clock
from ...runtime.recent import Recent
from ...runtime.request import CurrentRequest, current_request
from ..lazy import Watch, WatchedSession
from ..lifetime import LastsAsLogins
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
    """A cookie whose signature is right; its age has to be looked at each time."""

    payload: bytes
    #: Seconds since the epoch.
    signed_at: int
    #: The content, if all of it is immutable, else ``None``.
    plain: dict[str, t.Any] | None


class Verifier:
    """Verifies signatures that were made with certain settings.

    What it remembers of a cookie depends on the cookie's own text and these settings
    alone, so that it holds until there are others.

    :param settings: all settings behind a signature.
    :param serializer: reads what was signed, as Flask does.
    """

    def __init__(
        self, settings: tuple[t.Any, ...], serializer: URLSafeTimedSerializer
    ) -> None:
        self.settings = settings
        self.serializer = serializer
        self.recent: Recent[str, Verified] = Recent(REMEMBERED)
        self._signers = [_with_own_keys(each) for each in serializer.iter_unsigners()]

    def verified(self, text: str) -> Verified:
        """Return a cookie.

        :raises BadData: when its signature is wrong.
        """
        found = self.recent.get(text)
        if found is None:
            found = self._verify(text)
            if len(text) <= LARGEST:
                self.recent.keep(text, found)
        return found

    def fits(self, text: str) -> bool:
        """Tell whether a cookie has a right signature, or is none that Flask signs."""
        try:
            self.verified(text)
        except BadSignature:
            return text.count(".") < 2
        return True

    def content(self, cookie: Verified) -> t.Any:
        """Return the content; a session copies the dictionary, but not its values.

        :raises BadData: when it is not one of Flask's.
        """
        if cookie.plain is not None:
            return cookie.plain
        return self.serializer.load_payload(cookie.payload)

    def _verify(self, text: str) -> Verified:
        error = BadSignature("There is no key.")
        for signer in self._signers:
            try:
                payload, signed_at = signer.unsign(text, return_timestamp=True)
                plain = self._plain(payload)
                return Verified(payload, int(signed_at.timestamp()), plain)
            except BadSignature as failure:
                error = failure
        raise error

    def _plain(self, payload: bytes) -> dict[str, t.Any] | None:
        """Return the content if it is immutable and has none of Flask's tags."""
        is_flasks = type(self.serializer.serializer) is TaggedJSONSerializer
        if not is_flasks or payload[:1] == b".":
            return None
        try:
            content = json.loads(base64_decode(payload).decode())
        except (ValueError, RecursionError, BadData):
            return None
        if not isinstance(content, dict) or any(key[:1] == " " for key in content):
            return None
        is_plain = all(type(value) in _SCALARS for value in content.values())
        return content if is_plain else None


class SignedSessionInterface(LastsAsLogins, OwnNames, SecureCookieSessionInterface):
    """Opens Flask's session as Flask does, but at its first use, and verifies a
    repeated cookie once.
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
        current = current_request()
        if self.config is not None:
            self.take_former_names(current.jar)
        session = WatchedSession()
        session.read = functools.partial(self._content, current)
        if self.watch is not None:
            session.watch = functools.partial(self.watch, current)
        return session

    def save_session(
        self, app: Flask, session: SessionMixin, response: Response
    ) -> None:
        """Save the session as Flask does, without reading one that was not used."""
        if session.modified or app.config["SESSION_REFRESH_EACH_REQUEST"]:
            super().save_session(app, session, response)
        elif session.accessed and response.headers.get("Vary") != "Cookie":
            response.vary.add("Cookie")

    def _content(self, current: CurrentRequest) -> dict[str, t.Any] | None:
        """Return the content of the session that a request has sent, if it is good."""
        jar, verifier = current.jar, self._verifier_of(current.app)
        if verifier is None:
            return None
        texts = jar.values.get(jar.session_name, [])[:MOST_OF_ONE_NAME]
        opened = [self._opened(current.app, verifier, text) for text in texts]
        found = [each for each in opened if each is not None]
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
            verified = verifier.verified(text)
            content = verifier.content(verified)
        except BadData:
            return None
        age = int(self._clock.time()) - verified.signed_at
        limit = app.permanent_session_lifetime
        if KEY in content:
            # The session of a login lasts as long as the login.
            limit = max(limit, self.login_lifetime)
        is_good = -CLOCK_LEEWAY <= age <= int(limit.total_seconds())
        return (verified.signed_at, content) if is_good else None

    def _verifier_of(self, app: Flask) -> Verifier | None:
        """Return what verifies by today's settings, all of which can change later."""
        fallbacks = app.config.get("SECRET_KEY_FALLBACKS") or ()
        how = (self.salt, self.key_derivation, self.digest_method, self.serializer)
        settings = (app.secret_key, *fallbacks, app.json, *how)
        verifier = self._verifier
        if verifier is None or verifier.settings != settings:
            serializer = self.get_signing_serializer(app)
            verifier = Verifier(settings, serializer) if serializer else None
            self._verifier = verifier
        return verifier


def set_up_signed_sessions(app: Flask, clock: Clock) -> None:
    """Install :class:`SignedSessionInterface` where the app has Flask's, unchanged."""
    interface = app.session_interface
    if type(interface) is SecureCookieSessionInterface and not vars(interface):
        app.session_interface = SignedSessionInterface(clock)


def _with_own_keys(signer: TimestampSigner) -> TimestampSigner:
    """Return a signer that need not derive its keys again for each signature."""
    algorithm = signer.algorithm
    if signer.digest_method is SecureCookieSessionInterface.digest_method:
        # OpenSSL does all of HMAC where it knows the digest, which Flask's default
        # hides in a function of Python.
        algorithm = HMACAlgorithm(hashlib.sha1)
    return type(signer)(
        [signer.derive_key(key) for key in signer.secret_keys],
        salt=signer.salt,
        sep=signer.sep,
        key_derivation="none",
        digest_method=signer.digest_method,
        algorithm=algorithm,
    )
