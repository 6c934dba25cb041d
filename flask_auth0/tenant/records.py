"""What a tenant remembers: sessions, codes, tokens and deliveries."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .model import Client, Person


@dataclass(frozen=True)
class Session:
    """Somebody's single sign-on session in one browser."""

    sid: str
    person: Person
    auth_time: int
    created_at: int
    client_ids: frozenset[str] = frozenset()
    #: The classes of authentication that it has, by their names in ``acr_values``.
    acr: frozenset[str] = frozenset()
    #: Who acts for the person, for the claim ``act``.
    act: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Authorization:
    """What one login allowed one client; its tokens are one family."""

    family: str
    client: Client
    person: Person
    sid: str
    auth_time: int
    scope: str
    audience: str | None = None
    max_age_requested: bool = False
    organization: str | None = None
    acr: str | None = None
    amr: tuple[str, ...] = ()
    authorization_details: tuple[Any, ...] = ()
    act: Mapping[str, Any] | None = None
    #: The thumbprint of the key that access tokens are bound to, with DPoP.
    jkt: str | None = None


@dataclass(frozen=True)
class Login:
    """Who is to get tokens, for which app and for what."""

    client: Client
    person: Person
    scope: str
    audience: str | None = None
    organization: str | None = None
    amr: tuple[str, ...] = ()
    act: Mapping[str, Any] | None = None
    #: The session that goes on, as when a refresh has asked for a second factor.
    sid: str | None = None


@dataclass
class Credential:
    """A code or token, with the interface that Authlib asks of it."""

    value: str = field(repr=False)
    authorization: Authorization
    scope: str
    issued_at: float
    lifetime: int
    audience: str | None = None
    used: bool = False
    #: ``x5t#S256`` of the certificate without which it is worth nothing.
    certificate: str | None = None

    def get_scope(self) -> str:
        return self.scope

    def is_expired(self) -> bool:
        return time.time() >= self.issued_at + self.lifetime

    def is_revoked(self) -> bool:
        return self.used

    def check_client(self, client: Client) -> bool:
        return self.authorization.client is client

    def get_user(self) -> Person:
        return self.authorization.person

    def get_client(self) -> Client:
        return self.authorization.client


@dataclass
class AuthorizationCode(Credential):
    """A code, good for one exchange."""

    redirect_uri: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None

    def get_redirect_uri(self) -> str | None:
        return self.redirect_uri


class TokenRequest(NamedTuple):
    """One request to ``/oauth/token``: ``ok`` or the error it got."""

    grant_type: str
    outcome: str


@dataclass(frozen=True)
class Delivery:
    """What became of one logout token."""

    client_id: str
    sid: str
    url: str
    status: int | None
    error: str | None = None

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass
class Failure:
    """How the next token requests are to fail; without a status, only late."""

    status: int | None
    body: bytes
    content_type: str
    delay: float
    count: int
    headers: dict[str, str] = field(default_factory=dict)
