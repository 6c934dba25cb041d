"""The shapes of states, which opened values are checked against."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Mapping

import msgspec
from msgspec import Meta, Struct
from pydantic import BaseModel

State = dict[str, t.Any]
T = t.TypeVar("T")

#: The number of seconds since the epoch from which datetime would fail.
_BEYOND = 10**11
_NUMBER = (int, float)

#: A time in seconds, as :func:`is_moment` tells it, in the shape of a value.
Moment = t.Annotated[float, Meta(ge=0, lt=_BEYOND)]


def dumped(state: t.Any) -> State:
    """Return a state as a dictionary, which all methods of the SDK take."""
    return state.model_dump() if isinstance(state, BaseModel) else dict(state)


def without_none(values: Mapping[str, t.Any]) -> State:
    """Return values without ``None``, by which the SDK's models mean a missing one."""
    return {name: value for name, value in values.items() if value is not None}


def has_surrogates(value: t.Any) -> bool:
    """Tell whether there are halves of characters in a value from JSON.

    JSON allows them, and UTF-8 does not.
    """
    try:
        msgspec.json.encode(value)
    except UnicodeEncodeError:
        return True
    return False


def without_surrogates(values: State) -> State:
    """Return values that can be encoded in UTF-8.

    A program that truncates a name may halve an emoji. Its user can log in all the
    same.
    """
    if not has_surrogates(values):
        return values
    text = json.dumps(values, ensure_ascii=False)
    return t.cast(State, json.loads(re.sub("[\ud800-\udfff]", "\ufffd", text)))


def is_moment(value: t.Any) -> bool:
    """Tell whether a value is a time in seconds that datetime can represent."""
    is_number = isinstance(value, _NUMBER) and not isinstance(value, bool)
    return is_number and 0 <= value < _BEYOND


def not_moments(values: Mapping[str, t.Any], *names: str) -> list[str]:
    """Return the names of values that are there, and no times in seconds."""
    return [each for each in names if each in values and not is_moment(values[each])]


class Shape(t.Generic[T]):
    """A type that values from JSON are checked against.

    msgspec crashes the process where two threads let it look at a class for the first
    time, so that the class is looked at here, when its module is imported.
    """

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        msgspec.json.Decoder(kind)

    def of(self, value: t.Any) -> T | None:
        """Return a value in this shape, or ``None`` if its own one differs.

        What another version of the package has sealed may differ.
        """
        try:
            return msgspec.convert(value, self._kind)
        except (msgspec.ValidationError, ValueError, OverflowError):
            # A text that UTF-8 cannot encode, or a number out of range, raises others.
            return None


class _User(Struct):
    sub: str


class _Internal(Struct):
    session_id: str
    body_key: str
    created_at: Moment
    seen: Moment
    login: tuple[Moment, Moment, Moment]
    session_expires_at: Moment | None = None
    longest: Moment = 0
    version: t.Annotated[int, Meta(ge=0)] = 0
    sid: str | None = None
    user_agent: str | None = None
    address: str | None = None
    own_claims: list[str] = []
    userinfo_claims: list[str] = []


class _Head(Struct):
    user: _User
    internal: _Internal
    domain: str | None = None


class _TokenSet(Struct):
    access_token: str
    expires_at: Moment
    audience: str | None = None
    scope: str | None = None


class _Body(Struct):
    token_sets: list[_TokenSet]
    connection_token_sets: list[_TokenSet] = []
    id_token: str | None = None
    refresh_token: str | None = None


_HEADS, _BODIES = Shape(_Head), Shape(_Body)


def is_head(value: t.Any) -> bool:
    """Tell whether a value is the head of a state."""
    return _HEADS.of(value) is not None


def is_body(value: t.Any) -> bool:
    """Tell whether a value is the body of a state."""
    return _BODIES.of(value) is not None
