"""The app's own work in the database that sessions are kept in."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy

from flask_auth0 import Auth0Error
from tests.harness.interfaces import interface_of
from tests.harness.visitor import ADA, MakeApp, MakeVisitor

from .test_settings import make_app_with


@pytest.fixture
def app(app_on_redis: Flask) -> Flask:
    return app_on_redis


def test_the_apps_own_database_work_is_left_alone(
    make_app: MakeApp, make_visitor: MakeVisitor, postgres_url: str
) -> None:
    import sqlalchemy as sa

    db = SQLAlchemy()

    class Note(db.Model):  # type: ignore[name-defined, misc]
        id = sa.Column(sa.Integer, primary_key=True)

    url = postgres_url.replace("postgresql:", "postgresql+psycopg:")

    def with_database(app: Flask) -> dict[str, t.Any]:
        app.config["SQLALCHEMY_DATABASE_URI"] = url
        db.init_app(app)
        return {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": db}

    with pytest.raises(Auth0Error, match="init_app"):
        make_app({"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": SQLAlchemy()})
    app = make_app_with(make_app, with_database)

    @app.get("/pending/<end>")
    def pending(end: str) -> str:
        db.session.add(Note())
        db.session.flush()
        session["read"] = session.get("read", 0) + 1
        interface_of(app).regenerate(t.cast("t.Any", session))
        getattr(db.session, end)()
        return "done"

    with app.app_context():
        db.drop_all()
        db.create_all()
    visitor = make_visitor(app)
    visitor.log_in()
    for end, count in [("flush", 0), ("rollback", 0), ("commit", 1)]:
        assert visitor.get(f"/pending/{end}").text == "done"
        assert visitor.user()["email"] == ADA
        with app.app_context():
            assert db.session.query(Note).count() == count
    with app.app_context():
        db.drop_all()
        db.engine.dispose()
