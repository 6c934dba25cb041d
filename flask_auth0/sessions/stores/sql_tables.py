"""The tables of sessions in a SQL database: Flask-Session's, and two beside it."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import sqlalchemy as sa

from .bad_settings import BadSetting

TABLE_KEY = "SESSION_SQLALCHEMY_TABLE"
#: Flask-Session's table, unless its key says otherwise.
_SESSIONS = "sessions"


def session_table(settings: Mapping[str, t.Any], metadata: sa.MetaData) -> sa.Table:
    """Return Flask-Session's table."""
    name = settings.get(TABLE_KEY) or _SESSIONS
    schema = settings.get("SESSION_SQLALCHEMY_SCHEMA") or metadata.schema
    known = metadata.tables.get(f"{schema}.{name}" if schema else name)
    if known is not None:
        # Several apps may share one Flask-SQLAlchemy object.
        return _checked(known)
    sequence = settings.get("SESSION_SQLALCHEMY_SEQUENCE")
    numbered = [sa.Sequence(sequence)] if sequence else []
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Integer, *numbered, primary_key=True),
        sa.Column("session_id", sa.String(255), unique=True),
        sa.Column("data", sa.LargeBinary),
        sa.Column("expiry", sa.DateTime),
        schema=schema,
    )


def label_table(sessions: sa.Table) -> sa.Table:
    """Return the table of the labels by which records are found."""
    return _beside(
        sessions,
        "index",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("record", sa.String(64), primary_key=True),
        sa.Column("expiry", sa.DateTime),
    )


def lock_table(sessions: sa.Table) -> sa.Table:
    """Return the table of locks."""
    return _beside(
        sessions,
        "locks",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("holder", sa.String(64)),
        sa.Column("expiry", sa.DateTime),
    )


def _checked(table: sa.Table) -> sa.Table:
    if {"session_id", "data", "expiry"} <= set(table.columns.keys()):
        return table
    raise BadSetting(
        TABLE_KEY,
        f"is '{table.name}', which is another table of the app; choose another name",
    )


def _beside(sessions: sa.Table, suffix: str, *columns: sa.Column[t.Any]) -> sa.Table:
    known = sessions.metadata.tables.get(f"{sessions.key}_{suffix}")
    if known is not None:
        # Several apps may share one Flask-SQLAlchemy object.
        return known
    name = f"{sessions.name}_{suffix}"
    return sa.Table(name, sessions.metadata, *columns, schema=sessions.schema)
