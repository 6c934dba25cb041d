"""Fields of forms that are kept on the server, a few forms for each user.

A browser has few notes of forms, but somebody can send forms with none of them. Records
are labelled with their user, so that those of the oldest forms go.
"""

from __future__ import annotations

import secrets

from ..app_state import AppState
from ..sessions.ending import exceeding
from ..sessions.shapes import Shape
from ..sessions.stores.base import (
    BackEnd,
    Ending,
    Labelling,
    Others,
    TooLargeForStore,
)

#: Seconds for which fields are kept.
LIFETIME = 900
#: The most forms of a user that are kept.
MOST = 8

_RECORD, _LABEL = "flask_auth0.form:", "flask_auth0.forms:"

Fields = list[tuple[str, str]]
_FIELDS = Shape(Fields)


def keep(store: BackEnd, state: AppState, sub: str, fields: Fields) -> str | None:
    """Return the name of a record with the fields, unless the back end refuses it.

    The oldest ones of the user are removed, if there are too many.
    """
    record, label = secrets.token_urlsafe(18), _label(state, sub)
    key = _RECORD + record
    values = {key: state.sealer.seal(fields, key).encode()}
    labelling = Labelling(record, [label], LIFETIME, LIFETIME)

    def write() -> str | None:
        others = Others(crowd=label, most=MOST - 1)
        begun = store.ask(store.begin_among, values, labelling, others)
        too_many = exceeding(begun.oldest, record) if begun else []
        if too_many:
            store.ask(store.end, [_ending(each, label) for each in too_many])
        return record if begun else None

    try:
        return store.attempt(write, None)
    except TooLargeForStore:
        return None


def fetch(store: BackEnd, state: AppState, record: str) -> Fields | None:
    """Return the fields of a record, if it is still there."""
    key = _RECORD + record
    value = store.attempt(lambda: store.ask(store.fetch, key), None)
    if value is None:
        return None
    opened = state.sealer.open(value.decode("ascii", "replace"), key)
    return _FIELDS.of(opened)


def forget(store: BackEnd, state: AppState, sub: str, record: str) -> None:
    """Remove a record of a user."""
    ending = _ending(record, _label(state, sub))
    store.attempt(lambda: store.ask(store.end, [ending]), None)


def _label(state: AppState, sub: str) -> str:
    """Return the label of a user's forms; without the app's secret, it names nobody."""
    return _LABEL + state.sealer.tag(f"forms of {sub}")


def _ending(record: str, label: str) -> Ending:
    return Ending(record, (_RECORD + record,), (label,))
