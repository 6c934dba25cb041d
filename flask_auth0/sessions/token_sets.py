"""Corrects the tokens of a state, where the SDK gets them wrong."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from contextvars import ContextVar

from msgspec import Struct

from ..config.urls import is_issuer
from ..errors import TenantError
from .claims import claims_in
from .shapes import State
from .stores.lease import Lease

#: The SDK's name for the default audience. It looks for a token under this name, but
#: keeps a refreshed one under ``None``.
DEFAULT_AUDIENCE = "default"

#: The mark of an access token with which its user's userinfo was asked for.
HAS_USERINFO = "has_userinfo"

#: The fields of tokens, which only a refresh can change.
_TOKENS = ("refresh_token", "token_sets", "connection_token_sets")


class Wanted(Struct, frozen=True):
    """An access token that is asked for."""

    audience: str
    #: Scopes, separated by spaces, that the token was granted or requested with.
    scope: str = ""
    #: Seconds that the token must still last.
    leeway: int = 0

    def fits(self, token_set: State, now: float) -> bool:
        """Tell whether a token fits, and is still good.

        A requested scope counts as much as a granted one: asking again for a scope that
        was refused would change nothing.
        """
        granted, asked_for = token_set.get("scope"), token_set.get("asked_for")
        scopes = f"{granted or ''} {asked_for or ''}".split()
        if token_set.get("audience") != self.audience:
            return False
        if not set(self.scope.split()) <= set(scopes):
            return False
        return _is_good(token_set, self.leeway, now)


class Refresh(Struct, frozen=True):
    """A refresh that is under way."""

    wanted: Wanted
    #: When the refresh was asked for, by the monotonic clock.
    began_at: float
    #: Whether a token that is still good is refreshed, too.
    is_forced: bool
    #: Raises an error for an answer that must not be used.
    check: Callable[[State], None] = lambda tokens: None
    #: The lease that keeps the other processes from refreshing as well.
    lease: Lease | None = None


#: The refresh under way, which ``client/tokens`` sets around its call of the SDK. While
#: it is set, the store hides the old token, or the SDK would return that
#: (:func:`without_refreshed`); the new one is marked with what was asked for
#: (:func:`_marked`); ``client/transport`` leaves out a scope that was granted;
#: ``client/tokens`` checks the answer and the lease; and ``sessions/writes`` keeps for
#: later what the back end does not take.
refreshing: ContextVar[Refresh | None] = ContextVar("refreshing", default=None)


class Connection(Struct, frozen=True):
    """A connection whose access token is asked for."""

    name: str
    #: The account, if the user has several at the connection.
    login_hint: str | None = None

    def fits(self, token_set: State) -> bool:
        """Tell whether a token is for this account; the SDK returns any account's."""
        is_theirs = self.login_hint in {None, token_set.get("login_hint")}
        return token_set.get("connection") == self.name and is_theirs


#: The connection whose token is being fetched, which ``client/tokens`` sets around its
#: call of the SDK. While it is set, the store hides the tokens of the connection, or
#: the SDK would return one of another account (:func:`without_refreshed`), and keeps
#: those of the other accounts (:func:`_with_other_accounts`).
connecting: ContextVar[Connection | None] = ContextVar("connecting", default=None)


#: The ID token of a second factor, while ``client/mfa`` keeps it. It is that of a new
#: authentication, which ``client/mfa`` has verified, and not of a refresh.
confirmed: ContextVar[str | None] = ContextVar("confirmed", default=None)


def with_tokens_of(before: State, state: State) -> State:
    """Return the state before, with the tokens of a state that cannot be kept."""
    return {**before, **{field: state.get(field) for field in _TOKENS}}


def has_new_tokens(before: State, state: State) -> bool:
    """Tell whether a state has other tokens than the one before."""
    return any(state.get(field) != before.get(field) for field in _TOKENS)


def repaired(state: State, before: State, now: float) -> State:
    """Return a state with corrected tokens.

    :param state: the state that the SDK keeps.
    :param before: the state that was kept until now.
    :raises TenantError: when it has the ID token of another user or login.
    """
    check_new_id_token(state, before)
    known = before.get("token_sets") or []
    tokens = {each["access_token"] for each in known}
    new = state.get("token_sets") or []
    marked = [e if e["access_token"] in tokens else _marked(e, now) for e in new]
    return {
        **state,
        # A refresh need not return an ID token (OpenID Connect Core, section 12.2).
        "id_token": state.get("id_token") or before.get("id_token"),
        "token_sets": _tidied([*known, *marked], now),
        "connection_token_sets": _with_other_accounts(state, before, now),
    }


