"""Verifies the signatures of Flask's session cookies, and remembers repeated ones."""

from __future__ import annotations

import hashlib
import hmac
import typing as t
from binascii import a2b_base64
from collections.abc import Callable, Set

from flask.json.tag import TaggedJSONSerializer
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.signer import HMACAlgorithm
from msgspec import Struct

from ...runtime.recent import Repeated
from ..sealing import STANDARD

#: The most cookies that a process remembers, and the most bytes of one.
REMEMBERED, LARGEST = 512, 4096
#: Characters of a moment in base64: those of four bytes, which last until 2106.
_MOMENT = 6
#: The types of JSON values that are immutable, so that requests can share them.
_SCALARS = frozenset((str, int, float, bool, type(None)))


class Verified(Struct, frozen=True):
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
    :param loads: reads JSON as the app does, if that is known to do no more.
    """

    def __init__(
        self,
        settings: tuple[t.Any, ...],
        serializer: URLSafeTimedSerializer,
        loads: Callable[[bytes], t.Any] | None,
    ) -> None:
        self.settings = settings
        self.serializer = serializer
        self.recent: Repeated[str, Verified] = Repeated(REMEMBERED)
        self._loads: Callable[[bytes], t.Any] | None = None
        #: The names that stand for what JSON has no type for, with those of the app.
        self._tags: Set[str] = frozenset()
        if type(serializer.serializer) is TaggedJSONSerializer:
            self._loads, self._tags = loads, serializer.serializer.tags.keys()
        self._signers = [_with_own_keys(each) for each in serializer.iter_unsigners()]
        self._hashes = [*filter(None, map(_Hash.of, self._signers))]

    def opened(self, text: str) -> tuple[int, dict[str, t.Any]]:
        """Return when a cookie was signed, and its content.

        Requests share the content, of which a session makes a copy.

        :raises BadData: when its signature is wrong, or it is none of Flask's sessions.
        """
        found = self._verified(text)
        if found.plain is not None:
            return found.signed_at, found.plain
        return found.signed_at, self.serializer.load_payload(found.payload)

    def _verified(self, text: str) -> Verified:
        found = self.recent.get(text)
        if found is None:
            found = self._verify(text)
            if len(text) <= LARGEST:
                self.recent.keep(text, found)
        return found

    def fits(self, text: str) -> bool:
        """Tell whether a cookie has a right signature, or is none that Flask signs."""
        try:
            self._verified(text)
        except BadSignature:
            return text.count(".") < 2
        return True

    def _verify(self, text: str) -> Verified:
        payload, signed_at = self._unsigned(text)
        return Verified(payload, signed_at, self._plain(payload))

    def _unsigned(self, text: str) -> tuple[bytes, int]:
        """Return what was signed, and when."""
        raw = text.encode()
        for each in self._hashes:
            if (found := each.unsigned(raw)) is not None:
                return found
        error = BadSignature("There is no key.")
        for signer in self._signers:
            try:
                payload, signed_at = signer.unsign(text, return_timestamp=True)
                return payload, int(signed_at.timestamp())
            except BadSignature as failure:
                error = failure
        raise error

    def _plain(self, payload: bytes) -> dict[str, t.Any] | None:
        """Return the content if it is immutable and has none of Flask's tags."""
        if self._loads is None or payload[:1] == b".":
            return None
        try:
            content = self._loads(_decoded(payload))
        except (ValueError, RecursionError):
            return None
        if not isinstance(content, dict) or not self._tags.isdisjoint(content):
            return None
        return content if _SCALARS.issuperset(map(type, content.values())) else None


class _Hash(Struct, frozen=True):
    """A signature as itsdangerous makes it, in two calls of OpenSSL.

    It accepts what itsdangerous accepts. Anything else, good or bad, is for
    itsdangerous to look at: a signature can be spelled in other ways.
    """

    #: For each key, what signs nothing yet. OpenSSL looks for an algorithm by its name
    #: with each new one, but not with a copy.
    empty: list[hmac.HMAC]
    sep: bytes

    @classmethod
    def of(cls, signer: TimestampSigner) -> _Hash | None:
        """Return the signature of a signer, unless an app has changed its ways."""
        algorithm = signer.algorithm
        if not (type(signer) is TimestampSigner and type(algorithm) is HMACAlgorithm):
            return None
        digest = algorithm.digest_method().name
        if digest not in hashlib.algorithms_guaranteed:
            return None
        empty = [hmac.new(key, digestmod=digest) for key in signer.secret_keys]
        return cls(empty, signer.sep)

    def unsigned(self, raw: bytes) -> tuple[bytes, int] | None:
        """Return what was signed, and when, if the signature is right."""
        value, _, signature = raw.rpartition(self.sep)
        payload, _, signed_at = value.rpartition(self.sep)
        if len(signed_at) != _MOMENT:
            return None
        try:
            given, moment = _decoded(signature), _decoded(signed_at)
        except ValueError:
            return None
        right = [hmac.compare_digest(_signed(e, value), given) for e in self.empty]
        return (payload, int.from_bytes(moment, "big")) if any(right) else None


def _signed(empty: hmac.HMAC, value: bytes) -> bytes:
    made = empty.copy()
    made.update(value)
    return made.digest()


def _decoded(text: bytes) -> bytes:
    """Return the bytes of a text in base64, as itsdangerous does in four calls.

    :raises ValueError: when it is no base64.
    """
    return a2b_base64(text.translate(STANDARD) + b"=" * (-len(text) % 4))


def _with_own_keys(signer: TimestampSigner) -> TimestampSigner:
    """Return a signer that need not derive its keys again for each signature."""
    algorithm = signer.algorithm
    return type(signer)(
        [signer.derive_key(key) for key in signer.secret_keys],
        salt=signer.salt,
        sep=signer.sep,
        key_derivation="none",
        digest_method=signer.digest_method,
        algorithm=algorithm,
    )
