"""The forms of URLs of Redis, and the number of connections of a process."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from flask_auth0.sessions.stores import redis_durability, redis_urls
from flask_auth0.sessions.stores.bad_settings import BadSetting
from flask_auth0.sessions.stores.redis import make
from tests.contracts.index import together
from tests.harness.processes import Service, stopped_at_the_end
from tests.harness.redis_cluster import Cluster
from tests.harness.redis_server import free_port
from tests.harness.setups import setup

KEY = "SESSION_REDIS"


class Made(Exception):
    """The client that would have been made."""

    def __init__(self, **options: t.Any) -> None:
        super().__init__()
        self.options = options


def options_of(
    url: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> dict[str, t.Any]:
    def make(*args: t.Any, **options: t.Any) -> t.NoReturn:
        raise Made(args=args, **options)

    monkeypatch.setattr(name, make)
    with pytest.raises(Made) as caught:
        redis_urls.clients_of(KEY, url, 1)
    return caught.value.options


TLS = "ssl_ca_certs=/ca.pem&ssl_cert_reqs=required&socket_keepalive=yes"


def test_a_cluster_gets_every_option(monkeypatch: pytest.MonkeyPatch) -> None:
    for hosts in ("a:1,b:2,[::1]:3", "a:1,rediss://b:2,rediss://[::1]:3"):
        url = f"rediss+cluster://me:p%40,w@{hosts}?{TLS}"
        found = options_of(url, monkeypatch, "redis.RedisCluster")
        nodes = [(each.host, each.port) for each in found["startup_nodes"]]
        assert nodes == [("a", 1), ("b", 2), ("::1", 3)]
        assert (found["username"], found["password"]) == ("me", "p@,w")
        assert found["ssl_ca_certs"] == "/ca.pem"
        assert found["ssl"] is found["ssl_check_hostname"] is True
        assert found["socket_keepalive"] is True


def test_sentinels_and_their_server_get_every_option() -> None:
    url = f"rediss+sentinel://me:p,w@a:1,b/main/3?{TLS}"
    url += "&sentinel_password=other&sentinel_ssl_ca_certs=/theirs.pem"
    clients, where = redis_urls.clients_of(KEY, url, 1)
    client = clients.get()
    found = client.connection_pool.connection_kwargs
    assert where == "main at a:1, b"
    assert (found["username"], found["password"], found["db"]) == ("me", "p,w", 3)
    assert found["ssl_ca_certs"] == "/ca.pem"
    assert found["ssl_check_hostname"] is True
    for sentinel in client.connection_pool.sentinel_manager.sentinels:
        asked = sentinel.connection_pool.connection_kwargs
        assert asked["password"] == "other"
        assert asked.get("username") is None
        assert asked["ssl_ca_certs"] == "/theirs.pem"
        assert asked["socket_timeout"] == 1


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("redis://h/0?ssl_ca_certs=/ca.pem", "needs a URL with rediss"),
        ("redis+sentinel://h/s?sentinel_ssl_ca_certs=/c", "needs a URL with rediss"),
        ("redis://h/0?colour=blue", "does not know: colour"),
        ("redis+cluster://h:1,i:2?colour=blue", "does not know: colour"),
        ("redis+sentinel://h/s?sentinel_colour=blue", "does not know: sentinel_colour"),
        ("rediss+sentinel://h/s?colour=blue", "does not know: colour"),
        ("redis://h/0?socket_timeout=soon", "must be a URL"),
        ("redis+cluster://:a@b@h:1,i:2", "must be a URL"),
        ("redis+cluster://", "must be a URL"),
        ("redis+sentinel://h/service/x", "must be a URL"),
        ("redis+other://h", "must be a URL"),
        ("http://h", "must be a URL"),
        ("redis://h:port/0", "must be a URL"),
    ],
)
def test_what_is_not_understood_is_refused(url: str, word: str) -> None:
    with pytest.raises(BadSetting, match=word):
        redis_urls.clients_of(KEY, url, 1)


def test_a_comma_in_a_password(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        user = ["ACL", "SETUSER", "comma", "reset", "on", ">some,thing", "~*", "+@all"]
        client.execute_command(*user)
    url = redis_url.replace("redis://", "redis://comma:some,thing@")
    make(setup({KEY: url})).client.close()
    with pytest.raises(BadSetting, match="correct the user and the password"):
        make(setup({KEY: url.replace("some", "no")}))


def test_a_cluster_that_any_of_its_nodes_names(cluster: Cluster) -> None:
    url = f"redis://127.0.0.1:{cluster.ports[0]}?socket_keepalive=yes"
    store = make(setup({KEY: url}))
    assert type(store.client).__name__ == "RedisCluster"
    store.client.close()


def test_a_cluster_is_asked_for_several_keys_at_once(cluster: Cluster) -> None:
    store = make(setup({KEY: f"redis+cluster://127.0.0.1:{cluster.ports[0]}"}))
    keys = [f"key{number}" for number in range(8)]
    for key in keys[1:]:
        store.keep(key, key.encode(), 60)
    expected = {key: key.encode() for key in keys} | {"key0": None}
    assert store.fetch_together(*keys) == expected
    store.client.close()


def test_who_finds_no_connection_free_waits(redis_url: str, sentinel: str) -> None:
    for url in (
        f"{redis_url}/0?max_connections=2",
        f"redis+sentinel://{sentinel}/primary/0?max_connections=2",
    ):
        store = make(setup({KEY: url}, 30))
        together(*[lambda s=store: s.ask(lambda: s.fetch("nothing"))] * 16)
        store.client.close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"save": "60 1"}, ["keeps snapshots only"]),
        ({"save": "60 1", "appendonly": "yes"}, []),
        ({"appendonly": "yes", "appendfsync": "no"}, ["'appendfsync no'"]),
        ({"maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"}, ["'allkeys-lru'"]),
        ({"maxmemory": "100mb"}, []),
        ({}, []),
    ],
    ids=str,
)
def test_a_redis_that_does_not_keep_what_it_is_told(
    settings: dict[str, str], words: list[str]
) -> None:
    told = {"save": "", "appendonly": "no", "appendfsync": "everysec"} | settings
    client: t.Any = Redis()
    client.config_get = lambda pattern: {
        name: value
        for name, value in told.items()
        if name.startswith(pattern.rstrip("*"))
    }
    found = list(redis_durability.losses(client, KEY))
    assert [each.key for each in found] == [KEY] * len(words)
    assert all(word.strip("'") in str(found) for word in words)


def test_the_start_asks_a_real_one(
    redis_binary: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    command = [redis_binary, "--port", str(port), "--bind", "127.0.0.1"]
    command += ["--save", "60", "1", "--maxmemory", "100mb"]
    command += ["--maxmemory-policy", "allkeys-lru"]
    with (
        stopped_at_the_end(Service("redis-rdb", command, tmp_path)) as service,
        Redis(port=port) as client,
    ):
        service.wait_until(lambda: is_up(client), "answers PING")
        url = f"redis://127.0.0.1:{port}"
        for rights, number in (["+@all"], 2), (["+@all", "-config"], 0):
            user = ["ACL", "SETUSER", "app", "reset", "on", ">pw", "~*"]
            client.execute_command(*user, *rights)
            caplog.clear()
            store = make(setup({KEY: url.replace("//", "//app:pw@")}))
            store.client.close()
            assert len(caplog.records) == number


def is_up(client: t.Any) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False