def check_new_id_token(state: State, before: State) -> None:
    """Refuse the ID token of a refresh that is not about the session's user and their
    login (OpenID Connect Core, section 12.2). It came from the tenant itself, so that
    its signature need not be checked.

    :raises TenantError: naming the claim that differs.
    """
    token = state.get("id_token")
    if not token or not before or token in (before.get("id_token"), confirmed.get()):
        return
    claims = claims_in(token)
    if claims is None:
        raise TenantError(remedy="A refresh brought an ID token that is none.")
    known = claims_in(before.get("id_token")) or {}
    differing = _differing(claims, {**known, "sub": before["user"]["sub"]})
    if not is_issuer(claims.get("iss"), before.get("domain") or ""):
        differing = "iss"
    if differing:
        hint = f"its {differing} differs"
        raise TenantError(
            remedy=f"A refresh brought the ID token of somebody else: {hint}."
        )


def _differing(claims: State, known: State) -> str | None:
    """Return the name of a claim that differs from the login's, if any.

    :param known: the claims of the login. Without its ID token, that is its ``sub``.
    """
    if claims.get("sub") != known["sub"]:
        return "sub"
    if "aud" not in known:
        return None
    if _audiences(claims) != _audiences(known):
        return "aud"
    if claims.get("azp") != known.get("azp"):
        return "azp"
    for name in ("auth_time", "nonce"):
        # Claims are compared as text, since NaN is not equal to itself.
        if name in claims and str(claims[name]) != str(known.get(name, claims[name])):
            return name
    return None


def _audiences(claims: State) -> list[str]:
    audiences = claims.get("aud")
    return sorted(map(str, audiences if isinstance(audiences, list) else [audiences]))


def usable_token(state: State | None, wanted: Wanted, now: float) -> str | None:
    """Return the access token that is wanted, if the state has one that is good.

    The SDK finds a token only if the tenant has granted all its scopes.
    """
    for each in reversed(_of(state, "token_sets")):
        if wanted.fits(each, now):
            return t.cast(str, each["access_token"])
    return None


def newest_token(state: State | None, audience: str) -> str | None:
    """Return the newest access token for an audience, even if it has expired."""
    found = newest_token_set(state, audience)
    return None if found is None else found["access_token"]


def newest_token_set(state: State | None, audience: str) -> State | None:
    """Return that token with what is known of it."""
    found = reversed(_of(state, "token_sets"))
    return next((each for each in found if each.get("audience") == audience), None)


def granted_scopes(state: State, audience: str, now: float) -> frozenset[str]:
    """Return the scopes of the access tokens for an audience that are good.

    Where all have expired, it is those of the newest one.
    """
    found = [
        each
        for each in state.get("token_sets") or []
        if (each.get("audience") or DEFAULT_AUDIENCE) == audience
    ]
    good = [each for each in found if each["expires_at"] > now] or found[-1:]
    return frozenset(s for each in good for s in (each.get("scope") or "").split())


def usable_connection_token(
    state: State | None, connection: Connection, leeway: int, now: float
) -> str | None:
    """Return the access token of a connection, if the state has one that is good."""
    for each in _of(state, "connection_token_sets"):
        if connection.fits(each) and _is_good(each, leeway, now):
            return t.cast(str, each["access_token"])
    return None


def _of(state: State | None, field: str) -> list[State]:
    """Return the tokens of a state, which may have ended."""
    return (state or {}).get(field) or []


def without_refreshed(state: State) -> State:
    """Return a state without the tokens that the SDK is to replace."""
    refresh, connection = refreshing.get(), connecting.get()
    if refresh is not None:
        state = _without(state, "token_sets", "audience", refresh.wanted.audience)
    if connection is not None:
        state = _without(state, "connection_token_sets", "connection", connection.name)
    return state


def _without(state: State, field: str, name: str, value: str) -> State:
    kept = [each for each in state.get(field) or [] if each.get(name) != value]
    return {**state, field: kept}


def _with_other_accounts(state: State, before: State, now: float) -> list[State]:
    """Return the tokens for connections, with those that were hidden from the SDK."""
    connection = connecting.get()
    hidden = [
        each
        for each in before.get("connection_token_sets") or []
        if connection is not None
        and each.get("connection") == connection.name
        and not connection.fits(each)
        and each["expires_at"] > now
    ]
    found = state.get("connection_token_sets") or []
    return [*hidden, *({"lifetime": _seconds_left(e, now), **e} for e in found)]


def _is_good(token_set: State, leeway: int, now: float) -> bool:
    """Tell whether a token outlasts the leeway, or half of its own lifetime."""
    lifetime = token_set.get("lifetime") or 2 * leeway
    return bool(token_set["expires_at"] > now + min(leeway, lifetime / 2))


def _seconds_left(token_set: State, now: float) -> int:
    return max(0, int(token_set["expires_at"] - now))


def _marked(token_set: State, now: float) -> State:
    """Add the requested scope and the lifetime to a token."""
    refresh = refreshing.get()
    marks: State = {"lifetime": _seconds_left(token_set, now)}
    if refresh is not None and refresh.wanted.scope:
        marks["asked_for"] = refresh.wanted.scope
    return {**token_set, **marks}


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
