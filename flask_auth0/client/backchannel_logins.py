"""The states of logins on another device (CIBA), whose user the SDK leaves out."""

from __future__ import annotations

import secrets

from auth0_server_python.auth_types import UserClaims

from ..sessions.claims import with_new_claims
from ..sessions.shapes import State, without_none
from ..sessions.token_sets import DEFAULT_AUDIENCE


def state_of_login(
    tokens: State, claims: State, audience: str | None, domain: str, now: float
) -> State:
    """Return the state of a login.

    :param tokens: the token response.
    :param claims: those of its ID token, verified.
    :raises pydantic.ValidationError: when a claim is not of its type.
    """
    token_set = {
        "audience": audience or DEFAULT_AUDIENCE,
        "access_token": tokens["access_token"],
        "scope": tokens.get("scope") or "",
        "expires_at": int(now) + tokens["expires_in"],
    }
    sid = claims.get("sid") or secrets.token_urlsafe(24)
    return {
        "user": without_none(UserClaims.model_validate(claims).model_dump()),
        "id_token": tokens["id_token"],
        "refresh_token": tokens.get("refresh_token"),
        "token_sets": [token_set],
        "connection_token_sets": [],
        "domain": domain,
        "internal": {"sid": sid, "created_at": int(now)},
    }


def continued(before: State, login: State) -> State:
    """Return the state of a login of somebody who is logged in already.

    Their tokens for other APIs stay, and so does the refresh token, unless there is
    another one.

    :param before: the state until now, of the same user.
    """
    login_internal, internal = login["internal"], dict(before["internal"])
    for name in ("session_id", "session_expires_at"):
        internal.pop(name, None)
    state = {
        **before,
        "id_token": login["id_token"],
        "refresh_token": login["refresh_token"] or before.get("refresh_token"),
        "token_sets": [*_of_others(before, login), *login["token_sets"]],
        "internal": {**internal, "created_at": login_internal["created_at"]},
    }
    return with_new_claims(state, before)


def _of_others(before: State, login: State) -> list[State]:
    """Return the access tokens for audiences that the login has none for."""
    audiences = {each["audience"] for each in login["token_sets"]}
    known = before.get("token_sets") or []
    return [each for each in known if each.get("audience") not in audiences]
