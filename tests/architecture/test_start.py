"""An app starts soon: it imports what it uses, and makes what it will need.

What is looked at are the modules, so that a busy machine changes nothing; ``python -m
benchmarks start`` tells the time that they take.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys

import pytest

from flask_auth0.config import ROUTES
from flask_auth0.sessions.stores import KINDS
from flask_auth0.views import _FOR_SCRIPTS
from tests.harness.processes import ROOT, environment

START = """
import json, sys
from flask import Flask
from flask_auth0 import Auth0

Auth0(Flask("app"))
print(json.dumps([*sys.modules]))
"""
#: The drivers of back ends, by their packages.
DRIVERS = {
    "redis": {"redis", "opentelemetry", "psutil"},
    "sqlalchemy": {"sqlalchemy", "flask_sqlalchemy", "psycopg"},
    "mongodb": {"pymongo", "bson"},
    "dynamodb": {"boto3", "botocore"},
    "memcached": {"pymemcache"},
}
#: The parts that only commands, tests and flows use, and the connections that the first
#: request to the tenant makes.
LATER = {
    *("flask_auth0.tenant", "flask_auth0.cli", "flask_auth0.testing", "pytest"),
    *("httpcore", "h11", "h2", "certifi", "trustme", "dotenv", "gevent"),
}


def modules_of(env: dict[str, str]) -> set[str]:
    """What the start of an app has imported."""
    done = subprocess.run(
        [sys.executable, "-c", START],
        capture_output=True,
        text=True,
        env=environment(env),
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return set(json.loads(done.stdout))


def found(modules: set[str], unwanted: set[str]) -> list[str]:
    """The modules that are, or are in, unwanted ones."""
    beginnings = tuple(f"{each}." for each in unwanted)
    return sorted(each for each in modules if f"{each}.".startswith(beginnings))


@pytest.fixture
def cookies() -> dict[str, str]:
    return {
        "AUTH0_DOMAIN": "tenant.example.com",
        "AUTH0_CLIENT_ID": "client",
        "AUTH0_CLIENT_SECRET": "client-secret",
        "AUTH0_SECRET": secrets.token_hex(64),
        "AUTH0_BACKCHANNEL_LOGOUT_PATH": "",
    }


def drivers(kind: str | None) -> set[str]:
    """Whatever is imported for other back ends alone."""
    stores = {f"flask_auth0.sessions.stores.{each}" for each in KINDS if each != kind}
    theirs = DRIVERS.get(kind or "", set())
    return stores.union(*DRIVERS.values()) - theirs


def test_in_cookies(cookies: dict[str, str]) -> None:
    assert found(modules_of(cookies), LATER | drivers(None)) == []


def test_on_redis(cookies: dict[str, str], redis_url: str) -> None:
    env = {**cookies, "SESSION_TYPE": "redis", "SESSION_REDIS": redis_url}
    assert found(modules_of(env), LATER | drivers("redis")) == []


def test_the_views_for_scripts_wait_for_a_path(cookies: dict[str, str]) -> None:
    views = {
        f"flask_auth0.views.{each.split('.')[0]}" for each in _FOR_SCRIPTS.values()
    }
    assert found(modules_of(cookies), views) == []
    keys = {f"AUTH0_{ROUTES[each].key.upper()}" for each in _FOR_SCRIPTS}
    paths = {key: f"/api{number}" for number, key in enumerate(keys)}
    env = {**cookies, **paths, "AUTH0_AUDIENCE": "https://api.example.com"}
    assert views <= modules_of(env)
