"""Sessions in a folder, or in any other cache of cachelib."""

from __future__ import annotations

import contextlib
import copy
import os
import struct
import threading
import time
import typing as t
from collections.abc import Sequence

import msgspec
from cachelib.base import BaseCache
from cachelib.file import FileSystemCache

from ...runtime.processes import PerProcess
from .bad_settings import BadSetting
from .base import Pruned, Rest, Setup, bytes_or_none
from .labels_in_values import OneAtATime
from .proof import prove

KEY = "SESSION_CACHELIB"
#: The end of the names of cachelib's files while they are written.
_UNFINISHED = ".__wz_cache"
#: Seconds after which an unfinished file is one that a failed write has left.
_WRITING = 3600


class MessagePack:
    """Serializes values of caches, in place of ``pickle``."""

    def dumps(self, value: t.Any) -> bytes:
        return msgspec.msgpack.encode(value)

    def loads(self, value: bytes | None) -> t.Any:
        try:
            return msgspec.msgpack.decode(value or b"")
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None

    def dump(self, value: t.Any, file: t.IO[bytes]) -> None:
        file.write(self.dumps(value))

    def load(self, file: t.IO[bytes]) -> t.Any:
        return self.loads(file.read())


class CachelibBackEnd(OneAtATime):
    """Keeps sessions in a cache, whose updates are safe within one process."""

    def __init__(self, setup: Setup, cache: BaseCache) -> None:
        super().__init__(setup, PerProcess(lambda: cache))
        self.cache = cache
        self._lock = PerProcess(threading.Lock)

    def fetch(self, key: str) -> bytes | None:
        try:
            value = self.cache.get(key)
        except (EOFError, struct.error):
            # The file is not one of cachelib's.
            return None
        return bytes_or_none(value)

    def mutex(self, key: str) -> threading.Lock:
        # Some caches are one dictionary, which two keys must not change at once.
        return self._lock.get()

    def write(self, key: str, value: bytes, max_age: int) -> None:
        if not self.cache.set(key, value, timeout=max_age):
            raise OSError("The cache did not keep it.")

    def delete(self, key: str) -> None:
        self.cache.delete(key)

    def unlabel(self, label: str, records: Sequence[str]) -> None:
        # On a full disk, the shorter label cannot be written. It then names a removed
        # record until the time when that would have expired.
        with contextlib.suppress(OSError):
            super().unlabel(label, records)

    def prune(self, rest: Rest = None) -> Pruned | None:
        if not isinstance(self.cache, FileSystemCache):
            return None
        paths = [entry.path for entry in os.scandir(self.cache._path)]
        return Pruned(sum(map(_remove_if_expired, paths)), None)

    def close(self) -> None:
        """Do nothing: caches of cachelib have no method to close connections."""


def make(setup: Setup) -> CachelibBackEnd:
    """Return the back end, with a cache that keeps sessions until they expire."""
    setting = setup.settings.get(KEY) or "flask_session"
    if isinstance(setting, BaseCache):
        cache = copy.copy(setting)
    elif isinstance(setting, str | os.PathLike):
        cache = _folder(str(setting))
    else:
        raise BadSetting(KEY, "must be the path of a folder or a cache of cachelib")
    if hasattr(cache, "serializer"):
        cache.serializer = MessagePack()
    back_end = CachelibBackEnd(setup, cache)
    is_cache = isinstance(setting, BaseCache)
    prove(back_end, KEY, type(setting).__name__ if is_cache else str(setting))
    return back_end


def _folder(path: str) -> FileSystemCache:
    remedy = f"names a folder that cannot be written: {path}"
    try:
        cache = FileSystemCache(path, threshold=0, mode=0o600)
    except OSError as error:
        raise BadSetting(KEY, remedy) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise BadSetting(KEY, remedy)
    return cache


def _remove_if_expired(path: str) -> bool:
    try:
        if path.endswith(_UNFINISHED):
            _remove_if_old(path)
            return False
        with open(path, "rb") as file:
            (expires,) = struct.unpack("I", file.read(4))
        if 0 < expires < time.time():
            os.remove(path)
            return True
    except (FileNotFoundError, struct.error):
        # Another request has just removed the file, or it belongs to another program.
        pass
    return False


def _remove_if_old(path: str) -> None:
    """Remove the unfinished file of a write that has failed, as on a full disk."""
    if os.stat(path).st_mtime < time.time() - _WRITING:
        os.remove(path)
