"""Whether a user, or an access token, may pass a guard."""

from __future__ import annotations

import typing as t
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from ..app_state import AppState, state_of
from ..client.server_client import run_without_loop
from ..errors import InvalidToken, LoginRequired, MfaRequired
from ..errors.www_authenticate import BEARER, challenges
from ..runtime import app_functions
from ..runtime.request import CurrentRequest
from ..sessions.shapes import without_none
from ..sessions.token_sets import DEFAULT_AUDIENCE, granted_scopes
from ..user import User, load_claims
from .bearer import require, token_claims
from .needs import ClaimNeed, Need, missing, missing_claims, roles_claim
from .organizations import are_different, is_member
from .refusals import (
    Refuse,
    ask_to_log_in,
    refusal_of_account,
    refusal_of_organization,
    refusal_of_proof,
)
from .repeated_logins import has_just_asked_for
from .step_up import has_class, has_logged_in_within, has_mfa, is_recent

#: A function of the app, sync or async, that tells whether a user may pass.
Check = Callable[[User], bool | Awaitable[bool]]


class Asked(Struct, frozen=True):
    """What a guard asks for, beyond a user."""

    names: tuple[Need, ...] = ()
    claims: tuple[ClaimNeed, ...] = ()
    check: Check | None = None
    #: Whether more than one factor is needed.
    mfa: bool = False
    #: The classes of authentication of which one is needed.
    classes: tuple[str, ...] = ()
    #: The parameters of a login that may bring it.
    login: Mapping[str, t.Any] = MappingProxyType({})
    refuse: Refuse | None = None


#: A user is enough.
NOTHING_MORE = Asked()


def refusal_of_user(
    asked: Asked, current: CurrentRequest, told: Sequence[str] = ()
) -> t.Any:
    """Return the answer to a request that may not pass, or ``None``.

    :param told: the challenges for programs.
    :raises NotAllowed: when no login can help.
    """
    state = state_of(current.app)
    claims = load_claims(current, state)
    if claims and asked is NOTHING_MORE:
        return None
    if current.token_claims is not None:
        # A guard in front of this one has let the token pass.
        _refuse_token(current, state, current.token_claims, asked)
        return None
    required = _reason_to_log_in(current, state, User(claims), asked)
    if required is None:
        return None
    custom = state.unauthorized() if asked.refuse is None else None
    required.challenges = told
    if custom is not None:
        return custom
    return ask_to_log_in(asked.login, asked.refuse, required)


def _reason_to_log_in(
    current: CurrentRequest, state: AppState, user: User, asked: Asked
) -> LoginRequired | None:
    """Return what a login can bring, if that is missing.

    The order matters: a login to an organization can bring roles, and one more factor
    is of no use to who lacks a role.
    """
    if not user or not _is_member(user, asked):
        _refuse_other_organization(state, asked)
        _refuse_stranger(current, state, user, asked)
        return LoginRequired()
    _refuse_account(current, state, user, asked)
    if not is_recent(current, state, user, asked.login.get("max_age")):
        return LoginRequired()
    return _reason_to_step_up(current, state, user, asked)


def _refuse_other_organization(state: AppState, asked: Asked) -> None:
    """Raise an error if every login is for another organization."""
    ours, wanted = state.config.organization, asked.login.get("organization")
    if ours is not None and wanted is not None and are_different(ours, wanted):
        raise refusal_of_organization(wanted)


def _refuse_stranger(
    current: CurrentRequest, state: AppState, user: User, asked: Asked
) -> None:
    """Raise an error if the last login has asked for the organization in vain."""
    wanted = asked.login.get("organization")
    if not user or wanted is None:
        return
    # A configured organization is the one that every login asks for.
    asked_for = state.config.organization or wanted
    if has_just_asked_for(current, state, user, organization=asked_for):
        raise refusal_of_organization(wanted, asked_for)


