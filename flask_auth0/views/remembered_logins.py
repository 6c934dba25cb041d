"""The transactions of flows, which last from their beginnings to the callback."""

from __future__ import annotations

import typing as t

from ..app_state import AppState
from ..client.dispatch import store_options
from ..client.translation import translated
from ..runtime.request import CurrentRequest
from ..sessions.flows import Flow, flow_of
from ..sessions.transaction_store import transaction_key
from ..user import load_claims


def find(current: CurrentRequest, state: AppState, sdk_state: str) -> Flow | None:
    """Return a flow, if this browser has begun it.

    A login that would end another session than its own is forgotten.
    """
    flow = _read(current, state, sdk_state)
    if flow is None:
        if state.transaction_store.is_foreign(current.jar, transaction_key(sdk_state)):
            current.note_misfit("AUTH0_SECRET")
        return None
    claims = load_claims(current, state) if flow.kind == "login" else None
    if claims and not state.flows.is_of_session(flow, claims):
        forget(current, state, sdk_state)
        return None
    return flow


def _read(current: CurrentRequest, state: AppState, sdk_state: str) -> Flow | None:
    store, key = state.transaction_store, transaction_key(sdk_state)

    def ask() -> t.Any:
        with translated():
            return state.wait(store.whole(key, store_options(current)))

    found = store.find(current.jar, key, ask)
    current.transaction = key, found
    return flow_of(found)


def forget(current: CurrentRequest, state: AppState, sdk_state: str) -> None:
    """Forget a flow."""
    with translated():
        key, options = transaction_key(sdk_state), store_options(current)
        state.wait(state.transaction_store.delete(key, options))
