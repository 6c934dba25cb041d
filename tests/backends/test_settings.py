"""Settings of back ends: found wrong at the start, by name."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest
from flask import Flask
from redis import Redis

from flask_auth0 import Auth0Error
from tests.harness.redis_cluster import Cluster
from tests.harness.visitor import ADA, MakeApp, MakeVisitor


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
        theirs = f"flask_auth0.sessions.stores.{kind}"
        for name in [each for each in sys.modules if each.startswith(theirs)]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, driver, None)
        with pytest.raises(
            Auth0Error, match=r"SESSION_TYPE.*pip install 'flask-auth0-server\["
        ):
            make_app({"SESSION_TYPE": kind})
