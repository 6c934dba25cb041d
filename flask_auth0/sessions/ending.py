"""Ends sessions from outside: those that a logout token names, and those of a label."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from auth0_server_python.error import BackchannelLogoutError

from ..logout_tokens import seconds_left
from .compartment import Entry
from .places import Places
from .records import RecordCompartment
from .revocations import Login, Revocations
from .states import State, States


def end_by_claims(states: States, places: Places, claims: Mapping[str, t.Any]) -> None:
    """End the sessions that a logout token names, and the logins that are under way.

    :param claims: of the token, which have been checked.
    :raises NotImplementedError: where nobody would hear of it.
    """
    revocations, records = places.revocations(), places.records()
    if revocations is None:
        raise NotImplementedError(
            "Sessions in cookies are ended from outside only if AUTH0_REVOCATION_STORE "
            "is set."
        )
    if revocations.is_used(claims["jti"]):
        raise BackchannelLogoutError("The logout token was used before.")
    revocations.note(claims)
    if records is not None:
        end_labelled(states, records, states.labels.of_claims(claims))
    # Not sooner: whoever is interrupted must be able to try again.
    revocations.use(claims["jti"], seconds_left(claims))


def end_labelled(
    states: States, records: RecordCompartment, label: str, but: str | None = None
) -> int:
    """End the sessions that have a label, but for one, and return how many."""
    found = [each for each in records.labelled(label) if each != but]
    entries = [_entry(states, records, record, label) for record in found]
    if entries:
        records.delete_all(entries)
    return len(entries)


def is_ended(states: States, revocations: Revocations | None, head: State) -> bool:
    """Tell whether a session has been ended from outside."""
    if revocations is None:
        return False
    login = Login(*head["internal"]["login"])
    return revocations.cover(states.labels.of_head(head), login)


def _entry(
    states: States, records: RecordCompartment, record: str, label: str
) -> Entry:
    head = states.read_head(records, record)
    return Entry(record, states.labels.of_head(head) if head else (label,))
