"""Proofs that a client has the key which its access token is bound to (RFC 9449)."""

from __future__ import annotations

import base64
import functools
import hashlib
import heapq
import hmac
import json
import re
import secrets
import threading
import typing as t
from collections.abc import Callable, Collection
from urllib.parse import unquote

from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from ..config.urls import split_origin
from ..errors import InvalidToken
from ..errors.www_authenticate import PROOF_ALGORITHMS
from ..runtime.clock import Clock
from ..sessions.lifetime import CLOCK_LEEWAY
from ..sessions.shapes import is_moment
from ..sessions.stores.base import BackEnd, Labelling
from .nesting import refuse_deep_claims, refuse_deep_header

#: Seconds for which a proof is good after it was made, and before by the app's clock.
PAST, FUTURE = 300, 10
#: Seconds for which processes, whose clocks may differ, remember a proof together.
_KEPT = PAST + FUTURE + CLOCK_LEEWAY
#: The most proofs that are remembered, to take none twice.
_MOST = 50_000
#: The most characters of a proof.
_LONGEST = 4096
#: The form of a token, without which it could be of another serialization (RFC 7515,
#: section 7.1).
_COMPACT = r"(?a)[\w-]+\.[\w-]+\.[\w-]+"
#: Bits of the shortest RSA key (RFC 7518, section 3.5).
_SHORTEST = 2048


class Bound:
    """What a proof has to be for.

    :param token: the access token that it comes with.
    :param thumbprint: the ``jkt`` of the token: the thumbprint of its client's key.
    :param method: the method of the request.
    :param urls: its URLs, without a query, as :func:`normal_url` returns them.
    """

    def __init__(
        self, token: str, thumbprint: str, method: str, urls: Collection[str | None]
    ) -> None:
        self.token: str = token
        self.thumbprint: str = thumbprint
        self.method: str = method
        self.urls: Collection[str | None] = urls


class Proofs:
    """Checks proofs, each of which is good for one request.

    :param warn_alone: is called once, when proofs are remembered in this process alone.
    """

    def __init__(self, clock: Clock, warn_alone: Callable[[], None]) -> None:
        self._clock = clock
        self._used = _UsedProofs(_MOST)
        self._warn_alone = functools.cache(warn_alone)

    def check(self, proof: str, bound: Bound, store: BackEnd | None) -> None:
        """Refuse a proof that is not for a request (RFC 9449, section 4.3).

        :param store: where all processes remember proofs, if there is such a place.
        :raises InvalidToken: with the reason, and the error ``invalid_dpop_proof``.
        :raises SessionStoreUnavailable: when the store does not answer.
        """
        key, claims = _opened(proof)
        if not _same(key.thumbprint(), bound.thumbprint):
            raise _bad("The access token is bound to another key.")
        _check_request(claims, bound)
        made_at = claims["iat"]
        if not self._oldest <= made_at <= self._clock.time() + FUTURE:
            raise _bad("The DPoP proof is too old, or of a clock that is wrong.")
        tag = _digest(f"{bound.thumbprint} {claims['jti']}")
        is_new = self._used.add(tag, made_at, self._oldest)
        if store is None:
            self._warn_alone()
        elif is_new:
            is_new = _is_new_in(store, tag)
        if not is_new:
            raise _bad("The DPoP proof was used before.")

    @property
    def _oldest(self) -> float:
        return self._clock.time() - PAST


