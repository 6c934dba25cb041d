"""The user of the current request, for views and templates."""

from __future__ import annotations

import copy
import typing as t
from collections.abc import Iterator, Mapping

from werkzeug.local import LocalProxy

from .app_state import state_of
from .client.translation import translated
from .runtime.request import current_request


class User(Mapping[str, t.Any]):
    """The claims of a user, read-only; without claims, nobody is logged in."""

    def __init__(self, claims: Mapping[str, t.Any] | None = None) -> None:
        # No copy: neither this class nor the sessions change claims that they share.
        self._claims = claims or {}

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

    def issued(self) -> dict[str, t.Any]:
        """Return the claims that were issued: those that are not ``None``."""
        return {
            name: value for name, value in self._claims.items() if value is not None
        }

    @property
    def is_authenticated(self) -> bool:
        """Whether somebody is logged in."""
        return bool(self._claims)


def load_user() -> User:
    """Return the user of the current request."""
    current = current_request()
    if current.is_empty:
        return User()
    current.has_asked_for_user = True
    state = state_of(current.app)

    def ask() -> dict[str, t.Any] | None:
        with translated():
            return state.wait(state.client.get_user())

    try:
        return User(state.state_store.claims(current, ask))
    except Exception:
        # A store of the app's own may raise anything.
        current.outage.is_told = True
        raise


def shown_user() -> User:
    """Return the user, or nobody where it has been said already that nobody knows.

    So that a page which says it can have the app's own layout.
    """
    return User() if current_request().outage.is_told else load_user()


#: The user of this request: ``current_user["email"]``, ``current_user.sub``,
#: ``current_user.is_authenticated``. False when nobody is logged in.
current_user = t.cast(User, LocalProxy(shown_user))
