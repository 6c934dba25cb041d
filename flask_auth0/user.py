"""The user of the current request, for views and templates."""

from __future__ import annotations

import copy
import typing as t
from collections.abc import Iterator, Mapping

from werkzeug.local import LocalProxy

from .app_state import AppState, state_of
from .client.translation import translated
from .errors import SessionStoreUnavailable
from .runtime.error_handlers import is_on_error_page
from .runtime.request import CurrentRequest, current_request


class User(Mapping[str, t.Any]):
    """The claims of a user, read-only; without claims, nobody is logged in."""

    def __init__(self, claims: Mapping[str, t.Any] | None = None) -> None:
        # The claims are not copied, since neither this class nor the sessions change
        # them.
        self._claims = claims or {}

    def __getitem__(self, name: str) -> t.Any:
        value = self._claims[name]
        # A copy keeps a view from changing the session by accident.
        return copy.deepcopy(value) if isinstance(value, list | dict) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._claims)

    def __len__(self) -> int:
        return len(self._claims)

    def __repr__(self) -> str:
        return f"<User {self.sub}>" if self else "<User: nobody is logged in>"

    if not t.TYPE_CHECKING:  # a type checker is to find such attributes

        def __getattr__(self, name: str) -> t.NoReturn:
            """Say how to get a claim: in templates alone are they attributes too."""
            hint = f"; a claim is an item: current_user[{name!r}], or .get({name!r})"
            text = f"'User' object has no attribute {name!r}"
            text += "" if name.startswith("_") else hint
            raise AttributeError(text, name=name, obj=self)

    @property
    def sub(self) -> str | None:
        """The user's id at the tenant, or ``None``."""
        return self._claims.get("sub")

    @property
    def is_authenticated(self) -> bool:
        """Whether somebody is logged in."""
        return bool(self._claims)


def load_claims(current: CurrentRequest, state: AppState) -> Mapping[str, t.Any] | None:
    """Return the claims of the user of a request, or ``None``.

    Those of an access token that a guard has verified take the place of the session's.
    """
    if current.token_claims is not None:
        return current.token_claims
    current.has_asked_for_user = True

    def ask() -> dict[str, t.Any] | None:
        with translated():
            return state.wait(state.client.get_user())

    try:
        return state.state_store.claims(current, ask)
    except Exception:
        # A store of the app's own may raise an error of any class.
        current.outage.is_told = True
        raise


def load_user(current: CurrentRequest, state: AppState) -> User:
    """Return the user of a request."""
    return User(load_claims(current, state))


def shown_user() -> User:
    """Return the user, or nobody once the app has been told of an outage.

    The page that reports the outage can then have the app's layout, and so can the page
    of another error that meets it.
    """
    current = current_request()
    if current.is_empty or current.outage.is_told:
        return User()
    try:
        return User(load_claims(current, state_of(current.app)))
    except SessionStoreUnavailable as error:
        if is_on_error_page(error):
            return User()
        raise


#: The user of this request: ``current_user["email"]``, ``current_user.sub``,
#: ``current_user.is_authenticated``. False when nobody is logged in.
current_user: User = t.cast(User, LocalProxy(shown_user))
