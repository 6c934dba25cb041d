"""Where Flask-Session fails its users, and that it does not here."""

from __future__ import annotations

import pickle
import secrets
import threading
import typing as t
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cachelib.file import FileSystemCache
from flask import Flask, session
from flask_session.base import ServerSideSession
from flask_sqlalchemy import SQLAlchemy
from redis import Redis

from flask_auth0 import Auth0Error
from flask_auth0.sessions.server.interface import StoreInterface
from tests.contracts.sessions import SessionContract
from tests.harness.redis_cluster import Cluster
from tests.harness.visitor import ADA, HOST, MakeApp, MakeVisitor, Visitor

SID = "A" * 43
_ATTRIBUTES = ("Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned")


class Bomb:
    """What runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., t.Any], tuple[str]]:
        return pytest.fail, ("code of the store was run",)


BOMB = pickle.dumps(Bomb())
RUBBISH = [
    BOMB,
    b"",
    b"\x00",
    b"\xff" * 99,
    b"[1, 2]",
    b"7",
    b'"text"',
    b"{",
    b"[" * 100_000,
    b"\x91" * 100_000,
    msgspec.msgpack.encode({1: 2}),
    msgspec.msgpack.encode({"_a0_session": {"a": [None]}}),
    b"\x81\xa1a\xc7\x05\x01abcde",
    # Readable, but no format can write it back.
    b'{"a": 18446744073709551616}',
]


@pytest.fixture
def redis(redis_url: str) -> Iterator[t.Any]:
    client: t.Any = Redis.from_url(redis_url)
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def app(make_app: MakeApp, redis: t.Any, redis_url: str) -> Flask:
    app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url})
    SessionContract.add_views(app)
    return app


def interface_of(app: Flask) -> StoreInterface:
    interface = app.session_interface
    assert isinstance(interface, StoreInterface)
    return interface


@pytest.mark.parametrize("value", RUBBISH, ids=range(len(RUBBISH)))
def test_what_cannot_be_read_is_no_session(
    visitor: Visitor, redis: t.Any, value: bytes
) -> None:
    redis.set(f"session:{SID}", value)
    visitor.set_cookie("session", SID)
    assert visitor.get("/session").status_code == 200
    assert visitor.get("/put/cart/book").status_code == 200
    assert visitor.user() is None
    visitor.log_in()
    assert visitor.user()["email"] == ADA


@pytest.mark.parametrize("value", RUBBISH, ids=range(len(RUBBISH)))
def test_nor_is_a_record_that_cannot_be_read(
    visitor: Visitor, redis: t.Any, value: bytes
) -> None:
    visitor.log_in()
    for key in redis.keys("flask_auth0.state:*"):
        redis.set(key, value)
    assert visitor.user() is None
    assert visitor.get("/profile").status_code == 302


def test_nor_is_something_else_under_its_key(visitor: Visitor, redis: t.Any) -> None:
    redis.lpush(f"session:{SID}", "x")
    visitor.set_cookie("session", SID)
    assert visitor.get("/session").get_json() == {}


def test_the_folder_of_cachelib_runs_no_code(
    make_app: MakeApp, make_visitor: MakeVisitor, tmp_path: Path
) -> None:
    cache = FileSystemCache(str(tmp_path), threshold=0)
    cache.set(f"session:{SID}", Bomb())
    for setting in [str(tmp_path), cache]:
        app = make_app({"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": setting})
        SessionContract.add_views(app)
        visitor = make_visitor(app)
        visitor.set_cookie("session", SID)
        assert visitor.get("/session").get_json() == {}
    with pytest.raises(pytest.fail.Exception):
        cache.get(f"session:{SID}")


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "x",
        "../" * 9,
        "a:b",
        "*",
        f"{SID}A",
        f"{SID[:-1]}.",
        f"{SID[:-1]}ä",
        " " * 43,
        "A" * 9999,
        "flask_auth0.state:" + "0" * 64 + ".head",
        f"{SID[:-1]}\r",
    ],
)
def test_a_hostile_cookie_never_reaches_the_back_end(
    app: Flask, monkeypatch: pytest.MonkeyPatch, cookie: str
) -> None:
    asked: list[str] = []

    def fetch(key: str) -> None:
        asked.append(key)

    monkeypatch.setattr(interface_of(app), "fetch", fetch)
    header = f"session={cookie}".encode().decode("latin-1")
    client = app.test_client(use_cookies=False)
    environ = {"HTTP_COOKIE": header}
    response = client.get("/session", base_url=HOST, environ_overrides=environ)
    assert (response.status_code, response.get_json()) == (200, {})
    assert asked == []


@pytest.mark.parametrize("size", [2_000_000])
def test_a_session_that_is_too_large_is_no_session(
    make_app: MakeApp, make_visitor: MakeVisitor, memcached_port: int, size: int
) -> None:
    settings = {
        "SESSION_TYPE": "memcached",
        "SESSION_MEMCACHED": f"127.0.0.1:{memcached_port}",
    }
    check_too_large(make_visitor(make_app(settings)), size)


def test_nor_is_it_on_dynamodb(
    make_app: MakeApp, make_visitor: MakeVisitor, dynamodb_url: str
) -> None:
    settings = {"SESSION_TYPE": "dynamodb", "SESSION_DYNAMODB": dynamodb_url}
    check_too_large(make_visitor(make_app(settings)), 500_000)


def check_too_large(visitor: Visitor, size: int) -> None:
    app = visitor.app
    SessionContract.add_views(app)

    @app.get("/grow")
    def grow() -> str:
        session["large"] = "x" * size
        return "grown"

    visitor.log_in()
    assert visitor.get("/grow").status_code == 200
    assert visitor.cookies() == {}
    assert visitor.get("/session").get_json() == {}
    # Nothing that can be compressed.
    visitor.tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(size)
    refused = visitor.log_in()
    assert refused.status_code == 431
    assert "session_too_large" in refused.text
    assert visitor.user() is None


@pytest.mark.filterwarnings("ignore:The 'use_signer' option:DeprecationWarning")
def test_signed_ids_rotate_with_the_secret(
    make_app: MakeApp, make_visitor: MakeVisitor, redis_url: str
) -> None:
    settings = {
        "SESSION_TYPE": "redis",
        "SESSION_REDIS": redis_url,
        "SESSION_USE_SIGNER": True,
    }
    visitor = make_visitor(make_app(settings, secret="o" * 64))
    visitor.log_in()
    later = make_visitor(make_app(settings, secret=["n" * 64, "o" * 64]))
    later.set_cookie("session", visitor.cookies()["session"])
    assert later.user()["email"] == ADA
    later.log_in()
    last = make_visitor(make_app(settings, secret="n" * 64))
    last.set_cookie("session", visitor.cookies()["session"])
    assert last.user() is None
    last.set_cookie("session", later.cookies()["session"])
    assert last.user()["email"] == ADA


def test_deleted_cookies_keep_their_attributes(
    make_app: MakeApp, redis_url: str
) -> None:
    """Browsers leave a cookie alone otherwise, one that begins with __Host- always."""
    app = make_app(
        {
            "SESSION_TYPE": "redis",
            "SESSION_REDIS": redis_url,
            "SESSION_COOKIE_NAME": "__Host-session",
            "SESSION_COOKIE_PARTITIONED": True,
        },
        cookie_same_site="None",
        cookie_secure=True,
    )
    SessionContract.add_views(app)
    client = app.test_client()
    url = "https://localhost"
    kept = client.get("/put/a/b", base_url=url).headers["Set-Cookie"]
    deleted = client.get("/clear", base_url=url).headers["Set-Cookie"]
    for cookie in (kept, deleted):
        assert cookie.startswith("__Host-session=")
        for attribute in _ATTRIBUTES:
            assert f"; {attribute}" in cookie
        assert "Domain" not in cookie
    assert "Max-Age=0" in deleted


@pytest.mark.parametrize("form", ["client", "urls", "cluster", "node"])
def test_a_cluster_is_used(
    make_app: MakeApp, make_visitor: MakeVisitor, cluster: Cluster, form: str
) -> None:
    from redis.cluster import RedisCluster

    cluster.flush()
    hosts = [f"127.0.0.1:{port}" for port in cluster.ports]
    client = RedisCluster(port=cluster.ports[0], host="127.0.0.1")
    setting = {
        "client": client,
        "urls": ",".join(f"redis://{host}" for host in hosts),
        "cluster": f"redis+cluster://{','.join(hosts)}",
        "node": f"redis://{hosts[2]}/0",
    }[form]
    app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": setting})
    visitor = make_visitor(app)
    visitor.log_in()
    assert visitor.user()["email"] == ADA
    # The app's session, the two parts of the state, two labels, and for a minute what
    # the callback was answered.
    assert cluster.keys() == 6
    client.close()


def test_a_server_behind_sentinel(
    make_app: MakeApp, make_visitor: MakeVisitor, sentinel: str
) -> None:
    url = f"redis+sentinel://{sentinel}/primary/0"
    visitor = make_visitor(make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": url}))
    visitor.log_in()
    assert visitor.user()["email"] == ADA


def test_a_unix_socket(
    make_app: MakeApp, make_visitor: MakeVisitor, redis_socket: str
) -> None:
    settings = {"SESSION_TYPE": "redis", "SESSION_REDIS": f"unix://{redis_socket}"}
    visitor = make_visitor(make_app(settings))
    visitor.log_in()
    assert visitor.user()["email"] == ADA


def test_a_new_id_is_kept_before_the_old_one_goes(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    interface = interface_of(app)
    log: list[tuple[str, str]] = []
    for name in ("keep", "remove"):
        original = getattr(interface, name)

        def note(
            key: str, *rest: t.Any, name: str = name, work: t.Any = original
        ) -> t.Any:
            log.append((name, key))
            return work(key, *rest)

        monkeypatch.setattr(interface, name, note)

    visitor.get("/put/cart/book")
    before = visitor.cookies()["session"]
    log.clear()
    visitor.log_in()
    after = visitor.cookies()["session"]
    sessions = [each for each in log if each[1].startswith("session:")]
    assert sessions == [("keep", f"session:{after}"), ("remove", f"session:{before}")]


def test_an_empty_session_gets_a_new_id_too(make_app: MakeApp, redis_url: str) -> None:
    app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url})
    interface = interface_of(app)
    interface._upsert_session(timedelta(60), {"_permanent": True}, f"session:{SID}")
    with app.test_request_context(headers={"Cookie": f"session={SID}"}):
        opened = t.cast("t.Any", session)
        assert opened.sid == SID
        assert not opened
        interface.regenerate(opened)
        assert opened.sid != SID
        interface.save_session(app, opened, app.response_class())
    assert interface._retrieve_session_data(f"session:{SID}") is None


def test_what_has_expired_is_expired_before_the_back_end_removes_it(
    make_app: MakeApp, postgres_url: str, dynamodb_url: str, tmp_path: Path
) -> None:
    import mongomock

    for settings in [
        {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": postgres_url},
        {
            "SESSION_TYPE": "dynamodb",
            "SESSION_DYNAMODB": dynamodb_url,
            # The imitation is slow where other tests run beside it.
            "AUTH0_SESSION_STORE_TIMEOUT": 30,
        },
        {"SESSION_TYPE": "mongodb", "SESSION_MONGODB": mongomock.MongoClient()},
    ]:
        interface = interface_of(make_app(settings))
        for max_age, found in [(-1, None), (60, {"a": 1})]:
            lifetime = timedelta(seconds=max_age)
            interface._upsert_session(lifetime, {"a": 1}, "session:x")
            assert interface._retrieve_session_data("session:x") == found
        interface._delete_session("session:x")
        assert not interface.replace("session:x", b"2", 60)
        assert interface._retrieve_session_data("session:x") is None


def test_the_apps_own_database_work_is_left_alone(
    make_app: MakeApp, make_visitor: MakeVisitor, postgres_url: str
) -> None:
    import sqlalchemy as sa

    db = SQLAlchemy()

    class Note(db.Model):  # type: ignore[name-defined, misc]
        id = sa.Column(sa.Integer, primary_key=True)

    url = postgres_url.replace("postgresql:", "postgresql+psycopg:")

    def with_database(app: Flask) -> dict[str, t.Any]:
        app.config["SQLALCHEMY_DATABASE_URI"] = url
        db.init_app(app)
        return {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": db}

    with pytest.raises(Auth0Error, match="init_app"):
        make_app({"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": SQLAlchemy()})
    app = make_app_with(make_app, with_database)

    @app.get("/pending/<end>")
    def pending(end: str) -> str:
        db.session.add(Note())
        db.session.flush()
        session["read"] = session.get("read", 0) + 1
        interface_of(app).regenerate(t.cast("t.Any", session))
        getattr(db.session, end)()
        return "done"

    with app.app_context():
        db.drop_all()
        db.create_all()
    visitor = make_visitor(app)
    visitor.log_in()
    for end, count in [("flush", 0), ("rollback", 0), ("commit", 1)]:
        assert visitor.get(f"/pending/{end}").text == "done"
        assert visitor.user()["email"] == ADA
        with app.app_context():
            assert db.session.query(Note).count() == count
    with app.app_context():
        db.drop_all()
        db.engine.dispose()


def make_app_with(
    make_app: MakeApp, configure: Callable[[Flask], dict[str, t.Any]]
) -> Flask:
    """Make an app that something else is set up on before."""
    from flask_auth0 import Auth0

    template = make_app()
    app = Flask(__name__)
    app.testing = True
    app.config.update(configure(app))
    config = template.extensions["auth0"].config
    names = ("domain", "client_id", "client_secret", "secret")
    Auth0(app, **{name: getattr(config, name) for name in names})
    for rule in ("home", "user", "profile"):
        path = "/" if rule == "home" else f"/{rule}"
        app.add_url_rule(path, rule, template.view_functions[rule])
    return app


def test_a_database_in_memory_is_refused(make_app: MakeApp) -> None:
    for url in ["sqlite://", "sqlite:///:memory:"]:
        with pytest.raises(Auth0Error, match=r"SESSION_SQLALCHEMY.*memory"):
            make_app({"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"SESSION_TYPE": "sqlalchemy"}, "SESSION_SQLALCHEMY must be a URL"),
        ({"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": "x"}, "must be a URL"),
        (
            {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": "teapot://h/d"},
            "must be a URL",
        ),
        (
            {
                "SESSION_TYPE": "sqlalchemy",
                "SESSION_SQLALCHEMY": "postgresql://u:pw@127.0.0.1:9/d",
            },
            "127.0.0.1:9",
        ),
        (
            {
                "SESSION_TYPE": "sqlalchemy",
                "SESSION_SQLALCHEMY": "sqlite:////nowhere/x.db",
            },
            "/nowhere/x.db",
        ),
        ({"SESSION_TYPE": "mongodb", "SESSION_MONGODB": "mongodb://"}, "must be a URL"),
        ({"SESSION_TYPE": "mongodb", "SESSION_MONGODB": 7}, "must be a URL"),
        ({"SESSION_TYPE": "dynamodb", "SESSION_DYNAMODB": "x y"}, "must be a region"),
        (
            {"SESSION_TYPE": "dynamodb", "SESSION_DYNAMODB": "http://127.0.0.1:9"},
            "127.0.0.1:9",
        ),
        ({"SESSION_TYPE": "memcached", "SESSION_MEMCACHED": "a b"}, "must be an addr"),
        (
            {"SESSION_TYPE": "memcached", "SESSION_MEMCACHED": "127.0.0.1:9"},
            "127.0.0.1:9",
        ),
        ({"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": "/proc/x"}, "cannot be"),
        ({"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": 7}, "must be the path"),
        ({"SESSION_TYPE": "redis", "SESSION_REDIS": 7}, "must be a URL or a client"),
        (
            {"SESSION_TYPE": "redis", "SESSION_REDIS": "redis+sentinel://h:1"},
            "must be a URL",
        ),
        (
            {
                "SESSION_TYPE": "redis",
                "SESSION_REDIS": Redis(port=9, decode_responses=True),
            },
            "without decode_responses",
        ),
    ],
)
def test_wrong_settings_are_named(
    make_app: MakeApp, settings: dict[str, t.Any], expected: str
) -> None:
    with pytest.raises(Auth0Error) as caught:
        make_app(settings, session_store_timeout=1)
    assert expected in str(caught.value)
    assert "pw" not in str(caught.value)


def test_a_driver_that_is_missing_is_named(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    for kind, driver in [
        ("sqlalchemy", "sqlalchemy"),
        ("mongodb", "pymongo"),
        ("dynamodb", "boto3"),
        ("memcached", "pymemcache.client.base"),
    ]:
        monkeypatch.delitem(
            sys.modules, f"flask_auth0.sessions.stores.{kind}", raising=False
        )
        monkeypatch.setitem(sys.modules, driver, None)
        with pytest.raises(
            Auth0Error, match=r"SESSION_TYPE.*pip install 'flask_auth0\["
        ):
            make_app({"SESSION_TYPE": kind})


def test_pages_that_need_no_session_ask_the_back_end_nothing(
    app: Flask, visitor: Visitor, redis: t.Any
) -> None:
    visitor.get("/put/a/b")
    visitor.get("/session")
    before = redis.info("commandstats")["cmdstat_get"]["calls"]
    assert visitor.get("/").status_code == 200
    assert redis.info("commandstats")["cmdstat_get"]["calls"] == before


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (lambda s: s["a"], 1),
        (lambda s: dict(s), {"a": 1}),
        (lambda s: {**s}, {"a": 1}),
        (lambda s: "a" in s, True),
        (lambda s: len(s), 1),
        (lambda s: list(s), ["a"]),
        (lambda s: bool(s), True),
        (lambda s: s | {"b": 2}, {"a": 1, "b": 2}),
        (lambda s: s == {"a": 1}, True),
        (lambda s: s.pop("a"), 1),
        (lambda s: s.setdefault("a", 2), 1),
        (lambda s: sorted(s.items()), [("a", 1)]),
        (lambda s: s.copy(), {"a": 1}),
        (lambda s: "'a': 1" in repr(s), True),
        (lambda s: s.permanent, False),
        (lambda s: s.sid, SID),
        (lambda s: msgspec.json.encode(dict(s)), b'{"a":1}'),
    ],
    ids=range(17),
)
def test_any_look_into_a_session_reads_it(
    app: Flask, operation: Callable[[t.Any], t.Any], expected: t.Any
) -> None:
    interface = interface_of(app)
    interface._upsert_session(timedelta(seconds=60), {"a": 1}, f"session:{SID}")
    with app.test_request_context(headers={"Cookie": f"session={SID}"}) as context:
        assert isinstance(context.session, ServerSideSession)
        assert operation(context.session) == expected


def test_an_update_never_creates(
    make_app: MakeApp, postgres_url: str, dynamodb_url: str, memcached_port: int
) -> None:
    """Also not when the record is removed while updates are under way."""
    for settings in [
        {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": postgres_url},
        {
            "SESSION_TYPE": "dynamodb",
            "SESSION_DYNAMODB": dynamodb_url,
            # The imitation is slow where other tests run beside it.
            "AUTH0_SESSION_STORE_TIMEOUT": 30,
        },
        {
            "SESSION_TYPE": "memcached",
            "SESSION_MEMCACHED": f"127.0.0.1:{memcached_port}",
        },
    ]:
        interface = interface_of(make_app(settings))
        interface._upsert_session(timedelta(seconds=60), {"a": 0}, "record")
        begun = threading.Event()

        def update(
            interface: StoreInterface = interface, begun: threading.Event = begun
        ) -> None:
            while interface.replace("record", b"1", 60):
                begun.set()

        threads = [threading.Thread(target=update) for _ in range(3)]
        for thread in threads:
            thread.start()
        assert begun.wait(5)
        interface._delete_session("record")
        for thread in threads:
            thread.join(5)
            assert not thread.is_alive()
        assert interface._retrieve_session_data("record") is None
