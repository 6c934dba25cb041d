"""The tables of ours that stand beside Flask-Session's in a SQL database."""

from __future__ import annotations

import typing as t

import sqlalchemy as sa


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


def _beside(sessions: sa.Table, suffix: str, *columns: sa.Column[t.Any]) -> sa.Table:
    known = sessions.metadata.tables.get(f"{sessions.key}_{suffix}")
    if known is not None:
        # Several apps may share one Flask-SQLAlchemy object.
        return known
    name = f"{sessions.name}_{suffix}"
    return sa.Table(name, sessions.metadata, *columns, schema=sessions.schema)
