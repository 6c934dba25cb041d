"""Every back end keeps the contract of records."""

from __future__ import annotations

import typing as t

import boto3
import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from flask_auth0.sessions.server.storage import back_end_of
from flask_auth0.sessions.stores.sqlalchemy import SqlBackEnd
from tests.contracts.server_sessions import RecordContract
from tests.harness.visitor import MakeApp, Visitor

from .matrix import MATRIX, settings_of

LOCAL = {
    "region_name": "us-east-1",
    "aws_access_key_id": "local",
    "aws_secret_access_key": "local",
}
#: Redis and cachelib have it among the tests of sessions, with all that follows.
OTHERS = [kind for kind in MATRIX if kind not in {"redis", "cachelib"}]


class TestEvery(RecordContract):
    @pytest.fixture(params=OTHERS)
    def settings(self, request: pytest.FixtureRequest) -> dict[str, t.Any]:
        return settings_of(request.param, request)


class TestPostgreSQL:
    @pytest.fixture
    def app(self, make_app: MakeApp, postgres_url: str) -> Flask:
        self.url = postgres_url
        settings = {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": postgres_url}
        app = make_app(settings)
        RecordContract.add_views(app)
        return app

    def test_flask_sessions_layout(self, visitor: Visitor) -> None:
        visitor.get("/put/cart/book")
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT * FROM sessions").fetchone()
        assert row is not None
        assert row[1] == f"session:{visitor.cookies()['session']}"

    def test_a_row_that_somebody_has_emptied(self, visitor: Visitor) -> None:
        visitor.log_in()
        with psycopg.connect(self.url) as connection:
            connection.execute("UPDATE sessions SET data = NULL")
        assert visitor.user() is None

    def test_a_protected_request_is_one_statement(
        self, app: Flask, visitor: Visitor
    ) -> None:
        back_end = back_end_of(app.session_interface)
        assert isinstance(back_end, SqlBackEnd)
        statements: list[str] = []
        visitor.log_in()
        visitor.user()

        @sa.event.listens_for(back_end.engine, "before_cursor_execute")
        def note(connection: t.Any, cursor: t.Any, statement: str, *_: t.Any) -> None:
            statements.append(statement)

        assert visitor.get("/profile").status_code == 200
        assert len(statements) == 1
        assert statements[0].startswith("SELECT")


def test_the_indexes_of_mongodb(
    make_app: MakeApp, request: pytest.FixtureRequest
) -> None:
    settings = settings_of("mongodb", request)
    make_app(settings)
    collection = settings["SESSION_MONGODB"]["flask_auth0_tests"]["sessions"]
    indexes = collection.index_information().values()
    keys = {index["key"][0][0]: index for index in indexes}
    assert keys["id"]["unique"]
    assert keys["expiration"]["expireAfterSeconds"] == 0


def test_items_of_dynamodb_expire(
    make_app: MakeApp, request: pytest.FixtureRequest, dynamodb_url: str
) -> None:
    settings = settings_of("dynamodb", request)
    make_app(settings)
    client = boto3.client("dynamodb", endpoint_url=dynamodb_url, **LOCAL)
    name = settings["SESSION_DYNAMODB_TABLE"]
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    client.close()
    assert expiry["TimeToLiveStatus"] == "ENABLED"
    assert expiry["AttributeName"] == "expiration"
