"""Sessions in Memcached."""

from __future__ import annotations

import shutil
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from pymemcache.client.base import Client

from tests.harness.memcached_server import running_memcached

from . import Commands, Place

#: What the server counts: it takes ``add``, ``cas`` and ``replace`` for ``set``.
_COUNTED = {"cmd_get": "get", "cmd_set": "set", "delete_hits": "delete"}
#: The methods of pymemcache through which all others send.
_SENDING = ("_fetch_cmd", "_store_cmd", "_misc_cmd")
_MISSED = {"delete_misses": "delete"}


@contextmanager
def running(redis_url: str, folder: Path) -> Iterator[Place | None]:
    """Run a server, if this machine has one."""
    binary = shutil.which("memcached")
    if binary is None:
        yield None
        return
    with running_memcached(binary, folder) as port, _messages() as sent:
        client = Client(("127.0.0.1", port))
        version = client.version().decode()
        yield Place(
            "Memcached",
            version,
            {"SESSION_TYPE": "memcached", "SESSION_MEMCACHED": f"127.0.0.1:{port}"},
            lambda: float(_used(client)),
            "chunks in use",
            lambda: _asked(client),
            frozenset({"get"}),
            "one_by_one",
            trips=sent,
        )
        client.close()


@contextmanager
def _messages() -> Iterator[t.Callable[[], int]]:
    """Count what clients of pymemcache send, each of which waits for an answer."""
    sent = [0]

    def counted(name: str) -> t.Any:
        send = getattr(Client, name)

        def call(*args: t.Any, **kwargs: t.Any) -> t.Any:
            sent[0] += 1
            return send(*args, **kwargs)

        return call

    with mock.patch.multiple(Client, **{name: counted(name) for name in _SENDING}):
        yield lambda: sent[0]


def slabs(client: t.Any) -> dict[int, tuple[int, int]]:
    """Return the size of the chunks of each class, and how many are in use."""
    found: dict[bytes, t.Any] = client.stats("slabs")
    classes = {int(key.split(b":")[0]) for key in found if b":" in key}
    return {
        each: (
            int(found[b"%d:chunk_size" % each]),
            int(found[b"%d:used_chunks" % each]),
        )
        for each in sorted(classes)
    }


def _used(client: t.Any) -> int:
    return sum(size * number for size, number in slabs(client).values())


def _asked(client: t.Any) -> Commands:
    found: dict[bytes, t.Any] = client.stats()
    asked = Commands()
    for counter, command in [*_COUNTED.items(), *_MISSED.items()]:
        asked[command] += int(found[counter.encode()])
    return asked
