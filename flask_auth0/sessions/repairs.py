"""The tokens of a state as they should be, where the SDK gets them wrong."""

from __future__ import annotations

import typing as t

State = dict[str, t.Any]

#: What the SDK calls the audience of a token that was asked for without one. It looks
#: for this after a refresh, but writes ``None``.
DEFAULT_AUDIENCE = "default"


def repaired(state: State, before: State, now: float) -> State:
    """Return a state as it should be.

    :param state: what the SDK wants to keep.
    :param before: what was kept until now.
    """
    return {
        **state,
        # A refresh need not bring a new ID token (OpenID Connect Core, 12.2).
        "id_token": state.get("id_token") or before.get("id_token"),
        "token_sets": _tidied(state.get("token_sets") or [], now),
    }


def usable_token(state: State, audience: str | None, now: float) -> str | None:
    """Return the access token for an audience, whatever its scope, unless expired.

    The SDK finds a token only if all the scopes that were asked for were granted.
    """
    wanted = audience or DEFAULT_AUDIENCE
    for each in reversed(state.get("token_sets") or []):
        if each.get("audience") == wanted and each["expires_at"] > now:
            return t.cast(str, each["access_token"])
    return None


def _tidied(token_sets: list[State], now: float) -> list[State]:
    """Keep the newest token for each audience and scope, and no expired ones."""
    kept: dict[tuple[str, str], State] = {}
    for each in token_sets:
        audience = each.get("audience") or DEFAULT_AUDIENCE
        scope = each.get("scope") or ""
        kept.pop((audience, scope), None)
        kept[audience, scope] = {**each, "audience": audience, "scope": scope}
    fresh = [each for each in kept.values() if each["expires_at"] > now]
    return fresh or list(kept.values())[-1:]
