"""Flows where browsers keep the session from what other sites begin."""

from __future__ import annotations

import pytest
from flask import Flask

from flask_auth0.tenant import TenantServer
from tests.harness.visitor import NAVIGATION, MakeApp, Visitor

from .conftest import SCOPE, add_starts
from .going import ACCOUNT, choose


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app(scope=SCOPE, cookie_same_site="Strict")
    add_starts(app)
    return app


@pytest.mark.parametrize("name", ["connect", "link"])
def test_the_session_comes_with_the_next_request(
    visitor: Visitor, tenant: TenantServer, name: str
) -> None:
    visitor.log_in()
    begun = visitor.get(f"/sync/{name}?next=/profile")
    callback = choose(visitor, begun, account=ACCOUNT)
    cookies, visitor.client = visitor.client, visitor.app.test_client()
    elsewhere = {**NAVIGATION, "Sec-Fetch-Site": "cross-site"}
    page = visitor.get(callback, headers=elsewhere)
    assert page.status_code == 200
    assert "/callback?" in page.text
    visitor.client = cookies
    again = visitor.get(
        callback, headers={**NAVIGATION, "Sec-Fetch-Site": "same-origin"}
    )
    assert "/profile" in again.text
    accounts = tenant.tenant.accounts
    assert accounts.connected("auth0|ada") or accounts.linked("auth0|ada")
