"""URLs of back ends that no driver understands: one of the listed errors each."""

from __future__ import annotations

import importlib.util
import traceback

import pytest
from flask import Flask

from flask_auth0 import Auth0, ConfigurationError

PLACES = [
    "u:hush-hush@h:x",
    "u:hush-hush@h:65536",
    "u:hush-hush@[::1",
    "u:hush-hush@h:5:6",
    "h:x",
    "[::1",
]
FORMS = {
    "sqlalchemy": ("sqlalchemy", "postgresql://{}/db"),
    "redis": ("redis", "redis://{}/0"),
    "mongodb": ("pymongo", "mongodb://{}/db"),
    "dynamodb": ("boto3", "http://{}"),
    "memcached": ("pymemcache", "{}"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", FORMS)
def test_it_is_listed_without_its_password(
    monkeypatch: pytest.MonkeyPatch, kind: str, place: str
) -> None:
    driver, form = FORMS[kind]
    if importlib.util.find_spec(driver) is None:
        pytest.skip(f"{driver} is not installed: pip install {driver}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    app = Flask(__name__)
    key = f"SESSION_{kind.upper()}"
    app.config.update({"SESSION_TYPE": kind, key: form.format(place)})
    with pytest.raises(ConfigurationError) as caught:
        Auth0(app, timeout=0)
    keys = [each.key for each in caught.value.problems if not isinstance(each, str)]
    assert {"AUTH0_DOMAIN", "AUTH0_TIMEOUT", key} <= set(keys)
    assert "hush" not in "".join(traceback.format_exception(caught.value))


def test_what_a_driver_alone_knows_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise ValueError("hush-hush is no port")

    monkeypatch.setattr("flask_auth0.sessions.stores.cachelib.make", refuse)
    app = Flask(__name__)
    app.config["SESSION_TYPE"] = "cachelib"
    with pytest.raises(ConfigurationError, match="SESSION_CACHELIB has a value") as e:
        Auth0(app)
    assert "hush" not in "".join(traceback.format_exception(e.value))