def _refuse_account(
    current: CurrentRequest, state: AppState, user: User, asked: Asked
) -> None:
    """Raise an error if the user lacks what no login can bring."""
    scopes = _granted_scopes(current, state, asked.names)
    lacks = missing(asked.names, user, scopes, state.config)
    claims = missing_claims(asked.claims, user)
    if lacks or claims or not _passes(asked.check, user):
        remedy = _remedy(state, user, lacks)
        raise refusal_of_account(lacks, claims, remedy)


def _granted_scopes(
    current: CurrentRequest, state: AppState, needs: Sequence[Need]
) -> frozenset[str]:
    """Return the scopes of the session's access token, if they matter."""
    if not any(each.kind == "scopes" for each in needs):
        return frozenset()
    # Our own stores have the session at hand, without any wait.
    find = state.wait if state.state_store.needs_loop else run_without_loop
    session = find(state.client.get_session()) or {}
    audience = state.config.audience or DEFAULT_AUDIENCE
    return granted_scopes(session, audience, state.clock.time())


def _passes(check: Check | None, user: User) -> bool:
    return check is None or bool(app_functions.ask(check, user))


def _remedy(state: AppState, user: User, lacks: Sequence[Need]) -> str | None:
    """Return what a developer can do, if a user has none of the claim at all."""
    names = {"permissions": state.config.permissions_claim}
    if any(each.kind == "roles" for each in lacks):
        names["roles"] = roles_claim(state.config)
    absent = [c for kind, c in names.items() if _is_absent(user, kind, c, lacks)]
    if not absent:
        return None
    return (
        f"The session has no claim {absent[0]}: an Action of the tenant has to add it "
        "to the ID token, and users get it with their next login."
    )


def _is_absent(user: User, kind: str, claim: str, lacks: Sequence[Need]) -> bool:
    return claim not in user and any(each.kind == kind for each in lacks)


def _reason_to_step_up(
    current: CurrentRequest, state: AppState, user: User, asked: Asked
) -> LoginRequired | None:
    if has_class(user, asked.classes) and (has_mfa(user) or not asked.mfa):
        return None
    acr_values = asked.login["acr_values"]
    if has_just_asked_for(current, state, user, acr_values=acr_values):
        raise refusal_of_proof(asked.classes, asked.login, mfa=asked.mfa)
    return MfaRequired() if asked.mfa else LoginRequired()


def _is_member(user: User, asked: Asked) -> bool:
    wanted = asked.login.get("organization")
    return wanted is None or is_member(user, wanted)


def refusal_of_any(asked: Asked, current: CurrentRequest) -> t.Any:
    """Return the answer to a request that may not pass with a token or a session."""
    state = state_of(current.app)
    claims = token_claims(current, state)
    if claims is None:
        return refusal_of_user(asked, current, challenges(BEARER))
    _refuse_token(current, state, claims, asked)
    return None


def _refuse_token(
    current: CurrentRequest,
    state: AppState,
    claims: Mapping[str, t.Any],
    asked: Asked,
) -> None:
    """Refuse an access token that does not satisfy a guard.

    :raises InvalidToken: when its user has to log in anew (RFC 9470, section 3).
    :raises NotAllowed: when it lacks anything else.
    """
    user = User(claims)
    if not _is_member(user, asked):
        raise refusal_of_organization(asked.login["organization"])
    require(asked.names, current, claims, state)
    lacks = missing_claims(asked.claims, claims)
    if lacks or not _passes(asked.check, user):
        raise refusal_of_account((), lacks)
    max_age, acr_values = asked.login.get("max_age"), asked.login.get("acr_values")
    is_old = max_age is not None and not has_logged_in_within(state, claims, max_age)
    is_weak = not has_class(claims, asked.classes) or (asked.mfa and not has_mfa(user))
    if is_old or is_weak:
        error = InvalidToken(
            "The user has to log in anew, or the token does not say how they did.",
            error="insufficient_user_authentication",
        )
        wanted = {"max_age": max_age, "acr_values": acr_values}
        error.parameters = {k: str(v) for k, v in without_none(wanted).items()}
        raise error
