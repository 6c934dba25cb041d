"""Every back end keeps the contract of a session."""

from __future__ import annotations

import typing as t

import boto3
import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from flask_auth0.sessions.server.storage import back_end_of
from flask_auth0.sessions.stores.base import BackEnd
from flask_auth0.sessions.stores.sqlalchemy import SqlBackEnd
from tests.contracts.server_sessions import ServerContract
from tests.harness.visitor import MakeApp, Visitor

from .matrix import MATRIX, settings_of

LOCAL = {
    "region_name": "us-east-1",
    "aws_access_key_id": "local",
    "aws_secret_access_key": "local",
}
#: Redis and cachelib have their contract among the tests of sessions.
OTHERS = [kind for kind in MATRIX if kind not in {"redis", "cachelib"}]


class Kept:
    """Notes which keys are written to a back end."""

    def __init__(self, back_end: BackEnd, monkeypatch: pytest.MonkeyPatch) -> None:
        self._back_end = back_end
        self._keys: set[str] = set()
        keep, begin = back_end.keep, back_end.begin

        def noted_keep(key: str, value: bytes, max_age: int) -> None:
            self._keys.add(key)
            keep(key, value, max_age)

        def noted_begin(values: t.Mapping[str, bytes], labelling: t.Any) -> bool:
            self._keys |= {*values}
            return begin(values, labelling)

        monkeypatch.setattr(back_end, "keep", noted_keep)
        monkeypatch.setattr(back_end, "begin", noted_begin)

    def count(self) -> int:
        found = [self._back_end.fetch(key) for key in self._keys]
        return len(found) - found.count(None)


class TestEvery(ServerContract):
    @pytest.fixture(params=OTHERS)
    def settings(self, request: pytest.FixtureRequest) -> dict[str, t.Any]:
        return settings_of(request.param, request)

    @pytest.fixture(autouse=True)
    def kept(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        back_end = back_end_of(app.session_interface)
        assert back_end is not None
        self._kept = Kept(back_end, monkeypatch)

    def keys(self) -> int:
        return self._kept.count()


class TestPostgreSQL:
    @pytest.fixture
    def app(self, make_app: MakeApp, postgres_url: str) -> Flask:
        self.url = postgres_url
        settings = {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": postgres_url}
        app = make_app(settings)
        ServerContract.add_views(app)
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
