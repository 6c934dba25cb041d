"""Several Memcached servers, one of which is down, and connections that are dead."""

from __future__ import annotations

import logging
import typing as t
from collections.abc import Callable, Iterator

import pytest
from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient

from flask_auth0.sessions.stores.memcached import make
from tests.harness.memcached_server import running_memcached
from tests.harness.proxy import Proxy
from tests.harness.setups import setup
from tests.harness.visitor import MakeApp, MakeVisitor

MakeProxy = Callable[[int], Proxy]
#: Each of a session's two keys falls on a server by chance. Of so many sessions, one is
#: on the server that is up with both, but for once in a million runs.
SESSIONS = 48


@pytest.fixture
def other_port(
    memcached_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """A second server, beside the one that all tests have."""
    import shutil

    binary = str(shutil.which("memcached"))
    with running_memcached(binary, tmp_path_factory.mktemp("other")) as port:
        yield port


def test_one_of_several_is_down(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    make_proxy: MakeProxy,
    memcached_port: int,
    other_port: int,
) -> None:
    """Its users get 503 and nothing else, and no logout of theirs is undone."""
    proxies = [make_proxy(port) for port in (memcached_port, other_port)]
    addresses = ",".join(f"127.0.0.1:{each.port}" for each in proxies)
    app = make_app(
        {"SESSION_TYPE": "memcached", "SESSION_MEMCACHED": addresses},
        session_store_timeout=10,
    )
    visitors = [make_visitor(app) for _ in range(SESSIONS)]
    for visitor in visitors:
        visitor.log_in()
    proxies[0].cut()
    statuses = [each.get("/profile").status_code for each in visitors]
    assert set(statuses) == {200, 503}
    leaving = visitors[: SESSIONS // 2]
    left = [each.get("/logout").status_code in {302, 303} for each in leaving]
    proxies[0].restore()
    for visitor, has_left in zip(leaving, left, strict=True):
        assert (visitor.user() is None) or not has_left
    assert all(each.user() for each in visitors[SESSIONS // 2 :])


def test_a_logout_that_was_answered_stays(
    make_proxy: MakeProxy, memcached_port: int, other_port: int
) -> None:
    """What is removed while its server is away is an error, and not a success."""
    proxies = [make_proxy(port) for port in (memcached_port, other_port)]
    addresses = ",".join(f"127.0.0.1:{each.port}" for each in proxies)
    store = make(setup({"SESSION_MEMCACHED": addresses}))
    keys = [f"key{number}" for number in range(20)]
    for key in keys:
        store.keep(key, b"1", 60)
    proxies[0].cut()
    removed = [key for key in keys if removes(store, key)]
    assert 0 < len(removed) < len(keys)
    proxies[0].restore()
    for key in keys:
        assert (store.fetch(key) is None) == (key in removed)
    store.client.close()


def removes(store: t.Any, key: str) -> bool:
    try:
        store.remove(key)
    except store.failures:
        return False
    return True


def test_dead_connections_are_tried_once(
    make_proxy: MakeProxy, memcached_port: int
) -> None:
    """However many a pool has from before a restart, no request fails."""
    proxy, number = make_proxy(memcached_port), 8
    settings = {"SESSION_MEMCACHED": f"127.0.0.1:{proxy.port}"}
    store = make(setup(settings))
    store.keep("key", b"value", 60)
    pool = store.client.client_pool
    for each in [pool.get() for _ in range(number)]:
        each.get("key")
        pool.release(each)
    assert len(pool.free) >= number
    proxy.cut()
    proxy.restore()
    assert store.ask(lambda: store.fetch("key")) == b"value"
    store.client.close()


@pytest.mark.parametrize(
    ("connect", "word"),
    [
        (lambda place: HashClient([place]), "is a HashClient"),
        (lambda place: PooledClient(place, ignore_exc=True), "with ignore_exc"),
        (Client, None),
    ],
)
def test_a_client_of_the_apps_own(
    memcached_port: int,
    caplog: pytest.LogCaptureFixture,
    connect: Callable[[t.Any], t.Any],
    word: str | None,
) -> None:
    client = connect(("127.0.0.1", memcached_port))
    with caplog.at_level(logging.WARNING):
        make(setup({"SESSION_MEMCACHED": client}))
    client.close()
    warnings = [each.message for each in caplog.records]
    assert len(warnings) == bool(word)
    assert all(word and word in each for each in warnings)
