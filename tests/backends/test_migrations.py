"""Flask-Migrate leaves the tables of sessions alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import typing as t
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_auth0 import Auth0, ConfigurationError

from ..docs.pages import ROOT, path_of

CONFIG = {
    "AUTH0_DOMAIN": "tenant.example.com",
    "AUTH0_CLIENT_ID": "the-client",
    "AUTH0_CLIENT_SECRET": "the-client-secret",
    "AUTH0_SECRET": "4b1f6a0c9d83e7252f6cbb0d17a94e30c5e8d9f24a60b371",
    "SESSION_TYPE": "sqlalchemy",
}
#: An app with a table of its own, that is migrated. What is in capitals is filled in.
APP = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_auth0 import Auth0

app = Flask(__name__)
app.config.update(CONFIG, SQLALCHEMY_DATABASE_URI=URL)
db = SQLAlchemy(app)


class Article(db.Model):
    id = db.Column(db.Integer, primary_key=True)


app.config["SESSION_SQLALCHEMY"] = SESSIONS
Auth0(app)
migrate.init_app(app, db)
"""
#: The steps of the command line, in one process.
MIGRATE = """
import flask_migrate
from app import app

with app.app_context():
    flask_migrate.init()
    flask_migrate.migrate()
    flask_migrate.upgrade()
    # Nothing is left to do, so that no second file comes of it.
    flask_migrate.migrate()
"""
PLAIN = "from flask_migrate import Migrate\nmigrate = Migrate()\n"


def documented() -> str:
    """The settings of Alembic on the page."""
    text = path_of("sessions.rst").read_text()
    found = re.search(r"( +from flask_migrate.*?include_object\)\n)", text, re.DOTALL)
    assert found
    return textwrap.dedent(found[1])


def run(folder: Path, *arguments: str) -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/app.db"
    found: str = request.getfixturevalue("postgres_url")
    with psycopg.connect(found) as connection:
        connection.execute("DROP TABLE IF EXISTS article, alembic_version")
    return found.replace("postgresql://", "postgresql+psycopg://")


@pytest.mark.parametrize(
    ("url", "sessions"),
    [("sqlite", "URL"), ("postgresql", "db")],
    indirect=["url"],
)
def test_nothing_of_it_is_migrated(sessions: str, url: str, tmp_path: Path) -> None:
    beginning = PLAIN if sessions == "db" else documented()
    script = f"CONFIG, URL = {CONFIG!r}, {url!r}\n{beginning}{APP}"
    (tmp_path / "app.py").write_text(script.replace("SESSIONS", sessions))
    run(tmp_path, "-c", MIGRATE)
    (migration,) = (tmp_path / "migrations" / "versions").glob("*.py")
    assert "create_table('article'" in migration.read_text()
    for table in ("'sessions'", "'sessions_index'", "'sessions_locks'"):
        assert table not in migration.read_text()


def make_app(db: SQLAlchemy, tmp_path: Path, **config: t.Any) -> Flask:
    app = Flask(__name__)
    url = f"sqlite:///{tmp_path}/app.db"
    app.config.update(CONFIG, SQLALCHEMY_DATABASE_URI=url, **config)
    app.config["SESSION_SQLALCHEMY"] = db
    db.init_app(app)
    return app


def test_two_apps_share_the_tables(tmp_path: Path) -> None:
    db = SQLAlchemy()
    for _ in range(2):
        Auth0(make_app(db, tmp_path))
    assert {"sessions", "sessions_index", "sessions_locks"} <= set(db.metadata.tables)


def test_a_table_of_the_apps_own_is_not_taken(tmp_path: Path) -> None:
    db = SQLAlchemy()
    sa.Table("visits", db.metadata, sa.Column("id", sa.Integer, primary_key=True))
    app = make_app(db, tmp_path, SESSION_SQLALCHEMY_TABLE="visits")
    with pytest.raises(ConfigurationError, match=r"SESSION_SQLALCHEMY_TABLE.*'visits'"):
        Auth0(app)
