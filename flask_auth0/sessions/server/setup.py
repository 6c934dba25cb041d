"""Flask-Session from configuration alone."""

from __future__ import annotations

import importlib
import os
import typing as t
from collections.abc import Iterator, Mapping

from flask import Flask
from flask_session.base import ServerSideSessionInterface
from flask_session.defaults import Defaults

from ...config import Config, Problem, key_of, nearest, quoted, unread, warning
from ...runtime.logger import logger_of
from ...runtime.request import current_outage
from ..stores import KINDS
from ..stores.bad_settings import BadSetting
from ..stores.base import BackEnd, Setup
from .interface import StoredSessionInterface

#: The keys that may be set in the environment.
_KEYS = (
    *("SESSION_TYPE", "SESSION_KEY_PREFIX"),
    *(key for kind in KINDS.values() for key in kind.keys),
)
#: The keys of sessions that anybody reads: Flask, Flask-Session, or this extension.
_KNOWN = {
    key
    for key in (*Flask.default_config, *vars(Defaults), *_KEYS)
    if key.startswith("SESSION_")
}
_UNKNOWN = (
    f"must be one of {', '.join(KINDS)}, unless Session(app) of Flask-Session is "
    "called before Auth0(app)"
)
#: The types of older releases of Flask-Session, with their successors.
_REPLACED = {
    "filesystem": "is 'filesystem', whose successor is cachelib: set it to cachelib, "
    "and SESSION_CACHELIB to the folder or to a FileSystemCache of cachelib; or call "
    "Session(app) of Flask-Session before Auth0(app)"
}


def set_up_sessions(
    app: Flask, limit: float = 2, environ: Mapping[str, str] = os.environ
) -> list[Problem]:
    """Set up Flask-Session if ``SESSION_TYPE`` is set and the app has not done it.

    Clients may be URLs, and all keys may be in the environment.

    :param limit: seconds that a request may wait for the back end.
    :return: the problems of the settings; if there are any, the app stays as it was.
    """
    settings = _settings(app, environ)
    kind = str(settings.get("SESSION_TYPE") or "").strip().lower()
    is_done = isinstance(app.session_interface, ServerSideSessionInterface)
    if kind in {"", "null"} or is_done:
        return []
    if kind not in KINDS:
        return [Problem("SESSION_TYPE", _REPLACED.get(kind, _UNKNOWN))]
    try:
        back_end = _make(kind, app, settings, limit)
        app.session_interface = StoredSessionInterface(app, settings, back_end)
    except (BadSetting, ImportError, ValueError) as error:
        return [_problem(kind, error)]
    return []


def doubts(app: Flask, environ: Mapping[str, str] = os.environ) -> Iterator[Problem]:
    """Find settings of sessions that are likely to be mistakes."""
    settings = _settings(app, environ)
    yield from quoted(settings, list(_KEYS))
    for key in sorted({*environ, *app.config} - _KNOWN):
        near = nearest(key, _KNOWN) if key.startswith("SESSION_") else None
        if near is not None:
            yield unread(key, near)
    is_done = isinstance(app.session_interface, ServerSideSessionInterface)
    if not is_done and not settings.get("SESSION_TYPE"):
        yield from _without_type(settings)


def _without_type(settings: Mapping[str, t.Any]) -> Iterator[Problem]:
    """Find keys of back ends that nothing turns on."""
    for name, kind in KINDS.items():
        for key in kind.keys:
            if settings.get(key):
                remedy = (
                    f"has no effect, as SESSION_TYPE is not set: sessions are in "
                    f"cookies; set SESSION_TYPE={name}, or leave {key} out"
                )
                yield warning(key, remedy, "session_type_missing")
                break


def make_revocation_store(
    app: Flask, config: Config | None
) -> tuple[BackEnd | None, Problem | None]:
    """Return the back end of revocations, or the problem of its URL."""
    if config is None or config.revocation_store is None:
        return None, None
    key, limit = key_of("revocation_store"), config.session_store_timeout
    try:
        redis = importlib.import_module("..stores.redis", __package__)
        setup = _setup(app, {key: config.revocation_store}, limit)
        return redis.make(setup, key), None
    except BadSetting as error:
        return None, Problem(error.key, error.remedy)


def _problem(kind: str, error: Exception) -> Problem:
    """Return the problem of a back end that cannot be made."""
    if isinstance(error, BadSetting):
        return Problem(error.key, error.remedy)
    if not isinstance(error, ImportError):
        # The driver's error may show the URL, with the password in it.
        remedy = "has a value that its driver does not understand"
        return Problem(f"SESSION_{kind.upper()}", remedy)
    remedy, extra = f"'{kind}' needs a package: {error}", KINDS[kind].extra
    if extra:
        remedy += f"; install it with pip install 'flask-auth0-server[{extra}]'"
    return Problem("SESSION_TYPE", remedy)


def _make(
    kind: str, app: Flask, settings: Mapping[str, t.Any], limit: float
) -> BackEnd:
    module: t.Any = importlib.import_module(f"..stores.{kind}", __package__)
    if kind == "sqlalchemy":
        from .flask_sqlalchemy import resolved

        settings = resolved(app, settings)
    return t.cast(BackEnd, module.make(_setup(app, settings, limit)))


def _setup(app: Flask, settings: Mapping[str, t.Any], limit: float) -> Setup:
    is_development = app.debug or app.testing
    return Setup(settings, limit, logger_of(app), current_outage, is_development)


def _settings(app: Flask, environ: Mapping[str, str]) -> dict[str, t.Any]:
    """Return Flask-Session's settings: the app's config wins over the environment."""
    theirs = {k: v for k, v in app.config.items() if k.startswith("SESSION_")}
    found = {key: environ[key] for key in _KEYS if environ.get(key)}
    return {**found, **{key: v for key, v in theirs.items() if v not in (None, "")}}
