"""The start's proof that a back end does what sessions need."""

from __future__ import annotations

import secrets

from ..server.interface import StoreInterface
from .settings import BadSetting, no_answer

#: Seconds after which the server removes what the proof could not.
_MAX_AGE = 60


def prove(store: StoreInterface, setting: str, where: str) -> None:
    """Write, read, replace, find and remove one key, and let it expire.

    :param setting: the key of the configuration that names the server.
    :param where: the server, without any password.
    :raises BadSetting: with the cause, when any of that fails.
    """
    key = f"flask_auth0.proof:{secrets.token_hex(12)}"
    try:
        failed = _failed_step(store, key)
    except store.failures as error:
        raise no_answer(setting, where, error) from error
    if failed is not None:
        raise BadSetting(setting, f"names a server that {failed} ({where})")


def _failed_step(store: StoreInterface, key: str) -> str | None:
    label = f"{key}.label"
    store.keep(key, b"1", _MAX_AGE)
    if store.fetch(key) != b"1" or not store.replace(key, b"2", _MAX_AGE):
        return "does not give back what it has just taken"
    store.label(label, "proof", _MAX_AGE, _MAX_AGE)
    if store.labelled(label) != ["proof"]:
        return "does not find what it has just taken"
    store.unlabel(label, ["proof"], _MAX_AGE)
    if (lock := store.try_lock(key)) is not None:
        lock.release()
    if not store.expires(key):
        return "lets nothing expire"
    store.remove(label)
    store.remove(key)
    return "does not remove what it is told to" if store.fetch(key) else None
