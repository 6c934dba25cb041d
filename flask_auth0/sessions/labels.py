"""The labels by which records are found: of a user, and of a login."""

from __future__ import annotations

import functools
import hashlib
import re
import typing as t
from base64 import urlsafe_b64encode
from collections.abc import Mapping

from ..config.urls import domain_of
from .storage_contract import Entry

#: Bytes of a digest, enough that none can be guessed or made to collide.
_ENOUGH = 18
#: Characters of the name of a record.
RECORD_LENGTH = _ENOUGH * 4 // 3
#: Characters of the name that a body has from its head.
NAME_LENGTH = 8
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
    return _digest(body_key)[:NAME_LENGTH]


def is_record(text: str) -> bool:
    """Tell whether a text from outside can be the name of a record."""
    return re.fullmatch(f"[A-Za-z0-9_-]{{{RECORD_LENGTH}}}", text) is not None


class Labels:
    """Makes the labels of one app's sessions.

    Labels do not depend on a secret, so that they outlast its rotation.

    They name the tenant and the client, as several may share a back end.

    :param domain: the app's only domain, if it has just one.
    """

    def __init__(self, client_id: str, domain: str | None) -> None:
        self._client_id = client_id
        self.domain: str | None = domain

    def of_user(self, sub: str, domain: str) -> str:
        """Return the label of all sessions of a user of a domain."""
        return self._label("sub", sub, domain)

    def of_token(self, claims: Mapping[str, t.Any]) -> str:
        """Return the label of a logout token."""
        return self._label("jti", claims["jti"], self._domain_of(claims))

    def of_claims(self, claims: Mapping[str, t.Any]) -> str:
        """Return the label of the sessions that a logout token ends.

        A ``sid`` names one session, even if there is a ``sub`` as well.
        """
        domain = self._domain_of(claims)
        if claims.get("sid"):
            return self._label("sid", claims["sid"], domain)
        return self._label("sub", claims["sub"], domain)

    def of_head(self, head: Mapping[str, t.Any]) -> tuple[str, ...]:
        """Return all labels that a state tells."""
        domain = self.domain or head["domain"]
        labels = (self._label("sub", head["user"]["sub"], domain),)
        sid = head["internal"].get("sid")
        return (*labels, self._label("sid", sid, domain)) if sid else labels

    def entry_of(self, head: Mapping[str, t.Any]) -> Entry:
        """Return the record of a state, with its labels."""
        return Entry(record_of(head["internal"]["session_id"]), self.of_head(head))

    def _domain_of(self, claims: Mapping[str, t.Any]) -> str:
        return self.domain or domain_of(claims["iss"])

    def _label(self, kind: str, value: str, domain: str) -> str:
        return _digest(f"sessions of {self._client_id} at {domain}\0{kind}\0{value}")


def _digest(text: str) -> str:
    # JSON allows surrogates in claims, which UTF-8 cannot encode.
    raw = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(raw[:_ENOUGH]).decode()
