"""Sessions in Memcached."""

from __future__ import annotations

import functools
import logging
import re
import time
import typing as t

from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient
from pymemcache.exceptions import MemcacheError
from pymemcache.pool import ObjectPool

from ...runtime.processes import PerProcess
from .bad_settings import BadSetting
from .base import Setup, TooLargeForStore, bytes_or_none
from .labels_in_values import Change, LabelsInValues
from .proof import prove

KEY = "SESSION_MEMCACHED"
DEFAULT = "127.0.0.1:11211"
#: The most seconds of a lifetime; the server takes a larger number for a date.
_LONGEST_LIFETIME = 30 * 86400
#: The methods that a client has to have.
_METHODS = ("get", "set", "replace", "delete", "gets", "add", "cas")


class Servers(HashClient):  # type: ignore[misc]
    """Several servers, each of which is the only one for its keys.

    If another server took the keys of one that is down, its writes would be lost, and
    its removals undone, once the first is up again.
    """

    def remove_server(self, server: t.Any, port: int | None = None) -> None:
        """Keep a server that does not answer, so that its keys raise errors."""


class MemcachedBackEnd(LabelsInValues):
    """Keeps sessions in Memcached, through pymemcache or a client like it."""

    failures: tuple[type[Exception], ...] = (MemcacheError, OSError)

    def __init__(self, setup: Setup, clients: PerProcess[t.Any]) -> None:
        super().__init__(setup, clients)
        ours = isinstance(self.client, Client | PooledClient | HashClient)
        # By default, pymemcache does not wait for the server's reply to a write.
        self._options = {"noreply": False} if ours else {}

    def fetch(self, key: str) -> bytes | None:
        return bytes_or_none(self.client.get(key))

    def fetch_together(self, *keys: str) -> dict[str, bytes | None]:
        client = self.client
        # Several servers would be asked one after the other.
        if not isinstance(client, Client | PooledClient):
            return super().fetch_together(*keys)
        found = client.get_many(keys)
        return {key: bytes_or_none(found.get(key)) for key in keys}

    def keep(self, key: str, value: bytes, max_age: int) -> None:
        if not self._send(self.client.set, key, value, max_age):
            raise MemcacheError("It was not kept.")

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        return self._send(self.client.replace, key, value, max_age)

    def add(self, key: str, value: bytes, max_age: int) -> bool:
        return self._send(self.client.add, key, value, max_age)

    def remove(self, key: str) -> None:
        self.client.delete(key, **self._options)

    def forget_idle(self) -> None:
        for pool in _pools(self.client):
            for _ in pool.free:
                pool.destroy(pool.get())

    def change(self, key: str, change: Change) -> None:
        deadline = time.monotonic() + self.limit
        while time.monotonic() < deadline:
            found, version = self.client.gets(key)
            new = change(bytes_or_none(found))
            write = functools.partial(self.client.add, key, new.value)
            if found is not None:
                write = functools.partial(self.client.cas, key, new.value, version)
            if write(_expiry(new.max_age), **self._options):
                return
        raise MemcacheError("A label changes all the time, or is not kept.")

    def _send(self, command: t.Any, key: str, value: bytes, max_age: int) -> bool:
        try:
            return bool(command(key, value, _expiry(max_age), **self._options))
        except MemcacheError as error:
            if "too large" in str(error):
                # The server has removed the old value of this key.
                raise TooLargeForStore(len(value)) from error
            raise


def make(setup: Setup) -> MemcachedBackEnd:
    """Return the back end, with a client that has answered once."""
    setting = setup.settings.get(KEY) or DEFAULT
    is_address = isinstance(setting, str)
    connect = functools.partial(_client, setting, setup.limit / 4)
    clients = PerProcess(connect if is_address else lambda: setting)
    client = clients.get()
    if not all(hasattr(client, each) for each in _METHODS):
        raise BadSetting(KEY, "must be an address or a client such as pymemcache's")
    _warn_of_moves(setup.logger, client)
    back_end = MemcachedBackEnd(setup, clients)
    prove(back_end, KEY, setting if is_address else type(client).__name__)
    return back_end


def _client(addresses: str, timeout: float) -> t.Any:
    places = [_place(each.strip()) for each in addresses.split(",")]
    options = {"connect_timeout": timeout, "timeout": timeout}
    if len(places) == 1:
        return PooledClient(places[0], **options)
    return Servers(places, use_pooling=True, retry_attempts=0, **options)


def _pools(client: t.Any) -> list[ObjectPool]:
    """Return the connections of a client of pymemcache."""
    clients = client.clients.values() if isinstance(client, HashClient) else [client]
    return [each.client_pool for each in clients if isinstance(each, PooledClient)]


def _warn_of_moves(logger: logging.Logger, client: t.Any) -> None:
    """Warn of a client that moves the keys of a server that is down to others."""
    if isinstance(client, HashClient) and not isinstance(client, Servers):
        logger.warning(
            "%s is a HashClient, which asks another server for the keys of one that is "
            "down: sessions that have ended come back with it. Set the addresses "
            "instead, with commas between.",
            KEY,
        )
    if getattr(client, "ignore_exc", False):
        logger.warning(
            "%s is a client with ignore_exc: while its server is down, everybody is "
            "logged out. Leave that off.",
            KEY,
        )


def _place(address: str) -> t.Any:
    """Return the address of a server: the path of its socket, or host and port."""
    path = address.removeprefix("unix:").removeprefix("//")
    if path.startswith("/"):
        return path
    found = re.fullmatch(
        r"(?:memcached://)?(\[[0-9a-f:]+\]|[\w.-]+)(?::([0-9]{1,5}))?/?", address
    )
    if found is None:
        raise BadSetting(KEY, "must be an address such as 127.0.0.1:11211")
    return found[1].strip("[]"), int(found[2] or 11211)


def _expiry(max_age: int) -> int:
    return max_age + int(time.time()) if max_age > _LONGEST_LIFETIME else max_age
