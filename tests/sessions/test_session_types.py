"""Where sessions live: by configuration, by the environment, or set up by the app."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from cachelib.file import FileSystemCache
from flask import Flask
from flask_session import Session
from redis import Redis

from flask_auth0 import Auth0, ConfigurationError
from tests.harness.visitor import ADA, MakeVisitor, add_views


def test_session_types_are_checked_at_start(options: dict[str, t.Any]) -> None:
    cases = {
        "teapot": {"SESSION_TYPE": "teapot"},
        "127.0.0.1:9": {
            "SESSION_TYPE": "redis",
            "SESSION_REDIS": "redis://:pw@127.0.0.1:9",
        },
        "must be a URL": {"SESSION_TYPE": "redis", "SESSION_REDIS": "nonsense"},
    }
    cases["must be one of"] = cases.pop("teapot")
    for expected, config in cases.items():
        app = Flask(__name__)
        app.config.update(config)
        with pytest.raises(Exception, match="SESSION_") as caught:
            Auth0(app, **options)
        assert expected in str(caught.value)
        assert "pw" not in str(caught.value)


def test_the_environment_moves_the_sessions(
    options: dict[str, t.Any],
    make_visitor: MakeVisitor,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SESSION_TYPE", "redis")
    monkeypatch.setenv("SESSION_REDIS", redis_url)
    app = Flask(__name__)
    app.testing = True
    Auth0(app, **options)
    add_views(app)
    visitor = make_visitor(app)
    visitor.log_in()
    assert visitor.user()["email"] == ADA
    assert list(visitor.cookies()) == ["session"]


def test_an_app_that_sets_flask_session_up_itself(
    options: dict[str, t.Any], make_visitor: MakeVisitor, redis_url: str
) -> None:
    for auth0_first in [True, False]:
        app = Flask(__name__)
        app.testing = True
        if auth0_first:
            Auth0(app, **options)
        app.config.update(SESSION_TYPE="redis", SESSION_REDIS=Redis.from_url(redis_url))
        Session(app)
        if not auth0_first:
            Auth0(app, **options)
        add_views(app)
        visitor = make_visitor(app)
        visitor.log_in()
        assert visitor.user()["email"] == ADA
        assert list(visitor.cookies()) == ["session"]
        app.config["SESSION_REDIS"].close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:flask_session")
def test_the_filesystem_of_flask_session(
    options: dict[str, t.Any], make_visitor: MakeVisitor, tmp_path: Path
) -> None:
    """The extension has another name for it; Session(app) may have set it up."""
    app = Flask(__name__)
    app.testing = True
    app.config.update(SESSION_TYPE="filesystem", SESSION_FILE_DIR=str(tmp_path / "a"))
    with pytest.raises(ConfigurationError, match="SESSION_TYPE is 'filesystem'") as e:
        Auth0(app, **options)
    for way in ["cachelib", "FileSystemCache", "Session(app)"]:
        assert way in str(e.value)
    Session(app)
    Auth0(app, **options)
    add_views(app)
    visitor = make_visitor(app)
    visitor.log_in()
    assert visitor.user()["email"] == ADA
    # The remedy in the error works as well.
    app = Flask(__name__)
    app.testing = True
    folder = FileSystemCache(str(tmp_path / "b"))
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=folder)
    Auth0(app, **options)
    Session(app)
    add_views(app)
    visitor = make_visitor(app)
    visitor.log_in()
    assert visitor.user()["email"] == ADA
