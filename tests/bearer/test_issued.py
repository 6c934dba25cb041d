"""The access tokens that a tenant issues for a registered API, in both profiles."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from flask import Flask

from flask_auth0.tenant import Tenant
from flask_auth0.tenant.model import Api
from tests.harness.access_tokens import API, bearer
from tests.harness.visitor import MakeApp, MakeVisitor

from .conftest import add_api, get


@pytest.fixture(params=[True, False], ids=["RFC 9068", "Auth0"])
def api(request: pytest.FixtureRequest, issuer: Tenant) -> Iterator[Api]:
    """An API in which Ada may do more than others."""
    people, apis = list(issuer.people), list(issuer.apis)
    scopes = ["read:messages", "write:messages", "delete:all"]
    api = Api(API, scopes=scopes, rbac=True, rfc9068=request.param)
    issuer.apis.append(api)
    ada = dataclasses.replace(people[0], permissions=["read:messages", "delete:all"])
    issuer.people[0] = ada
    yield api
    issuer.people[:], issuer.apis[:] = people, apis


@pytest.fixture
def app(make_app: MakeApp, api: Api) -> Flask:
    scope = "openid read:messages write:messages"
    return add_api(make_app(audience=API, scope=scope))


def test_scopes_and_permissions(app: Flask, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(app)
    visitor.log_in()
    headers = bearer(visitor.fetch("/both/token").text)
    assert get(app, "/api/me", headers).get_json()["sub"] == "auth0|ada"
    for name, status in {
        "scope": 200,
        "scopes": 403,
        "permission": 200,
        "permissions": 200,
        "one": 403,
    }.items():
        assert get(app, f"/needs/{name}", headers).status_code == status, name
