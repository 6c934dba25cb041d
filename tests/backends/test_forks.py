"""An app that was used before its process was forked works on both sides of it."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from collections.abc import Mapping

import pytest

from flask_auth0.tenant import Client, Tenant, TenantServer
from tests.harness.processes import ROOT, environment

from .matrix import OUTSIDE, settings_of

#: Seconds that a run may take: longer than the program waits for its child.
LIMIT = 60


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """A place of sessions, and the server that takes its connections."""
    return {} if request.param == "cookie" else settings_of(request.param, request)


def run(settings: Mapping[str, str], tenant: TenantServer) -> dict[str, t.Any]:
    """The steps of the program, on each side of the fork."""
    env = {
        **tenant.environment(),
        **settings,
        "AUTH0_SCOPE": "openid profile email offline_access",
        # A machine that is busy makes no error.
        "AUTH0_SESSION_STORE_TIMEOUT": "10",
    }
    ran = subprocess.run(
        [sys.executable, "-m", "tests.backends.forking"],
        cwd=ROOT,
        env=environment(env),
        timeout=LIMIT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, t.Any] = {}
    for line in ran.stdout.splitlines():
        found |= json.loads(line)
    assert found["status"] == 0, ran.stderr
    assert "child" in found, ran.stderr
    return found


@pytest.mark.parametrize("settings", ["cookie", *OUTSIDE], indirect=True)
def test_both_sides_work(settings: Mapping[str, str]) -> None:
    client = Client("the-client", "the-secret", callbacks=["http://localhost/callback"])
    with TenantServer(Tenant(clients=[client])) as tenant:
        tenant.tenant.next_login = "ada@example.com"
        found = run(settings, tenant)
    for each in ("before", "child", "parent", "again"):
        assert found[each]["statuses"] == [200, 200, 401]
    # The parent goes on with what it has, and the child has nothing of it.
    for each in ("parent", "again"):
        assert kept_none(found[each]["connected"], settings) == []
    ports = [port_of(place) for place in found["child"]["connected"]]
    # One for its logins, and one of the loop.
    assert ports.count(":" + tenant.domain.rpartition(":")[2]) == 2
    address = "".join(settings.values())
    if settings.get("SESSION_TYPE") in {"redis", "memcached", "dynamodb"}:
        assert any(port in address for port in ports)
    if "postgresql" in address:
        backends = [found[each]["backend"] for each in ("before", "parent", "again")]
        assert len(set(backends)) == 1
        assert found["child"]["backend"] not in {None, *backends}


def kept_none(places: list[str], settings: Mapping[str, str]) -> list[str]:
    """Leave out the server that keeps no connection, which is moto's."""
    url = settings.get("SESSION_DYNAMODB", "")
    return [place for place in places if not url.endswith(port_of(place))]


def port_of(place: str) -> str:
    return ":" + place.strip("()").split(", ")[-1]
