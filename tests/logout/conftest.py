"""The documents that a tenant of these tests publishes."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator

import pytest
from flask import request

from flask_auth0.tenant import TenantServer
from flask_auth0.tenant.provider import Provider
from tests.harness.visitor import MakeApp

from .leaver import OFFLINE, Answers, Leaver


@pytest.fixture
def without_endpoint(tenant: TenantServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tenant publish no ``end_session_endpoint``."""
    monkeypatch.setattr(tenant.tenant, "publish_end_session_endpoint", False)


@pytest.fixture
def revocations(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Watch the tenant's endpoint for revoking tokens."""
    answers, answer = Answers(), Provider.create_endpoint_response

    def watched(self: Provider, name: str, *args: t.Any) -> t.Any:
        if name == "revocation":
            answers.forms.append(request.form.to_dict())
            answers.authorizations.append(request.headers.get("Authorization"))
            if answers.answer is not None:
                return answers.answer()
        return answer(self, name, *args)

    monkeypatch.setattr(Provider, "create_endpoint_response", watched)
    return answers


@pytest.fixture
def make_leaver(
    make_app: MakeApp, tenant: TenantServer
) -> Iterator[Callable[..., Leaver]]:
    """Make visitors of apps with refresh tokens, which revoke them unless told."""
    leavers: list[Leaver] = []

    def make(config: dict[str, t.Any] | None = None, **options: t.Any) -> Leaver:
        options = {"revoke_refresh_token_on_logout": True, "scope": OFFLINE} | options
        leavers.append(Leaver(make_app(config, **options), tenant))
        return leavers[-1]

    yield make
    for leaver in leavers:
        leaver.http.close()
