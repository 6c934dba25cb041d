"""What a tenant tells of a user at its userinfo endpoint (OpenID Connect Core, 5.3)."""

from __future__ import annotations

import typing as t
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from urllib.parse import urlsplit

import httpx
import jwt
from msgspec import Struct

from ..errors import TenantError, in_one_line
from ..runtime.tracebacks import without_secrets
from ..sessions.hooks import IDENTITY
from ..sessions.shapes import without_surrogates
from .responses import as_json, is_unavailable, unavailable
from .signed_tokens import check_token

Claims = Mapping[str, t.Any]
Verify = Callable[[str], Awaitable[dict[str, t.Any]]]


class Pair(Struct, frozen=True):
    """The tokens of a login that have come with one answer."""

    id_token: str
    access_token: str

    def __repr__(self) -> str:
        return "<Pair of tokens>"


#: The tokens of the last answer, until the ID token is verified.
issued: ContextVar[Pair | None] = ContextVar("issued", default=None)

#: What only an ID token says: who logged in, how, and for whom the token is.
_OF_ID_TOKENS = IDENTITY | {"act", "c_hash", "cnf", "jti", "nbf"}


def noted(response: httpx.Response) -> httpx.Response:
    """Note the tokens of an answer with an ID token, and return the answer."""
    try:
        tokens = response.json()
        issued.set(Pair(tokens["id_token"], tokens["access_token"]))
    except (ValueError, TypeError, KeyError):
        issued.set(None)
    return response


def endpoint_of(metadata: Mapping[str, t.Any], domain: str) -> str:
    """Return the URL of the endpoint, which may get the access token of a login.

    :raises TenantError: when there is none at the tenant.
    """
    url = str(metadata.get("userinfo_endpoint"))
    # With mTLS, both endpoints are where the tenant asks for certificates.
    hosts = {domain, urlsplit(metadata["token_endpoint"]).netloc}
    known = {host.removesuffix(":443") for host in hosts}
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.netloc.removesuffix(":443") not in known:
        raise TenantError(
            remedy="It publishes no userinfo_endpoint of its own, which "
            "AUTH0_FETCH_USERINFO needs."
        )
    return url


def headers_for(access_token: str) -> httpx.Headers:
    """Return the headers of a request; httpx hides the token in reports."""
    return httpx.Headers(
        {
            "Authorization": f"Bearer {access_token}",
            "Accept": "application/json, application/jwt",
        }
    )


async def claims_in(response: httpx.Response, verify: Verify) -> dict[str, t.Any]:
    """Return the claims in an answer.

    :param verify: returns the claims of a signed one.
    :raises TenantUnavailable: when the tenant cannot answer now.
    :raises TenantError: when the answer has none that can be believed.
    """
    if is_unavailable(response.status_code):
        raise unavailable(response)
    if not response.is_success:
        told = f"Its userinfo endpoint answered with {response.status_code}."
        raise TenantError(remedy=told)
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "application/jwt":
        return await _verified(response, verify)
    with as_json("Its userinfo is no JSON."):
        claims = response.json()
        if not isinstance(claims, dict):
            raise ValueError
        return without_surrogates(claims)


async def _verified(response: httpx.Response, verify: Verify) -> dict[str, t.Any]:
    try:
        return await verify(response.text.strip())
    except (jwt.PyJWTError, ValueError) as error:
        told = f"Its userinfo cannot be verified: {in_one_line(str(error))}"
        raise TenantError(remedy=told) from without_secrets(error)


def check_userinfo(
    token: str, key: Mapping[str, t.Any], *, client_id: str, issuer: str
) -> dict[str, t.Any]:
    """Return the claims that an issuer signed for a client, which need not expire.

    :raises jwt.InvalidTokenError: when they are not good.
    """
    return check_token(
        token, key, audience=client_id, issuer=issuer, required=("iss", "aud")
    )


def merged(claims: Claims, userinfo: Claims) -> dict[str, t.Any]:
    """Return the claims of an ID token, with what only the userinfo says.

    :raises TenantError: when that is about somebody else.
    """
    return {**claims_of_same(claims["sub"], userinfo), **claims}


def claims_of_same(sub: str, userinfo: Claims) -> dict[str, t.Any]:
    """Return what a userinfo may say of a user.

    :raises TenantError: when it is about somebody else (OpenID Connect Core, 5.3.2).
    """
    if userinfo.get("sub") != sub:
        raise TenantError(remedy="Its userinfo is about somebody else.")
    return {k: v for k, v in userinfo.items() if k not in _OF_ID_TOKENS}
