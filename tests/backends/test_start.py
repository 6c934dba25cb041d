"""The start tries what sessions need; what it says follows from what is wrong."""

from __future__ import annotations

import contextlib
import re
import socket
import sqlite3
import ssl
import threading
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from flask import Flask
from redis import Redis
from redis.exceptions import RedisError

from flask_auth0.errors import SessionStoreUnavailable
from flask_auth0.sessions.server.setup import set_up_sessions
from flask_auth0.sessions.stores.bad_settings import BadSetting
from flask_auth0.sessions.stores.proof import prove
from tests.harness.processes import Service, stopped_at_the_end
from tests.harness.redis_server import free_port
from tests.harness.setups import setup


def remedy(kind: str, limit: float = 10, **settings: t.Any) -> str:
    """The messages of the start."""
    app = Flask(__name__)
    app.config.update({"SESSION_TYPE": kind, **settings})
    problems = set_up_sessions(app, limit=limit)
    assert len(problems) == 1
    assert "secret-word" not in problems[0].remedy
    return problems[0].remedy


class Server(t.NamedTuple):
    """A Redis of this test's own."""

    port: int
    client: t.Any


@pytest.fixture(scope="module")
def server(
    redis_binary: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("start"), free_port()
    command = [redis_binary, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with (
        stopped_at_the_end(Service("redis-start", command, folder)) as service,
        Redis(port=port) as client,
    ):
        service.wait_until(lambda: answers(client), "answers PING")
        yield Server(port, client)


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A port that speaks TLS as 127.0.0.1, and then nothing; and who says so."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def accept(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with (
                    client,
                    contextlib.suppress(OSError),
                    context.wrap_socket(client, server_side=True) as speaking,
                ):
                    speaking.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, args=[listener])
        thread.start()
        yield listener.getsockname()[1], tmp_path / "ca.pem"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def test_a_full_redis(server: Server) -> None:
    server.client.config_set("maxmemory", "1")
    try:
        said = remedy("redis", SESSION_REDIS=f"redis://127.0.0.1:{server.port}")
    finally:
        server.client.config_set("maxmemory", "0")
    assert "has no room to write" in said


def test_a_replica(server: Server) -> None:
    server.client.replicaof("127.0.0.1", "1")
    try:
        said = remedy("redis", SESSION_REDIS=f"redis://127.0.0.1:{server.port}")
    finally:
        server.client.replicaof("NO", "ONE")
    assert "can be read and not written" in said


@pytest.mark.parametrize(
    ("rights", "sentence"),
    [
        (["+@all", "-del"], "may not do all that sessions need"),
        (["+@all", "-set"], "may not do all that sessions need"),
        (["+ping", "+get", "+info"], "may not do all that sessions need"),
        (["+@all", "-zadd"], r"127.0.0.1:\d+: zadd\)"),
        (["+@all", "-zrange"], r"127.0.0.1:\d+: zrange\)"),
        (["+@all", "-evalsha"], r"127.0.0.1:\d+: evalsha\)"),
        (["+@all", "-eval"], r"127.0.0.1:\d+: eval\)"),
    ],
)
def test_rights_that_are_missing(
    server: Server, rights: list[str], sentence: str
) -> None:
    server.client.execute_command(
        "ACL", "SETUSER", "app", "reset", "on", ">secret-word", "~*", "&*", *rights
    )
    url = f"redis://app:secret-word@127.0.0.1:{server.port}"
    assert re.search(sentence, remedy("redis", SESSION_REDIS=url))


def test_a_wrong_password(server: Server) -> None:
    url = f"redis://app:secret-word-not@127.0.0.1:{server.port}"
    assert "correct the user and the password" in remedy("redis", SESSION_REDIS=url)
    server.client.config_set("requirepass", "word")
    try:
        url = f"redis://127.0.0.1:{server.port}"
        assert "correct the user and the password" in remedy("redis", SESSION_REDIS=url)
    finally:
        server.client.execute_command("AUTH", "word")
        server.client.config_set("requirepass", "")


def test_a_database_that_is_not_there(server: Server) -> None:
    url = f"redis://127.0.0.1:{server.port}/99"
    assert "a database that is not there" in remedy("redis", SESSION_REDIS=url)


def test_tls_where_the_server_speaks_none(server: Server) -> None:
    url = f"rediss://127.0.0.1:{server.port}"
    said = remedy("redis", limit=1, SESSION_REDIS=url)
    assert "asks for TLS, which the server does not answer" in said


def test_what_happens_later_follows_from_its_cause_as_well(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask(__name__)
    url = f"redis://:@127.0.0.1:{server.port}"
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=url)
    assert set_up_sessions(app, limit=10) == []
    back_end = t.cast(t.Any, app.session_interface).back_end
    place = f"(127.0.0.1:{server.port})"
    for change, undo, sentence in [
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "has no room to write"),
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "can be read and not written"),
    ]:
        server.client.execute_command(*change.split())
        try:
            with app.app_context(), pytest.raises(SessionStoreUnavailable):
                back_end.ask(back_end.keep, "key", b"1", 1)
        finally:
            server.client.execute_command(*undo.split())
        assert sentence in caplog.messages[-1]
        assert "fails: SESSION_REDIS " in caplog.messages[-1]
        assert place in caplog.messages[-1]


