"""The user of the current request, for views and templates."""

from __future__ import annotations

import copy
import typing as t
from collections.abc import Iterator, Mapping

from flask import has_request_context
from werkzeug.local import LocalProxy

from .app_state import current_state
from .client.translation import translated
from .runtime.per_request import per_request
from .sessions.server.outage import is_outage_told, tell_of_outage


class User(Mapping[str, t.Any]):
    """The claims of a user, read-only; without claims, nobody is logged in."""

    def __init__(self, claims: Mapping[str, t.Any] | None = None) -> None:
        self._claims = dict(claims or {})

    def __getitem__(self, name: str) -> t.Any:
        value = self._claims[name]
        # What is changed in a copy is not kept with the session by accident.
        return copy.deepcopy(value) if isinstance(value, list | dict) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._claims)

    def __len__(self) -> int:
        return len(self._claims)

    def __repr__(self) -> str:
        return f"<User {self.sub}>" if self else "<User: nobody is logged in>"

    @property
    def sub(self) -> str | None:
        """The user's id at the tenant, or ``None``."""
        return self._claims.get("sub")

    @property
    def is_authenticated(self) -> bool:
        """Whether somebody is logged in."""
        return bool(self._claims)


class Loaded:
    """The user that the current request has asked for."""

    def __init__(self) -> None:
        self.claims: Mapping[str, t.Any] | None = None
        self.user = User()


def load_user() -> User:
    """Return the user of the current request."""
    if not has_request_context():
        return User()
    loaded = per_request(Loaded)
    try:
        claims = _claims()
    except Exception:
        # A store of the app's own may raise anything.
        tell_of_outage()
        raise
    if claims is not loaded.claims:
        loaded.claims, loaded.user = claims, User(claims)
    return loaded.user


def shown_user() -> User:
    """Return the user, or nobody where it has been said already that nobody knows.

    So that a page which says it can have the app's own layout.
    """
    return User() if is_outage_told() else load_user()


def _claims() -> Mapping[str, t.Any] | None:
    state = current_state()

    def ask() -> dict[str, t.Any] | None:
        with translated():
            return state.wait(state.client.get_user())

    return state.state_store.claims(ask)


#: The user of this request: ``current_user["email"]``, ``current_user.sub``,
#: ``current_user.is_authenticated``. False when nobody is logged in.
current_user = t.cast(User, LocalProxy(shown_user))
