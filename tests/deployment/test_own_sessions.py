"""``Session(app)`` of the app's own, which does less than the extension."""

from __future__ import annotations

import typing as t
import warnings

import pytest
from flask import Flask
from flask_session import Session
from redis import Redis

from flask_auth0 import Auth0

from .test_routes import OPTIONS


def start(config: dict[str, t.Any], is_first: bool) -> None:
    app = Flask(__name__)
    app.testing = True
    app.config.update(config)
    if not is_first:
        Auth0(app, **OPTIONS)
    with warnings.catch_warnings():
        # Flask-Session says of a URL that it is no client, and goes to localhost.
        warnings.simplefilter("ignore", RuntimeWarning)
        Session(app)
    if is_first:
        Auth0(app, **OPTIONS)
    app.test_client().get("/")


@pytest.mark.parametrize("is_first", [True, False])
def test_a_call_that_a_recipe_has_left(
    is_first: bool, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with Redis.from_url(redis_url) as redis:
        start({"SESSION_TYPE": "redis", "SESSION_REDIS": redis}, is_first)
    assert caplog.text.count("SESSION_TYPE is read by Session(app)") == 1
    assert "has no effect" not in caplog.text
    start({"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url}, is_first)
    assert "SESSION_REDIS has no effect, as it is a URL" in caplog.text


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_type_that_is_none_of_ours(
    tmp_path: t.Any, caplog: pytest.LogCaptureFixture
) -> None:
    config = {"SESSION_TYPE": "filesystem", "SESSION_FILE_DIR": str(tmp_path)}
    start(config, is_first=True)
    assert not caplog.records
