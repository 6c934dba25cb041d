"""The checks of a logout token (OpenID Connect Back-Channel Logout, section 2.6)."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import jwt

from .nesting import refuse_deep_claims

EVENT = "http://schemas.openid.net/event/backchannel-logout"
#: The types that the header may name. The specification recommends the first; tokens
#: without one should be accepted as well.
_TYPES = {"logout+jwt", "application/logout+jwt", "jwt", ""}


def refuse_unsigned(header: Mapping[str, t.Any], token: str) -> None:
    """Refuse a token that the tenant cannot have signed, before its keys are fetched.

    :raises ValueError: with the reason.
    """
    if header.get("alg") != "RS256":
        raise ValueError("It is not signed with RS256.")
    if not token.rpartition(".")[2]:
        raise ValueError("It has no signature.")


def issuer_claimed_by(token: str) -> str:
    """Return the issuer that a token names, before anything of it is verified.

    :raises jwt.InvalidTokenError: when it is no token.
    :raises ValueError: when it names none.
    """
    refuse_deep_claims(token)
    issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    if not _is_text(issuer):
        raise ValueError("It names no issuer.")
    return t.cast(str, issuer)


def check_logout_claims(
    header: Mapping[str, t.Any], claims: Mapping[str, t.Any]
) -> None:
    """Refuse claims that do not end a session.

    Signature, issuer, audience and times have been checked: an ID token needs the same.

    :raises ValueError: with the reason.
    """
    if str(header.get("typ") or "").lower() not in _TYPES:
        raise ValueError("It is a token of another type.")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise ValueError("It is no logout token: it has no logout event.")
    if "nonce" in claims:
        raise ValueError("It has a nonce, which no logout token may have.")
    if not _is_text(claims.get("jti")):
        raise ValueError("It has no jti.")
    named = [claims[name] for name in ("sub", "sid") if claims.get(name) is not None]
    if not named or not all(map(_is_text, named)):
        raise ValueError("It names neither a user nor a session.")


def _is_text(value: t.Any) -> bool:
    return isinstance(value, str) and bool(value)
