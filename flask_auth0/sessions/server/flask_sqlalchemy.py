"""The database of a Flask-SQLAlchemy object, for sessions."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import sqlalchemy as sa
from flask import Flask

from ..stores.bad_settings import BadSetting
from ..stores.sql_engine import KEY, Database


def resolved(app: Flask, settings: Mapping[str, t.Any]) -> Mapping[str, t.Any]:
    """Return settings with the database in place of a Flask-SQLAlchemy object."""
    setting: t.Any = settings.get(KEY)
    if not hasattr(type(setting), "engines"):
        return settings
    bind = settings.get("SESSION_SQLALCHEMY_BIND_KEY")
    try:
        with app.app_context():
            url = setting.engines[bind].url
    except (RuntimeError, KeyError) as error:
        raise BadSetting(
            KEY, "is not set up for this app: call its init_app() before"
        ) from error
    options = app.config.get("SQLALCHEMY_ENGINE_OPTIONS") or {}
    connect_args = dict(options.get("connect_args") or {})
    metadata = getattr(setting, "metadatas", {}).get(bind)
    if metadata is None:
        metadata = sa.MetaData()
    return {**settings, KEY: Database(url, connect_args, metadata)}
