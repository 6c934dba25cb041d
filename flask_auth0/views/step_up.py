"""Whether a login was strong and recent enough for a view, by the user's claims."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ..app_state import AppState
from ..errors import MULTI_FACTOR
from ..runtime.request import CurrentRequest
from ..sessions.shapes import is_moment
from .needs import AnyOf
from .repeated_logins import is_first_after_login_within

#: The value of ``amr`` for more than one factor (RFC 8176, section 2).
MFA = "mfa"


def classes_of(acr_values: str | AnyOf | None) -> tuple[str, ...]:
    """Return the classes of authentication of which one is enough.

    :raises ValueError: when there is none, as anybody would satisfy that.
    :raises TypeError: when it is no text.
    """
    if acr_values is None:
        return ()
    if not isinstance(acr_values, str | AnyOf):
        raise TypeError("acr_values must be a text, with spaces between its values.")
    names = acr_values if isinstance(acr_values, str) else " ".join(acr_values.names)
    if not names.split():
        raise ValueError("The guard names no acr_values: leave the argument out.")
    return tuple(names.split())


def asked_of_login(classes: tuple[str, ...], *, mfa: bool) -> str | None:
    """Return the ``acr_values`` of a login, in the order of preference."""
    wanted = ([MULTI_FACTOR] if mfa else []) + [*classes]
    return " ".join(dict.fromkeys(wanted)) or None


def has_class(claims: Mapping[str, t.Any], classes: tuple[str, ...]) -> bool:
    """Tell whether a login was of one of the classes, if there are any.

    More than one factor is the one class that ``amr`` can show as well.
    """
    acr = claims.get("acr")
    is_one = isinstance(acr, str) and acr in classes
    return not classes or is_one or (MULTI_FACTOR in classes and has_mfa(claims))


def has_mfa(claims: Mapping[str, t.Any]) -> bool:
    """Tell whether a login took more than one factor."""
    amr = claims.get("amr")
    return isinstance(amr, list) and MFA in amr


def has_logged_in_within(
    state: AppState, claims: Mapping[str, t.Any], max_age: int
) -> bool:
    """Tell whether a user's login is no older than so many seconds."""
    auth_time: t.Any = claims.get("auth_time")
    return is_moment(auth_time) and state.clock.time() - auth_time <= max_age


def is_recent(
    current: CurrentRequest,
    state: AppState,
    claims: Mapping[str, t.Any],
    max_age: int | None,
) -> bool:
    """Tell whether the login of a session is recent enough, if that matters."""
    if max_age is None or is_first_after_login_within(current, state, max_age):
        return True
    return has_logged_in_within(state, claims, max_age)
