"""The tokens that the tenant has signed for this app, and the keys it signs with."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Awaitable, Callable, Mapping, Sequence

import jwt

from ..errors import TenantError, TenantUnavailable
from ..sessions.lifetime import CLOCK_LEEWAY
from ..sessions.shapes import has_surrogates, not_moments, without_surrogates

Keys = dict[str, t.Any]
Check = Callable[[str, Mapping[str, t.Any]], dict[str, t.Any]]


async def verified_claims(
    token: str,
    jwks: Keys,
    newer: Callable[[], Awaitable[Keys]],
    check: Check,
) -> dict[str, t.Any]:
    """Return the claims of a token, with newer keys where the known ones do not fit.

    :param newer: looks for newer keys than these.
    :param check: returns the claims of a token that a key has signed.
    :raises jwt.InvalidTokenError: when the token is not good.
    :raises ValueError: when the tenant has no key for it.
    """
    kid = _header_of(token).get("kid")
    key = find_key(jwks, kid)
    if key is not None:
        try:
            return check(token, key)
        except jwt.InvalidSignatureError as error:
            # Without a kid, only a wrong signature tells that the tenant has a new key.
            if kid is not None:
                raise
            try:
                jwks = await newer()
            except TenantUnavailable:
                raise error from None
    else:
        jwks = await newer()
    key = find_key(jwks, kid)
    if key is None:
        raise ValueError("The tenant has no key that can have signed the token.")
    return check(token, key)


def _header_of(token: str) -> dict[str, t.Any]:
    """Return the header of a token that is not verified yet.

    The whole token would be decoded twice, as it is before its signature is verified.
    """
    header = token.partition(".")[0]
    return jwt.get_unverified_header(f"{header}..")


def check_id_token(
    token: str, key: Mapping[str, t.Any], *, client_id: str, issuer: str
) -> dict[str, t.Any]:
    """Return the claims of a token that an issuer signed for a client.

    :raises jwt.InvalidTokenError: when it is not one (OpenID Connect Core, 3.1.3.7).
    """
    claims = check_token(token, key, audience=client_id, issuer=issuer)
    is_only = claims["aud"] in (client_id, [client_id])
    if claims.get("azp", client_id if is_only else None) != client_id:
        raise jwt.InvalidAudienceError("It was issued to another client.")
    return claims


def check_token(
    token: str,
    key: Mapping[str, t.Any],
    *,
    audience: str,
    issuer: str,
    required: Sequence[str] = ("exp", "iat", "iss"),
) -> dict[str, t.Any]:
    """Return the claims of a token that an issuer signed for an audience.

    Unlike the SDK, it allows for a difference between clocks, requires an expiry, and
    compares issuers exactly.

    :param required: the claims that must be there.
    :raises jwt.InvalidTokenError: when the token is not good.
    """
    try:
        claims: dict[str, t.Any] = jwt.decode(
            token,
            _public_key(key["n"], key["e"]),
            algorithms=["RS256"],
            audience=audience,
            issuer=issuer,
            leeway=CLOCK_LEEWAY,
            options={"require": [*required]},
        )
    except (OverflowError, TypeError):
        # PyJWT 2.12 lets pass what int() says of an endless or a nested time.
        raise jwt.DecodeError("One of its times is no point in time.") from None
    # PyJWT accepts a number in a string.
    wrong = not_moments(claims, "exp", "iat", "nbf")
    if wrong:
        raise jwt.DecodeError(f"The {wrong[0]} claim is no point in time.")
    if has_surrogates(claims.get("sub")):
        # Once surrogates are replaced, two users could have the same sub.
        raise jwt.InvalidTokenError("The sub claim is no text.")
    return without_surrogates(claims)


@functools.lru_cache(maxsize=64)
def _public_key(n: str, e: str) -> jwt.PyJWK:
    """Return an RSA key (RFC 7518, section 6.3.1), as it takes long to make one.

    :raises jwt.PyJWTError: when the numbers are no key.
    """
    return jwt.PyJWK({"kty": "RSA", "n": n, "e": e}, "RS256")


def check_keys(document: t.Any) -> Keys:
    """Return a document that is a key set (RFC 7517, section 5).

    :raises TenantError: when it is anything else, so that it is not kept.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise TenantError(remedy="Its key set is not one.")
    return t.cast(Keys, document)


def find_key(jwks: Keys, kid: str | None) -> dict[str, t.Any] | None:
    """Return the key that can have signed a token, if there is just one.

    Several keys may have one ``kid``, if their types or uses differ (RFC 7517, section
    4.5). A token needs no ``kid`` if just one key can have signed it (OpenID Connect
    Core, section 10.1).
    """
    named = [key for key in jwks["keys"] if kid is None or key.get("kid") == kid]
    fitting = [key for key in named if signs_tokens(key)]
    different = {(key["n"], key["e"]): key for key in fitting}
    return fitting[0] if len(different) == 1 else None


def signs_tokens(key: dict[str, t.Any]) -> bool:
    """Tell whether a key can have signed a token with RS256."""
    operations = key.get("key_ops", ["verify"])
    return (
        key.get("kty") == "RSA"
        and key.get("use", "sig") == "sig"
        and key.get("alg", "RS256") == "RS256"
        and isinstance(operations, list)
        and "verify" in operations
        # Keys without a required member are ignored (RFC 7517, section 5).
        and isinstance(key.get("n"), str)
        and isinstance(key.get("e"), str)
    )
