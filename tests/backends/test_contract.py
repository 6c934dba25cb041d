"""Every back end keeps the contract of a session."""

from __future__ import annotations

import os
import sqlite3
import typing as t
from collections.abc import Iterator
from pathlib import Path

import boto3
import mongomock
import psycopg
import pymongo
import pytest
import sqlalchemy as sa
from flask import Flask
from pymemcache.client.base import Client

from tests.contracts.server_sessions import ServerContract
from tests.harness.redis_cluster import Cluster
from tests.harness.visitor import Visitor

LOCAL = {
    "region_name": "us-east-1",
    "aws_access_key_id": "local",
    "aws_secret_access_key": "local",
}


#: A machine that is busy is no back end that is down.
PATIENT = {"AUTH0_SESSION_STORE_TIMEOUT": 30}


class TestPostgreSQL(ServerContract):
    @pytest.fixture
    def settings(self, postgres_url: str) -> dict[str, t.Any]:
        self.url = postgres_url
        return {
            "SESSION_TYPE": "sqlalchemy",
            "SESSION_SQLALCHEMY": postgres_url,
            **PATIENT,
        }

    def keys(self) -> int:
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT count(*) FROM sessions").fetchone()
        assert row is not None
        return int(row[0])

    def test_flask_sessions_layout(self, visitor: Visitor) -> None:
        visitor.get("/put/cart/book")
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT * FROM sessions").fetchone()
        assert row is not None
        assert row[1] == f"session:{visitor.cookies()['session']}"

    def test_a_row_that_somebody_has_emptied(
        self, app: Flask, visitor: Visitor
    ) -> None:
        visitor.log_in()
        with psycopg.connect(self.url) as connection:
            connection.execute("UPDATE sessions SET data = NULL")
        assert visitor.user() is None

    def test_a_protected_request_is_one_statement(
        self, app: Flask, visitor: Visitor
    ) -> None:
        interface: t.Any = app.session_interface
        statements: list[str] = []
        visitor.log_in()
        visitor.user()

        @sa.event.listens_for(interface.back_end.engine, "before_cursor_execute")
        def note(connection: t.Any, cursor: t.Any, statement: str, *_: t.Any) -> None:
            statements.append(statement)

        assert visitor.get("/profile").status_code == 200
        assert len(statements) == 1
        assert statements[0].startswith("SELECT")


class TestSQLite(ServerContract):
    @pytest.fixture
    def settings(self, tmp_path: Path) -> dict[str, t.Any]:
        self.file = tmp_path / "sessions.db"
        return {
            "SESSION_TYPE": "sqlalchemy",
            "SESSION_SQLALCHEMY": f"sqlite:///{self.file}",
            **PATIENT,
        }

    def keys(self) -> int:
        connection = sqlite3.connect(self.file)
        row = connection.execute("SELECT count(*) FROM sessions").fetchone()
        connection.close()
        return int(row[0])


class TestMongoDB(ServerContract):
    """On a real server where there is one, on an imitation elsewhere."""

    @pytest.fixture
    def settings(self) -> Iterator[dict[str, t.Any]]:
        url = os.environ.get("FLASK_AUTH0_MONGODB_URL")
        client: t.Any = pymongo.MongoClient(url) if url else mongomock.MongoClient()
        client.drop_database("flask_auth0_tests")
        self.store = client["flask_auth0_tests"]["sessions"]
        yield {
            "SESSION_TYPE": "mongodb",
            "SESSION_MONGODB": url or client,
            "SESSION_MONGODB_DB": "flask_auth0_tests",
        }
        client.close()

    def keys(self) -> int:
        return int(self.store.count_documents({}))

    def test_its_indexes_are_there(self, visitor: Visitor) -> None:
        indexes = self.store.index_information().values()
        keys = {index["key"][0][0]: index for index in indexes}
        assert keys["id"]["unique"]
        assert keys["expiration"]["expireAfterSeconds"] == 0


class TestDynamoDB(ServerContract):
    @pytest.fixture
    def settings(self, dynamodb_url: str) -> Iterator[dict[str, t.Any]]:
        self.client = boto3.client("dynamodb", endpoint_url=dynamodb_url, **LOCAL)
        yield {
            "SESSION_TYPE": "dynamodb",
            **PATIENT,
            "SESSION_DYNAMODB": dynamodb_url,
        }
        self.client.delete_table(TableName="Sessions")
        self.client.close()

    def keys(self) -> int:
        return int(self.client.scan(TableName="Sessions")["Count"])

    def test_items_expire(self, visitor: Visitor) -> None:
        found = self.client.describe_time_to_live(TableName="Sessions")
        expiry = found["TimeToLiveDescription"]
        assert expiry["TimeToLiveStatus"] == "ENABLED"
        assert expiry["AttributeName"] == "expiration"


class TestRedisCluster(ServerContract):
    @pytest.fixture
    def settings(self, cluster: Cluster) -> dict[str, t.Any]:
        self.cluster = cluster
        cluster.flush()
        url = f"redis://127.0.0.1:{cluster.ports[0]}"
        return {"SESSION_TYPE": "redis", "SESSION_REDIS": url}

    def keys(self) -> int:
        return self.cluster.keys()


class TestMemcached(ServerContract):
    @pytest.fixture
    def settings(self, memcached_port: int) -> Iterator[dict[str, t.Any]]:
        self.client = Client(("127.0.0.1", memcached_port))
        self.client.flush_all(noreply=False)
        yield {
            "SESSION_TYPE": "memcached",
            "SESSION_MEMCACHED": f"127.0.0.1:{memcached_port}",
        }
        self.client.close()

    def keys(self) -> int:
        return int(self.client.stats()[b"curr_items"])
