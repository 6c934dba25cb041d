"""The claims of a user: those of a new ID token in place of those of an older one."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import jwt
from auth0_server_python.auth_types import UserClaims
from pydantic import ValidationError

from ..errors import LoginRequired, TenantError
from ..pages import Text
from .flows import arriving
from .lifetime import CEILING_LEEWAY
from .shapes import State, is_moment, without_none, without_surrogates

#: The field of ``internal`` with the names of claims that no ID token has set.
OWN_CLAIMS = "own_claims"
#: The field with the names of those among them that the tenant's userinfo has set.
USERINFO_CLAIMS = "userinfo_claims"

#: Claims on the login, which a refresh need not repeat (OpenID Connect Core, section
#: 12.2). An ``act`` that got lost would let one user pass for another.
_OF_THE_LOGIN = (
    *("auth_time", "nonce", "acr", "amr", "act"),
    *("org_id", "org_name", "session_expiry"),
)


def claims_in(token: t.Any) -> State | None:
    """Return the claims in an ID token, without a look at its signature."""
    return without_surrogates(_read(token)) or None


def _read(token: t.Any) -> State:
    try:
        return jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}


def with_new_claims(state: State, before: State) -> State:
    """Return a state whose user is the one that its new ID token tells.

    A claim that the app has changed stays until the tenant changes it, too.

    :param before: the state with the older ID token.
    """
    token, older = state.get("id_token"), before.get("id_token")
    new = _user_of(token) if token and token != older else None
    if new is None:
        return state
    known = before["user"]
    own = _still_own(before, new, (claims_in(older) or {}) if older else None)
    stay = [name for name in _OF_THE_LOGIN if name not in new]
    # Logouts from outside find the session by the ``sid`` of its login.
    user = {name: value for name, value in new.items() if name not in {*own, "sid"}}
    kept = {name: known.get(name) for name in (*own, *stay, "sid")}
    return {
        **state,
        "user": without_none({**user, **kept}),
        "internal": {**_noted(own, state["internal"]), **_ceiling(new)},
    }


def begun(state: State) -> State:
    """Return the state of a login, completed from the claims of its user.

    :raises TenantError: when it does not say who logged in, or names two users.
    :raises LoginRequired: when the identity provider has ended the session already.
    """
    given = state.get("user") or {}
    user = {name: value for name, value in given.items() if value is not None}
    told = _told_at_login(state["id_token"]) if state.get("id_token") else user
    if not user.get("sub"):
        raise TenantError(Text("The login service did not say who logged in."))
    if told.get("sub") != user["sub"]:
        raise TenantError(remedy="A login brought the ID token of somebody else.")
    # The SDK sets it for some ways to log in only.
    ceiling = state["internal"].get("session_expires_at") or user.get("session_expiry")
    internal = {**state["internal"], "session_expires_at": ceiling}
    state = {**state, "user": user, "internal": internal}
    if ceiling is not None and is_over(state, _issued_at(user, internal)):
        raise LoginRequired(Text("Your session has ended. Please log in again."))
    more = user.keys() - told.keys()
    return _with_userinfo_names(with_own_names(state, more), more)


def _told_at_login(token: t.Any) -> Mapping[str, t.Any]:
    """Return the claims in the ID token of a login, as they have been verified."""
    arrival = arriving.get()
    if arrival is not None and arrival.verified is not None:
        verified, claims = arrival.verified
        if verified == token:
            return claims
    return _read(token)


def is_over(state: State, now: float) -> bool:
    """Tell whether the identity provider has ended the session of a state."""
    ceiling: float | None = state["internal"].get("session_expires_at")
    return ceiling is not None and now >= ceiling - CEILING_LEEWAY


def with_own_names(state: State, names: t.Iterable[str]) -> State:
    """Return a state that notes that the app, and no ID token, has set some claims."""
    changed, internal = {*names}, state["internal"]
    noted = _noted({*internal.get(OWN_CLAIMS, ()), *changed}, internal)
    left = [each for each in internal.get(USERINFO_CLAIMS, ()) if each not in changed]
    return _with_userinfo_names({**state, "internal": noted}, left)


def with_userinfo(state: State, told: State) -> State:
    """Return a state with the claims that only the userinfo has, as it tells them now.

    What the app has changed stays.

    :param told: the userinfo of the same user, without what only ID tokens say.
    """
    internal: State = state["internal"]
    own = {*internal.get(OWN_CLAIMS, ())}
    older = own.intersection(internal.get(USERINFO_CLAIMS, ()))
    user = {name: v for name, v in state["user"].items() if name not in older}
    new = {k: v for k, v in told.items() if k not in {*user, *(own - older)}}
    noted = _noted({*(own - older), *new}, internal)
    changed = {**state, "user": without_none({**user, **new}), "internal": noted}
    return _with_userinfo_names(changed, new)


def _issued_at(user: State, internal: State) -> float:
    issued_at: t.Any = user.get("iat")
    return float(issued_at if is_moment(issued_at) else internal["created_at"])


def _noted(names: t.Iterable[str], internal: State) -> State:
    rest = {name: internal[name] for name in internal if name != OWN_CLAIMS}
    own = sorted(names)
    return {**rest, OWN_CLAIMS: own} if own else rest


def _with_userinfo_names(state: State, names: t.Iterable[str]) -> State:
    rest = {k: v for k, v in state["internal"].items() if k != USERINFO_CLAIMS}
    found = sorted(names)
    noted = {**rest, USERINFO_CLAIMS: found} if found else rest
    return {**state, "internal": noted}


def _still_own(before: State, new: State, old: State | None) -> list[str]:
    """Return the names of the app's claims that the tenant has not changed since.

    :param old: the claims of the older ID token, if it was kept.
    """
    own: list[str] = before["internal"].get(OWN_CLAIMS, [])
    if old is None:
        return own
    return [name for name in own if new.get(name) == old.get(name)]


def _user_of(token: str) -> State | None:
    """Return the claims of an ID token, in the form that they have after a login.

    New tokens must not be lost for claims that make no sense.
    """
    try:
        model = UserClaims.model_validate(claims_in(token) or {})
    except ValidationError:
        return None
    return without_none(model.model_dump())


def _ceiling(user: State) -> State:
    ceiling = user.get("session_expiry")
    return {} if ceiling is None else {"session_expires_at": ceiling}
