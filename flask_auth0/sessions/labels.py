"""The labels by which records are found: whose they are, and of which login."""

from __future__ import annotations

import functools
import hashlib
import re
import typing as t
from base64 import urlsafe_b64encode
from collections.abc import Mapping

#: Bytes of a digest: so many cannot be guessed, nor made to collide with others.
_ENOUGH = 18
#: Characters that say which body belongs to a head.
_PAIR = 8
#: How many names a process remembers.
_REMEMBERED = 512


@functools.lru_cache(_REMEMBERED)
def record_of(session_id: str) -> str:
    """Return the name of a session's record.

    Whoever learns it, from a list of sessions or of keys, does not know the session.
    """
    return _digest(session_id)


@functools.lru_cache(_REMEMBERED)
def name_of_body(body_key: str) -> str:
    """Return what a body names itself, so that it need not be opened to be known."""
    return _digest(body_key)[:_PAIR]


def is_record(text: str) -> bool:
    """Tell whether a text from outside can be the name of a record."""
    return re.fullmatch("[A-Za-z0-9_-]{24}", text) is not None


class Labels:
    """Makes the labels of one app's sessions.

    They do not depend on a secret, so that they outlast its rotation.

    :param purpose: says which client of which tenant they are for; others may keep
        their sessions in the same back end.
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
        """Return the label of what a logout token ends.

        With a ``sid`` that is one session, even if there is a ``sub`` as well.
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
    # A surrogate in a claim is no reason to fail.
    raw = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(raw[:_ENOUGH]).decode()
