"""The protected API of the example, which the extension's guard protects."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from example_app import create_app
from example_app.embedded_tenant import AUDIENCE
from flask_auth0.tenant import Tenant
from tests.harness.access_tokens import bearer, make_token


def call(
    client: FlaskClient, tenant: Tenant, path: str = "/api/caller", **changes: Any
) -> TestResponse:
    token = make_token(
        tenant, **{"aud": AUDIENCE, "scope": "openid profile", **changes}
    )
    return client.get(path, headers=bearer(token))


def test_a_good_token_is_accepted(client: FlaskClient, tenant: Tenant) -> None:
    response = call(client, tenant, azp="the client")
    assert response.get_json() == {
        "client": "the client",
        "scope": ["openid", "profile"],
        "subject": "auth0|ada",
    }
    assert response.headers["Cache-Control"] == "no-store"


def test_the_lifetime_is_counted_down(client: FlaskClient, tenant: Tenant) -> None:
    soon = int(time.time()) + 60
    left = call(client, tenant, "/api/lifetime", exp=soon).get_json()["seconds_left"]
    assert 0 < left <= 60


@pytest.mark.parametrize(
    "changes", [{"exp": 1}, {"aud": "https://another.api.example"}, {"iss": "another"}]
)
def test_a_bad_one_is_refused(
    client: FlaskClient, tenant: Tenant, changes: dict[str, Any]
) -> None:
    response = call(client, tenant, **changes)
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
    assert client.get("/api/caller").status_code == 401


def test_without_an_audience_the_log_says_what_to_set(
    tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app({"TESTING": True})
    config = app.extensions["auth0"].config
    object.__setattr__(config, "audience", None)
    assert call(app.test_client(), tenant).status_code == 500
    assert "AUTH0_AUDIENCE is missing" in caplog.text
