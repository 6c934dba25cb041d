"""An app that was used before its process was forked works on both sides of it."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from collections.abc import Iterator, Mapping

import pytest

from flask_auth0.tenant import Client, Tenant, TenantServer
from tests.harness.processes import ROOT, environment

from .matrix import MATRIX, OUTSIDE

#: Seconds that a run may take: longer than the program waits for its child.
LIMIT = 120
NAMES = ["cookie", *OUTSIDE]

#: What came of each app on each side of the fork.
Found = dict[str, dict[str, t.Any]]


@pytest.fixture(scope="module")
def tenant() -> Iterator[TenantServer]:
    client = Client("the-client", "the-secret", callbacks=["http://localhost/callback"])
    with TenantServer(Tenant(clients=[client])) as tenant:
        tenant.tenant.next_login = "ada@example.com"
        yield tenant


@pytest.fixture(scope="module")
def settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, str]]:
    """The places of sessions, by their names."""

    def find(name: str) -> t.Any:
        if name == "tmp_path":
            return tmp_path_factory.mktemp("forks")
        if name == "postgres_url":
            folder = request.getfixturevalue("postgres_folder")
            return f"postgresql://postgres@/postgres?host={folder}"
        return request.getfixturevalue(name)

    return {"cookie": {}, **{name: MATRIX[name].empty(find) for name in OUTSIDE}}


@pytest.fixture(scope="module")
def found(settings: Mapping[str, Mapping[str, str]], tenant: TenantServer) -> Found:
    """The steps of the program, with one app for each place."""
    env = {
        **tenant.environment(),
        "AUTH0_SCOPE": "openid profile email offline_access",
        # A machine that is busy makes no error.
        "AUTH0_SESSION_STORE_TIMEOUT": "10",
    }
    ran = subprocess.run(
        [sys.executable, "-m", "tests.backends.forking", json.dumps(settings)],
        cwd=ROOT,
        env=environment(env),
        timeout=LIMIT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: Found = {name: {} for name in ("status", *settings)}
    for line in ran.stdout.splitlines():
        name, who, what = json.loads(line)
        found[name][who] = what
    assert found["status"] == {"child": 0}, ran.stderr
    assert all("child" in found[name] for name in settings), ran.stderr
    return found


@pytest.mark.parametrize("name", NAMES)
def test_both_sides_work(
    name: str, found: Found, settings: dict[str, dict[str, str]], tenant: TenantServer
) -> None:
    seen, place = found[name], settings[name]
    for each in ("before", "child", "parent", "again"):
        assert seen[each]["statuses"] == [200, 200, 401]
    # The parent goes on with what it has, and the child has nothing of it.
    for each in ("parent", "again"):
        assert kept_none(seen[each]["connected"], place) == []
    ports = [port_of(address) for address in seen["child"]["connected"]]
    # One for its logins, and one of the loop.
    assert ports.count(":" + tenant.domain.rpartition(":")[2]) == 2
    address = "".join(place.values())
    if place.get("SESSION_TYPE") in {"redis", "memcached", "dynamodb"}:
        assert any(port in address for port in ports)
    if "postgresql" in address:
        backends = [seen[each]["backend"] for each in ("before", "parent", "again")]
        assert len(set(backends)) == 1
        assert seen["child"]["backend"] not in {None, *backends}


def kept_none(places: list[str], settings: Mapping[str, str]) -> list[str]:
    """Leave out the server that keeps no connection, which is moto's."""
    url = settings.get("SESSION_DYNAMODB", "")
    return [place for place in places if not url.endswith(port_of(place))]


def port_of(place: str) -> str:
    return ":" + place.strip("()").split(", ")[-1]
