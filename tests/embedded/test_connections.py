"""The SDK's other clients ask the tenant over connections of ours."""

from __future__ import annotations

import typing as t

import httpx
import pytest

from flask_auth0.tenant import Tenant
from tests.embedded.conftest import SUB, Person


@pytest.fixture
def mode() -> str:
    return "cookies"


def test_they_share_one_client(
    visitor: Person, issuer: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.mfa.enroll(SUB)
    required = visitor.passwordless()
    mfa = {"mfa_token": required.get_json()["mfa_token"]}
    made: list[t.Any] = []
    original = httpx.AsyncClient.__init__

    def init(self: httpx.AsyncClient, *args: t.Any, **kwargs: t.Any) -> None:
        made.append(self)
        original(self, *args, **kwargs)

    monkeypatch.setattr(httpx.AsyncClient, "__init__", init)
    listed = visitor.gets(lambda client: client.mfa.list_authenticators(mfa))
    assert [each["authenticator_type"] for each in listed] == ["otp"]
    options = {**mfa, "otp": "123456", "persist": True}
    assert visitor.gets(lambda client: client.mfa.verify(options))["access_token"]
    assert not made
