"""What a tenant is set up with: clients, APIs, people, lifetimes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any, Literal

#: How a client proves who it is, as RFC 7591, RFC 8705 and OpenID Connect name it.
AuthMethod = Literal[
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
]

#: What apps ask Auth0 for in ``acr_values``, to have more than one factor.
MULTI_FACTOR = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"

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
    #: Where invitations lead to.
    login_url: str | None = None
    #: Whether people log in within an organization: allow, require or deny.
    organization_usage: str = "allow"
    name: str = "My app"
    #: The one way in which the client may prove who it is; ``None`` is its secret, in
    #: the body or as HTTP Basic.
    token_endpoint_auth_method: AuthMethod | None = None
    #: For ``private_key_jwt``: the public keys, in PEM.
    public_keys: list[str] = field(default_factory=list)
    #: For ``private_key_jwt``: the only algorithm; ``None`` is any that the SDK offers.
    token_endpoint_auth_signing_alg: str | None = None
    #: For ``self_signed_tls_client_auth``: the certificates, in PEM.
    certificates: list[str] = field(default_factory=list)
    #: For ``tls_client_auth``: the subject of certificates, as RFC 4514 writes it.
    tls_client_auth_subject_dn: str = ""
    #: Whether an access token is good with the client's certificate only (RFC 8705).
    tls_client_certificate_bound_access_tokens: bool = True
    #: Whether a login may only begin with a pushed authorization request (RFC 9126).
    require_pushed_authorization_requests: bool = False
    #: ``RS256`` lets ``/userinfo`` answer with a signed JWT; ``None`` is JSON.
    userinfo_signed_response_alg: Literal["RS256"] | None = None

    # The methods below are Authlib's interface to a client.

    @property
    def client_metadata(self) -> dict[str, Any]:
        return {"userinfo_signed_response_alg": self.userinfo_signed_response_alg}

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
        if self.token_endpoint_auth_method is None:
            return method in ("client_secret_basic", "client_secret_post")
        return method == self.token_endpoint_auth_method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return True


@dataclass
class Api:
    """An API that is registered at the tenant; its identifier is the audience."""

    identifier: str
    scopes: Collection[str] = ()
    #: Whether people get those scopes only that are among their permissions. Access
    #: tokens have the permissions as well.
    rbac: bool = False
    #: Whether there are refresh tokens for it.
    allow_offline_access: bool = True
    #: For how many seconds its access tokens are good; ``None``: as the tenant says.
    token_lifetime: int | None = None
    #: Whether its access tokens have the profile of RFC 9068, which Auth0 can choose.
    rfc9068: bool = False


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
    #: More claims; those that a scope of OpenID Connect stands for follow the scope.
    claims: Mapping[str, Any] = field(default_factory=dict, hash=False)
    #: Where the tenant has a ``roles_claim``, they are in it.
    roles: Collection[str] = field(default=(), hash=False)
    #: In access tokens of an API with role-based access control.
    permissions: Collection[str] = field(default=(), hash=False)
    #: The ids or names of organizations, beside those that have them as a member.
    #: Without registered organizations, nothing here is all of them.
    organizations: Collection[str] = field(default=(), hash=False)

    @classmethod
    def from_email(cls, email: str) -> Person:
        """A person nobody seeded; the same address is always the same ``sub``."""
        digest = hashlib.sha256(email.lower().encode()).hexdigest()
        return cls(f"auth0|{digest[:24]}", email, email, email_verified=False)

    @classmethod
    def from_phone_number(cls, number: str) -> Person:
        """A person of whom nothing but a phone number is known."""
        digest = hashlib.sha256(number.encode()).hexdigest()
        return cls(f"sms|{digest[:24]}", number, "", email_verified=False)

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
    request_uri: int = 30
    backchannel_login: int = 300


def seeded_people() -> list[Person]:
    return [
        Person("auth0|ada", "Ada Lovelace", "ada@example.com"),
        Person("auth0|grace", "Grace Hopper", "grace@example.com"),
        Person("auth0|katherine", "Katherine Johnson", "katherine@example.com"),
        Person("auth0|alan", "Alan Turing", "alan@example.com"),
    ]
