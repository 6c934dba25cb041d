"""Tokens that an app is handed in a session, and that do not show by accident."""

from __future__ import annotations

import typing as t

_TOKENS = frozenset(("access_token", "id_token", "refresh_token"))


class Hidden(str):
    """A text that its ``repr`` hides.

    A function of the app that fails has the session among its variables, and error
    reporters show the ``repr`` of those.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'[hidden]'"


def with_hidden_tokens(session: dict[str, t.Any] | None) -> dict[str, t.Any]:
    """Return a copy of a session whose tokens do not show; the user is not copied."""
    return {
        name: value if name == "user" else _hidden(name, value)
        for name, value in (session or {}).items()
    }


def _hidden(name: str, value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {key: _hidden(key, each) for key, each in value.items()}
    if isinstance(value, list):
        return [_hidden(name, each) for each in value]
    return Hidden(value) if isinstance(value, str) and name in _TOKENS else value