class _UsedProofs:
    """Remembers so many proofs, and accepts none that it may have forgotten.

    When there are too many, the oldest one goes, and all as old as that are refused.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._tags: set[bytes] = set()
        self._by_age: list[tuple[float, bytes]] = []
        self._forgotten_until = 0.0
        self._lock = threading.Lock()

    def add(self, tag: bytes, made_at: float, oldest: float) -> bool:
        """Remember a proof; tell whether it is new.

        :param oldest: the time before which no proof is good any more.
        """
        with self._lock:
            while self._by_age and self._by_age[0][0] < oldest:
                self._forget()
            if tag in self._tags or made_at <= self._forgotten_until:
                return False
            self._tags.add(tag)
            heapq.heappush(self._by_age, (made_at, tag))
            if len(self._tags) > self._most:
                self._forgotten_until = self._forget()
            return True

    def _forget(self) -> float:
        made_at, tag = heapq.heappop(self._by_age)
        self._tags.discard(tag)
        return made_at


def _is_new_in(store: BackEnd, tag: bytes) -> bool:
    """Remember a proof for all processes; tell whether none has seen it.

    Each use leaves a mark before it looks for others, so that of two uses at once, one
    at most is the only one.
    """
    label, mark = f"flask_auth0.proof:{tag.hex()}", secrets.token_urlsafe(18)
    store.ask(store.label, Labelling(mark, [label], _KEPT, _KEPT))
    return store.ask(store.labelled, label) == [mark]


def normal_url(url: str) -> str | None:
    """Return a URL without its query, or ``None`` for a text that is none.

    The spelling is one that a client and a server can agree on (RFC 3986, section 6.2):
    the server has decoded the path before the app sees it.
    """
    scheme, separator, place = url.partition("://")
    parts = split_origin(f"{scheme.lower()}{separator}{place}")
    if parts is None:
        return None
    origin, rest = parts
    path = re.split("[?#]", rest)[0]
    return origin + (unquote(path) or "/")


def _opened(proof: str) -> tuple[JWK, dict[str, t.Any]]:
    """Return the key in a proof, and the claims that it has signed.

    :raises InvalidToken: when the proof is none.
    """
    try:
        return _verified(proof)
    except (JWException, ValueError, TypeError, LookupError):
        raise _bad("The DPoP proof is malformed, or its signature is wrong.") from None


def _verified(proof: str) -> tuple[JWK, dict[str, t.Any]]:
    if len(proof) > _LONGEST or not re.fullmatch(_COMPACT, proof):
        raise ValueError
    refuse_deep_header(proof)
    refuse_deep_claims(proof)
    signed = JWS()
    signed.allowed_algs = list(PROOF_ALGORITHMS)
    signed.deserialize(proof)
    header = signed.jose_header
    key = JWK(**header["jwk"])
    if header.get("typ") != "dpop+jwt" or key.has_private or key.is_symmetric:
        raise ValueError
    if key["kty"] == "RSA" and key.get_op_key("verify").key_size < _SHORTEST:
        raise ValueError
    signed.verify(key)
    return key, _checked(json.loads(signed.payload))


def _checked(claims: t.Any) -> dict[str, t.Any]:
    """Return the claims of a proof, if all are there that it needs."""
    texts = [claims[name] for name in ("jti", "htm", "htu", "ath")]
    if not all(isinstance(each, str) and each for each in texts):
        raise TypeError
    if not is_moment(claims["iat"]):
        raise TypeError
    return t.cast("dict[str, t.Any]", claims)


def _check_request(claims: dict[str, t.Any], bound: Bound) -> None:
    """Refuse the claims of a proof for another request, or for another token.

    :raises InvalidToken: with the reason.
    """
    if claims["htm"] != bound.method:
        raise _bad("The DPoP proof is for another method.")
    url = normal_url(claims["htu"])
    if url is None or url not in bound.urls:
        raise _bad("The DPoP proof is for another URL.")
    expected = base64.urlsafe_b64encode(_digest(bound.token)).rstrip(b"=").decode()
    if not _same(claims["ath"], expected):
        raise _bad("The DPoP proof is for another access token.")


def _bad(reason: str) -> InvalidToken:
    return InvalidToken(reason, error="invalid_dpop_proof")


def _digest(text: str) -> bytes:
    # A client may have put half of a surrogate pair into its JSON.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(_digest(given), _digest(expected))
