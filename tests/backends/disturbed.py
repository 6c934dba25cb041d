"""Back ends whose way can be disturbed."""

from __future__ import annotations

import typing as t

import psycopg
from redis import Redis

from tests.harness.processes import until
from tests.harness.proxy import Proxy

#: Seconds that a request may wait for the back end.
LIMIT = 1


class Place(t.Protocol):
    """A back end that one of two apps reaches in a way that can be disturbed."""

    proxy: Proxy

    def settings(self, *, disturbed: bool) -> dict[str, t.Any]:
        """The configuration of an app."""

    def refuse_writes(self) -> None:
        """Let everything be read, and nothing be written."""

    def take_writes(self) -> None:
        """Let everything be written again."""

    def end_locks(self) -> None:
        """Let the locks be over that there are."""


class RedisPlace:
    def __init__(self, url: str, proxy: Proxy) -> None:
        self.client = Redis.from_url(url)
        self.client.flushdb()
        self.proxy = proxy

    def settings(self, *, disturbed: bool) -> dict[str, t.Any]:
        port = self.client.get_connection_kwargs()["port"]
        url = f"redis://127.0.0.1:{self.proxy.port if disturbed else port}"
        return {"SESSION_TYPE": "redis", "SESSION_REDIS": url}

    def refuse_writes(self) -> None:
        # A server whose memory is full answers in this way.
        self.client.config_set("maxmemory", "1")

    def take_writes(self) -> None:
        self.client.config_set("maxmemory", "0")

    def end_locks(self) -> None:
        (key,) = self.client.keys("flask_auth0.lock:*")
        self.client.delete(key)


class PostgresPlace:
    def __init__(self, url: str, proxy: Proxy) -> None:
        self.url, self.folder = url, url.partition("host=")[2]
        self.proxy = proxy

    def settings(self, *, disturbed: bool) -> dict[str, t.Any]:
        there = f"postgresql://postgres@127.0.0.1:{self.proxy.port}/postgres"
        url = there if disturbed else self.url
        return {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url}

    def refuse_writes(self) -> None:
        # A standby answers in this way, on all open connections.
        self._set("on")

    def take_writes(self) -> None:
        self._set("off")

    def end_locks(self) -> None:
        with psycopg.connect(host=self.folder, user="postgres") as connection:
            over = "UPDATE sessions_locks SET expiry = '2020-01-01'"
            assert connection.execute(over).rowcount == 1

    def _set(self, value: str) -> None:
        with psycopg.connect(
            host=self.folder, user="postgres", autocommit=True
        ) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(
                t.cast(
                    t.Any, f"ALTER SYSTEM SET default_transaction_read_only = {value}"
                )
            )
            connection.execute("SELECT pg_reload_conf()")
            until(lambda: self._is(value), "the setting has been read")

    def _is(self, value: str) -> bool:
        with psycopg.connect(host=self.folder, user="postgres") as connection:
            row = connection.execute("SHOW default_transaction_read_only").fetchone()
            return row == (value,)
