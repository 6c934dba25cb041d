"""The apps as programs of their own, for gunicorn and for measuring their memory."""

from __future__ import annotations

import importlib
import os
import typing as t
from collections.abc import Mapping

from flask import Flask

from .plain import SCOPE

if t.TYPE_CHECKING:
    from .lab import Lab

#: Names the program in the environment, and its Redis.
_PROGRAM, _REDIS = "BENCHMARK_PROGRAM", "BENCHMARK_REDIS"


class Program(t.NamedTuple):
    """An app, without what it imports."""

    title: str
    module: str
    function: str
    #: Of Redis, if it needs one.
    database: int | None = None


PROGRAMS = {
    "bare": Program("Flask, nobody asked who they are", "plain", "bare"),
    "signed": Program("Flask, user in the signed cookie", "plain", "signed_cookie"),
    "ours-cookies": Program("flask_auth0, cookies", "ours", "ours_in_cookies"),
    "recipe-cookies": Program("the recipe, cookies", "recipe", "recipe_in_cookies"),
    "session": Program(
        "Flask-Session, user in Redis", "rivals", "flask_session_on_redis", 1
    ),
    "ours-redis": Program("flask_auth0, Redis", "ours", "ours_on_redis", 2),
    "recipe-redis": Program("the recipe, Redis", "recipe", "recipe_on_redis", 3),
}


def environment(lab: Lab, name: str) -> dict[str, str]:
    """Return the environment in which :func:`create_app` makes a program's app."""
    url = f"{lab.redis_url}/{PROGRAMS[name].database or 0}"
    own = {_PROGRAM: name, _REDIS: url, "AUTH0_SCOPE": SCOPE}
    return {**lab.tenant.environment, **own}


def create_app() -> Flask:
    """Return the app that the environment of this process names."""
    return make(os.environ[_PROGRAM], os.environ)


def make(name: str, environ: Mapping[str, str]) -> Flask:
    """Return the app of a program. Nothing is imported that it does not need."""
    program = PROGRAMS[name]
    module = importlib.import_module(f"benchmarks.{program.module}")
    factory = getattr(module, program.function)
    arguments = [] if program.database is None else [environ[_REDIS]]
    return t.cast(Flask, factory(*arguments))
