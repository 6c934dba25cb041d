"""Proves at the start that a back end does what sessions need."""

from __future__ import annotations

import secrets

from .bad_settings import BadSetting, no_answer
from .base import BackEnd, Begun, Ending, Labelling, Others

#: Seconds after which the key expires, if the proof could not remove it.
_MAX_AGE = 60


def prove(back_end: BackEnd, setting: str, where: str) -> None:
    """Write, read, replace, find, lock, add and remove one key with an expiry.

    The log has the setting and the server whenever the back end fails later.

    :param setting: the key of the configuration that names the server.
    :param where: the server, without any password.
    :raises BadSetting: with the cause, when any of that fails.
    """
    back_end.key, back_end.where = setting, where
    key = f"flask_auth0.proof:{secrets.token_hex(12)}"
    try:
        failed = _failed_step(back_end, key)
    except back_end.failures as error:
        raise no_answer(setting, where, error) from error
    if failed is not None:
        raise BadSetting(setting, f"names a server that {failed} ({where})")


def _failed_step(back_end: BackEnd, key: str) -> str | None:
    label = f"{key}.label"
    back_end.keep(key, b"1", _MAX_AGE)
    if back_end.fetch(key) != b"1" or not back_end.replace(key, b"2", _MAX_AGE):
        return "does not give back what it has just taken"
    if not _finds(back_end, key, label):
        return "does not find what it has just taken"
    back_end.end([Ending("proof", (f"{key}.begun",), (label,))])
    if (lock := back_end.try_lock(key)) is not None:
        lock.release()
    if back_end.add(key, b"3", _MAX_AGE):
        return "adds a value where there is one already"
    back_end.remove_same(key, b"3")
    if not back_end.expires(key):
        return "lets nothing expire"
    back_end.remove(label)
    back_end.remove(key)
    return "does not remove what it is told to" if back_end.fetch(key) else None


def _finds(back_end: BackEnd, key: str, label: str) -> bool:
    """Begin a record as a login does; tell whether it is found by its label."""
    labelling = Labelling("proof", [label], _MAX_AGE, _MAX_AGE)
    others = Others(notes=(label,), crowd=label)
    begun = back_end.begin_among({f"{key}.begun": b"1"}, labelling, others)
    return begun == Begun(["proof"], ["proof"])
