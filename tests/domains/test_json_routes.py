"""A script of each host logs in at its tenant."""

from __future__ import annotations

import typing as t

import pytest
from werkzeug.test import TestResponse

from flask_auth0.tenant import TenantServer
from tests.harness.domains import FIRST, SECOND, Place
from tests.harness.visitor import ADA

from .conftest import MakeOwn


@pytest.fixture
def settings() -> dict[str, t.Any]:
    """Where the sessions are makes no difference to this."""
    return {}


def post(place: Place, path: str, **members: str) -> TestResponse:
    headers = {"Origin": place.base_url}
    return place.client.post(
        path, base_url=place.base_url, headers=headers, json=members
    )


@pytest.mark.parametrize("kind", ["plain", "waiting"])
def test_each_logs_in_at_its_tenant(
    make_own: MakeOwn, kind: str, tenants: dict[str, TenantServer]
) -> None:
    client = make_own(kind, passwordless_path="/code").test_client()
    places = [Place(client, host, tenants[host]) for host in (FIRST, SECOND)]
    asked = {"connection": "email", "email": ADA}
    for each in places:
        assert post(each, "/code/start", **asked).status_code == 204
    codes = [e.tenant.tenant.inbox.messages(ADA)[-1].code or "" for e in places]
    for each, code in zip(places, reversed(codes), strict=True):
        # That of the other tenant is none here.
        answer = post(each, "/code/verify", **asked, verificationCode=code)
        assert answer.status_code == 400
    for each, code in zip(places, codes, strict=True):
        answer = post(each, "/code/verify", **asked, verificationCode=code)
        assert answer.status_code == 200, answer.text
    for each in places:
        assert each.user()["iss"] == each.tenant.tenant.issuer
