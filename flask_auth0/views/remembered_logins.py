"""The extension's part of a login's transaction, which lasts until the callback.

It names the session that the browser had when the login began. Another host of the same
domain can set the cookie of a transaction for this one. The callback would then
complete a stranger's login, and end the user's session (RFC 6749, section 10.12).
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping

from flask import session

from ..app_state import AppState
from ..client.dispatch import store_options
from ..client.translation import translated
from ..runtime.request import CurrentRequest
from ..sessions.shapes import Moment, in_shape
from ..sessions.storage_contract import KEY
from ..sessions.transaction_store import TRANSACTION_KEY
from ..user import load_claims


class Remembered(t.NamedTuple):
    """The data that a transaction has besides the SDK's."""

    #: The page that the login leads to.
    next: str | None = None
    #: The purpose of the login, as :func:`.repeated_logins.purpose_of` returns it.
    purpose: str | None = None
    max_age: int | None = None
    begun_at: Moment | None = None
    #: A tag of the session that the browser had, if it had one.
    session: str | None = None
    #: The organization that the SDK has asked for.
    organization: str | None = None


def remember(
    current: CurrentRequest, state: AppState, target: str, purpose: str, max_age: t.Any
) -> dict[str, t.Any]:
    """Return the data of a new login, for the SDK to keep in its transaction."""
    claims = load_claims(current, state)
    # A tag takes the place of the session's id, as a store of the app's own may show
    # it.
    tag = state.sealer.tag(_session_name(claims)) if claims else None
    age = None if max_age is None else int(max_age)
    remembered = Remembered(target, purpose, age, state.clock.time(), tag)._asdict()
    # The SDK keeps the organization in its own part.
    del remembered["organization"]
    return remembered


def find(current: CurrentRequest, state: AppState, sdk_state: str) -> Remembered | None:
    """Return the data of a login, if this browser has begun it.

    A login that would end another session than its own is forgotten.
    """
    remembered = _read(current, state, sdk_state)
    if remembered is None:
        return None
    if not _belongs_here(current, state, remembered):
        forget(current, state, sdk_state)
        return None
    return remembered


def _read(
    current: CurrentRequest, state: AppState, sdk_state: str
) -> Remembered | None:
    store, key = state.transaction_store, _key(sdk_state)

    def ask() -> t.Any:
        with translated():
            return state.wait(store.get(key, store_options(current)))

    found = store.find(current.jar, key, ask)
    if not found:
        return None
    known = getattr(found, "app_state", None) or {}
    if not isinstance(known, dict):
        return None
    own = [known.get(name) for name in Remembered._fields[:-1]]
    return in_shape([*own, getattr(found, "organization", None)], Remembered)


def forget(current: CurrentRequest, state: AppState, sdk_state: str) -> None:
    """Forget a login."""
    with translated():
        key, options = _key(sdk_state), store_options(current)
        state.wait(state.transaction_store.delete(key, options))


def _belongs_here(
    current: CurrentRequest, state: AppState, remembered: Remembered
) -> bool:
    """Tell whether a login may be completed, with the session that it began with."""
    claims = load_claims(current, state)
    if not claims:
        return True
    return state.sealer.has_tag(_session_name(claims), remembered.session or "")


def _session_name(claims: Mapping[str, t.Any]) -> str:
    whose = [claims.get("sub"), session.get(KEY)]
    return f"session {json.dumps(whose, default=str)}"


def _key(sdk_state: str) -> str:
    """Return the identifier under which the SDK keeps a transaction."""
    return f"{TRANSACTION_KEY}:{sdk_state}"
