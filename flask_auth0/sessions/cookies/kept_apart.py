"""What the SDK keeps beside the session: a sealed cookie for each identifier."""

from __future__ import annotations

import hashlib

from msgspec import Struct
from msgspec.structs import astuple

from ...errors import SessionTooLarge
from ...runtime.clock import Clock
from ...runtime.cookie_jar import CookieJar, cookie_size
from ...runtime.request import CurrentRequest
from ..sealing import Sealer
from ..shapes import Moment, Shape, State
from .delivery import require_response
from .storage import APART, PIECE


class _Content(Struct, frozen=True, array_like=True):
    value: State
    until: Moment


_CONTENTS = Shape(_Content)


class KeptApart:
    """Keeps a value for each identifier, apart from the session.

    It is in a cookie also where the server keeps sessions: who is asked for a second
    factor, or is a visitor without a name, has no session by which a server could find
    it. What is abandoned costs the server nothing.

    :param sealer: encrypts values.
    :param clock: tells which of them are too old.
    """

    def __init__(self, sealer: Sealer, clock: Clock) -> None:
        self._sealer, self._clock = sealer, clock

    def keep(
        self, current: CurrentRequest, identifier: str, value: State, lifetime: int
    ) -> None:
        """Keep a value for ``lifetime`` seconds, in place of one before.

        :raises Auth0Error: when no response takes the cookie to the browser.
        :raises SessionTooLarge: when it does not fit into a cookie.
        """
        require_response(current, "keep what the next step needs")
        name = _name(current.jar, identifier)
        content = _Content(value, self._clock.time() + lifetime)
        sealed = self._sealer.seal(astuple(content), name)
        size = cookie_size(name, sealed)
        if size > PIECE:
            raise SessionTooLarge(size, PIECE)
        current.jar.set(name, sealed, lifetime)

    def find(self, jar: CookieJar, identifier: str) -> State | None:
        """Return a value, or ``None`` if there is none or it is too old."""
        name = _name(jar, identifier)
        opened = (self._opened(name, text) for text in jar.values.get(name, ()))
        return next(filter(None, opened), None)

    def _opened(self, name: str, text: str) -> State | None:
        content = _CONTENTS.of(self._sealer.open(text, name))
        is_good = content is not None and self._clock.time() < content.until
        return content.value if content is not None and is_good else None


def forget(jar: CookieJar, identifier: str) -> None:
    """Forget a value. Once the response is sent, its cookie ends by itself."""
    jar.delete(_name(jar, identifier))


def forget_all(jar: CookieJar) -> None:
    """Forget all values of a browser."""
    for name in jar.names(jar.prefix + APART):
        jar.delete(name)


def _name(jar: CookieJar, identifier: str) -> str:
    """Return the cookie's name. It is sealed with the value, so that no cookie can be
    passed off as that of another identifier.
    """
    digest = hashlib.sha256(identifier.encode()).hexdigest()
    return f"{jar.prefix}{APART}{digest[:16]}"
