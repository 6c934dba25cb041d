"""What a tenant is set up with: clients, people and lifetimes."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

#: The scopes that mean something without an API.
OPENID_SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access")


def random_client_id() -> str:
    return f"dev_{secrets.token_hex(12)}"


def random_client_secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass
class Client:
    """An application that people log in to; its URLs are compared exactly."""

    client_id: str = field(default_factory=random_client_id)
    client_secret: str = field(default_factory=random_client_secret, repr=False)
    callbacks: list[str] = field(default_factory=list)
    logout_urls: list[str] = field(default_factory=list)
    backchannel_logout_url: str | None = None
    name: str = "My app"

    # The methods below are Authlib's interface to a client.

    @property
    def client_metadata(self) -> dict[str, Any]:
        return {}

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        return self.callbacks[0] if len(self.callbacks) == 1 else None

    def get_allowed_scope(self, scope: str | None) -> str:
        # Which scopes are known depends on the audience: see `granted_scope`.
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.callbacks

    def check_client_secret(self, client_secret: str) -> bool:
        return compare_digest(client_secret.encode(), self.client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


@dataclass(frozen=True)
class Person:
    """Somebody who can log in, with the claims that Auth0 would know."""

    sub: str
    name: str
    email: str
    email_verified: bool = True
    nickname: str = ""
    picture: str = ""
    updated_at: str = "2025-01-01T00:00:00.000Z"

    @classmethod
    def from_email(cls, email: str) -> Person:
        """A person nobody seeded; the same address is always the same ``sub``."""
        digest = hashlib.sha256(email.lower().encode()).hexdigest()
        return cls(f"auth0|{digest[:24]}", email, email, email_verified=False)

    @property
    def initials(self) -> str:
        words = self.name.split() or ["?"]
        return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()


@dataclass
class Lifetimes:
    """For how many seconds what the tenant issues is good."""

    access_token: int = 86400
    id_token: int = 36000
    refresh_token: int = 2592000
    code: int = 60


def seeded_people() -> list[Person]:
    return [
        Person("auth0|ada", "Ada Lovelace", "ada@example.com"),
        Person("auth0|grace", "Grace Hopper", "grace@example.com"),
        Person("auth0|katherine", "Katherine Johnson", "katherine@example.com"),
        Person("auth0|alan", "Alan Turing", "alan@example.com"),
    ]
