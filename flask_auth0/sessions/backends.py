"""Flask-Session from configuration alone."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Callable, Mapping

import redis
from cachelib.file import FileSystemCache
from flask import Flask
from flask_session import Session
from flask_session.base import ServerSideSessionInterface

from ..config import Problem

#: Seconds that a back end may take to answer.
TIMEOUT = 2
#: What can be set in the environment.
_KEYS = ("SESSION_TYPE", "SESSION_KEY_PREFIX", "SESSION_REDIS", "SESSION_CACHELIB")
_TYPES = ("redis", "sqlalchemy", "mongodb", "dynamodb", "memcached", "cachelib")


def set_up_sessions(
    app: Flask, environ: Mapping[str, str] = os.environ
) -> list[Problem]:
    """Set up Flask-Session if ``SESSION_TYPE`` says so and the app has not done it.

    Clients can be given as URLs, and everything in the environment too.

    :return: what is wrong with the settings; then the app is left as it was.
    """
    settings = {key: app.config.get(key) or environ.get(key) for key in _KEYS}
    kind = str(settings["SESSION_TYPE"] or "").lower()
    if kind in {"", "null"}:
        return []
    if isinstance(app.session_interface, ServerSideSessionInterface):
        return []
    if kind not in _TYPES:
        return [Problem("SESSION_TYPE", f"must be one of {', '.join(_TYPES)}")]
    try:
        if kind in _CLIENTS:
            key, make_client = _CLIENTS[kind]
            settings[key] = make_client(settings[key])
        app.config.update({k: v for k, v in settings.items() if v is not None})
        Session(app)
    except ImportError as error:
        return [Problem("SESSION_TYPE", f"'{kind}' needs a package: {error}")]
    except _BadSetting as problem:
        return [Problem(*problem.args)]
    return []


class _BadSetting(Exception):
    """A key and its remedy."""


def _redis_client(setting: t.Any) -> t.Any:
    """Return a client that has answered once."""
    client, name = setting, type(setting).__name__
    if setting is None or isinstance(setting, str):
        client, name = _redis_from_url(setting or "redis://127.0.0.1:6379/0")
    if not hasattr(client, "ping"):
        raise _BadSetting("SESSION_REDIS", "must be a URL or a client of redis-py")
    try:
        client.ping()
    except redis.RedisError as error:
        raise _BadSetting(
            "SESSION_REDIS",
            f"names a server that does not answer ({name}: {type(error).__name__}); "
            "start it, or set the URL of another one",
        ) from error
    return client


def _redis_from_url(url: str) -> tuple[redis.Redis, str]:
    try:
        client = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
        )
    except ValueError as error:
        raise _BadSetting(
            "SESSION_REDIS", "must be a URL such as redis://127.0.0.1:6379/0"
        ) from error
    # The URL itself may have a password in it.
    where = client.connection_pool.connection_kwargs
    return client, str(where.get("path") or f"{where.get('host')}:{where.get('port')}")


def _cachelib_client(setting: t.Any) -> t.Any:
    """Return a cache that keeps every session until it expires."""
    if setting is not None and not isinstance(setting, str):
        return setting
    folder = setting or "flask_session"
    try:
        return FileSystemCache(folder, threshold=0, mode=0o600)
    except OSError as error:
        raise _BadSetting(
            "SESSION_CACHELIB", f"names a folder that cannot be written: {error}"
        ) from error


_CLIENTS: dict[str, tuple[str, Callable[[t.Any], t.Any]]] = {
    "redis": ("SESSION_REDIS", _redis_client),
    "cachelib": ("SESSION_CACHELIB", _cachelib_client),
}
