"""The labels by which records are found: of a user, and of a login."""

from __future__ import annotations

import functools
import hashlib
import re
import typing as t
from base64 import urlsafe_b64encode
from collections.abc import Mapping

#: Bytes of a digest, enough that none can be guessed or made to collide.
_ENOUGH = 18
#: Characters of the name that a body has from its head.
_PAIR = 8
#: The most names that a process remembers.
_REMEMBERED = 512


@functools.lru_cache(_REMEMBERED)
def record_of(session_id: str) -> str:
    """Return the name of a session's record.

    The name is a hash of the session's id, so that it is no credential.
    """
    return _digest(session_id)


@functools.lru_cache(_REMEMBERED)
def name_of_body(body_key: str) -> str:
    """Return the name of a body, which shows its head without the key."""
    return _digest(body_key)[:_PAIR]


def is_record(text: str) -> bool:
    """Tell whether a text from outside can be the name of a record."""
    return re.fullmatch("[A-Za-z0-9_-]{24}", text) is not None


class Labels:
    """Makes the labels of one app's sessions.

    Labels do not depend on a secret, so that they outlast its rotation.

    :param purpose: names the tenant and the client, as several may share a back end.
    """

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose

    def of_user(self, sub: str) -> str:
        """Return the label of all sessions of a user."""
        return self._label("sub", sub)

    def of_login(self, sid: str) -> str:
        """Return the label of the sessions that belong to one session at the tenant."""
        return self._label("sid", sid)

    def of_token(self, jti: str) -> str:
        """Return the label of a logout token."""
        return self._label("jti", jti)

    def of_claims(self, claims: Mapping[str, t.Any]) -> str:
        """Return the label of the sessions that a logout token ends.

        A ``sid`` names one session, even if there is a ``sub`` as well.
        """
        if claims.get("sid"):
            return self.of_login(claims["sid"])
        return self.of_user(claims["sub"])

    def of_head(self, head: Mapping[str, t.Any]) -> tuple[str, ...]:
        """Return all labels that a state tells."""
        labels = (self.of_user(head["user"]["sub"]),)
        sid = head["internal"].get("sid")
        return (*labels, self.of_login(sid)) if sid else labels

    def _label(self, kind: str, value: str) -> str:
        return _digest(f"{self._purpose}\0{kind}\0{value}")


def _digest(text: str) -> str:
    # JSON allows surrogates in claims, which UTF-8 cannot encode.
    raw = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(raw[:_ENOUGH]).decode()
