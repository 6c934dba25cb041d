"""Behind a pooler that shares its connections to PostgreSQL among transactions."""

from __future__ import annotations

import shutil
import threading
import typing as t
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.missing import missing
from tests.harness.pgbouncer import running_pgbouncer
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor

#: How many people there are, and how many connections for all of them.
MANY, FEW = 8, 2


@pytest.fixture
def app(
    make_app: MakeApp, postgres_url: str, postgres_folder: str, tmp_path: Path
) -> Iterator[Flask]:
    binary = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if binary is None:
        missing("pgbouncer", "there is no PgBouncer: apt-get install pgbouncer")
    with running_pgbouncer(binary, postgres_folder, tmp_path, FEW) as port:
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        settings = {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url}
        app = make_app(
            settings,
            # A machine that is busy makes no error.
            session_store_timeout=30,
            scope="openid profile email offline_access",
        )
        add_view(app)
        yield app


def add_view(app: Flask) -> None:
    @app.get("/token")
    def token() -> str:
        return Auth0().get_access_token(force_refresh=True)


def test_sessions_and_refreshes(
    app: Flask, make_visitor: MakeVisitor, tenant: TenantServer, postgres_folder: str
) -> None:
    people = [make_visitor(app) for _ in range(MANY)]
    barrier = threading.Barrier(MANY)

    def use(person: Visitor) -> list[int]:
        barrier.wait(20)
        return [
            person.fetch(path).status_code
            for path in ["/user", "/token", "/profile"] * 5
        ]

    for person in people:
        assert person.log_in().status_code == 302
    tenant.tenant.token_requests.clear()
    with ThreadPoolExecutor(MANY) as executor:
        statuses = list(executor.map(use, people))
    assert statuses == [[200] * 15] * MANY
    outcomes = {each.outcome for each in tenant.tenant.token_requests}
    assert outcomes == {"ok"}
    with psycopg.connect(host=postgres_folder, user="postgres") as connection:
        count = t.cast(t.Any, "SELECT count(*) FROM sessions_locks")
        assert connection.execute(count).fetchone() == (0,)