def test_certificates(tls: tuple[int, Path]) -> None:
    port, authority = tls
    url = f"rediss://127.0.0.1:{port}"
    assert "certificate is not trusted here" in remedy("redis", SESSION_REDIS=url)
    trusting = f"{url}?ssl_ca_certs={authority}"
    assert "does not answer" in remedy("redis", SESSION_REDIS=trusting)
    other = trusting.replace("127.0.0.1", "localhost")
    assert "for another host" in remedy("redis", SESSION_REDIS=other)


@pytest.mark.parametrize(
    ("kind", "key", "url"),
    [
        ("redis", "SESSION_REDIS", "redis://:secret-word@nowhere.invalid:6379"),
        (
            "sqlalchemy",
            "SESSION_SQLALCHEMY",
            "postgresql://me:secret-word@nowhere.invalid/db",
        ),
        ("memcached", "SESSION_MEMCACHED", "nowhere.invalid:11211"),
    ],
)
def test_a_host_that_is_not_there(kind: str, key: str, url: str) -> None:
    settings: dict[str, t.Any] = {key: url}
    assert "names a host that nobody knows" in remedy(kind, **settings)


def test_a_server_that_is_not_there() -> None:
    url = f"redis://:secret-word@127.0.0.1:{free_port()}"
    assert "does not answer" in remedy("redis", SESSION_REDIS=url)


def test_a_file_that_can_only_be_read(tmp_path: Path) -> None:
    file = tmp_path / "sessions.db"
    app = Flask(__name__)
    app.config.update(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=f"sqlite:///{file}")
    assert set_up_sessions(app, limit=10) == []
    url = f"sqlite:///file:{file}?mode=ro&uri=true"
    assert "can be read and not written" in remedy("sqlalchemy", SESSION_SQLALCHEMY=url)
    nowhere = f"sqlite:///{tmp_path}/none/sessions.db"
    said = remedy("sqlalchemy", SESSION_SQLALCHEMY=nowhere)
    assert "names what cannot be written" in said


def test_roles_of_postgresql(postgres_url: str) -> None:
    import psycopg

    app = Flask(__name__)
    app.config.update(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=postgres_url)
    assert set_up_sessions(app, limit=10) == []
    folder = postgres_url.partition("host=")[2]
    with psycopg.connect(host=folder, user="postgres", autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader, standby")
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("CREATE ROLE standby LOGIN SUPERUSER")
        connection.execute("ALTER ROLE standby SET default_transaction_read_only = on")
    for user, sentence in [
        ("reader", "may not do all that sessions need"),
        ("standby", "can be read and not written"),
        ("nobody", "correct the user and the password"),
    ]:
        url = postgres_url.replace("postgres@", f"{user}@")
        assert sentence in remedy("sqlalchemy", SESSION_SQLALCHEMY=url), user
    url = postgres_url.replace("/postgres?", "/nowhere?")
    assert "a database that is not there" in remedy(
        "sqlalchemy", SESSION_SQLALCHEMY=url
    )


def test_nothing_of_it_stays(tmp_path: Path, redis_url: str) -> None:
    file = tmp_path / "sessions.db"
    for kind, key, url in [
        ("sqlalchemy", "SESSION_SQLALCHEMY", f"sqlite:///{file}"),
        ("redis", "SESSION_REDIS", redis_url),
    ]:
        with Redis.from_url(redis_url) as redis:
            redis.flushdb()
            app = Flask(__name__)
            app.config.update({"SESSION_TYPE": kind, key: url})
            assert set_up_sessions(app, limit=10) == []
            assert redis.keys("*") == []
    connection = sqlite3.connect(file)
    for table in ("sessions", "sessions_index", "sessions_locks"):
        query = f"SELECT count(*) FROM {table}"  # noqa: S608
        assert connection.execute(query).fetchone() == (0,)
    connection.close()


def test_a_back_end_that_adds_a_value_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask_auth0.sessions.stores.cachelib import make

    store = make(setup({"SESSION_CACHELIB": str(tmp_path)}))
    monkeypatch.setattr(store, "add", lambda *_: True)
    with pytest.raises(BadSetting, match="adds a value where there is one"):
        prove(store, "SESSION_CACHELIB", "here")


def test_a_back_end_in_which_nothing_expires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask_auth0.sessions.stores.cachelib import make

    store = make(setup({"SESSION_CACHELIB": str(tmp_path)}))
    monkeypatch.setattr(store, "expires", lambda key: False)
    with pytest.raises(BadSetting, match="lets nothing expire"):
        prove(store, "SESSION_CACHELIB", "here")
