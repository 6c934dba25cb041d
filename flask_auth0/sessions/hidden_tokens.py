"""Tokens in the session that an app is handed, hidden from reports of errors."""

from __future__ import annotations

import typing as t

_TOKENS = frozenset(("access_token", "id_token", "refresh_token"))


class Hidden(str):
    """A text whose ``repr`` does not show it.

    The report of an error in a function of the app shows the ``repr`` of its variables,
    the session among them.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'[hidden]'"


def with_hidden_tokens(session: dict[str, t.Any] | None) -> dict[str, t.Any]:
    """Return a copy of a session with hidden tokens; the user is shared."""
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
