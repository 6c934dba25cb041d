"""The shapes of states, which opened values are checked against."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import msgspec
from pydantic import BaseModel

State = dict[str, t.Any]
T = t.TypeVar("T")

#: The number of seconds since the epoch from which datetime would fail.
_BEYOND = 10**11
_NUMBER = (int, float)

#: A time in seconds, as :func:`is_moment` tells it, in the shape of a value.
Moment = t.Annotated[float, msgspec.Meta(ge=0, lt=_BEYOND)]


def dumped(state: t.Any) -> State:
    """Return a state as a dictionary, which all methods of the SDK take."""
    return state.model_dump() if isinstance(state, BaseModel) else dict(state)


def without_none(values: Mapping[str, t.Any]) -> State:
    """Return values without ``None``, by which the SDK's models mean a missing one."""
    return {name: value for name, value in values.items() if value is not None}


def in_shape(value: t.Any, shape: type[T]) -> T | None:
    """Return a value from JSON as a named tuple, or ``None`` if its shape differs.

    What another version of the package has sealed may differ.
    """
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError:
        return None


def is_moment(value: t.Any) -> bool:
    """Tell whether a value is a time in seconds that datetime can represent."""
    is_number = isinstance(value, _NUMBER) and not isinstance(value, bool)
    return is_number and 0 <= value < _BEYOND


def is_head(value: t.Any) -> bool:
    """Tell whether a value is the head of a state."""
    if not isinstance(value, dict) or not _is_optional_text(value.get("domain")):
        return False
    user, internal = value.get("user"), value.get("internal")
    if not isinstance(user, dict) or not isinstance(internal, dict):
        return False
    return isinstance(user.get("sub"), str) and _is_internal(internal)


def _is_internal(internal: dict[str, t.Any]) -> bool:
    ceiling = internal.get("session_expires_at")
    names = ("sid", "user_agent", "address")
    return (
        isinstance(internal.get("session_id"), str)
        and isinstance(internal.get("body_key"), str)
        and is_moment(internal.get("created_at"))
        and is_moment(internal.get("seen"))
        and (ceiling is None or is_moment(ceiling))
        and is_moment(internal.get("longest", 0))
        and _is_count(internal.get("version", 0))
        and _is_login(internal.get("login"))
        and all(_is_optional_text(internal.get(name)) for name in names)
    )


def _is_count(value: t.Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_login(value: t.Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(is_moment, value))


def is_body(value: t.Any) -> bool:
    """Tell whether a value is the body of a state."""
    if not isinstance(value, dict):
        return False
    texts = (value.get("id_token"), value.get("refresh_token"))
    return (
        all(map(_is_optional_text, texts))
        and _are_token_sets(value.get("token_sets"))
        and _are_token_sets(value.get("connection_token_sets", []))
    )


def _are_token_sets(value: t.Any) -> bool:
    return isinstance(value, list) and all(map(_is_token_set, value))


def _is_token_set(value: t.Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("access_token"), str)
        and is_moment(value.get("expires_at"))
        and _is_optional_text(value.get("audience"))
        and _is_optional_text(value.get("scope"))
    )


def _is_optional_text(value: t.Any) -> bool:
    return value is None or isinstance(value, str)
