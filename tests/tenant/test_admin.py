"""The switches, from Python and on the administrator's page."""

from __future__ import annotations

import time
from dataclasses import asdict

import pytest

from flask_auth0.tenant import Tenant
from tests.tenant.flow import Flow

FORMS = [
    "/admin/sessions/x/end",
    "/admin/keys",
    "/admin/tokens/expire",
    "/admin/tokens/fail",
    "/admin/lifetimes",
    "/admin/rotation",
]


@pytest.mark.parametrize("path", FORMS)
def test_forms_need_their_token(flow: Flow, tenant: Tenant, path: str) -> None:
    before = tenant.keys.kid
    response = flow.http.post(path, data={"csrf_token": "wrong"})
    assert response.status_code == 400
    assert tenant.keys.kid == before
    assert tenant.take_failure() is None


def test_sessions_are_listed_and_ended(flow: Flow, tenant: Tenant) -> None:
    flow.log_in()
    (session,) = tenant.sessions()
    page = flow.http.get("/admin").text
    assert session.sid in page
    assert "Ada Lovelace" in page
    page = flow.admin(f"/admin/sessions/{session.sid}/end").text
    assert "Nobody is logged in." in page
    assert tenant.sessions() == []


def test_urls_are_listed_and_secrets_are_not(flow: Flow, tenant: Tenant) -> None:
    page = flow.http.get("/admin").text
    assert tenant.client.callbacks[0] in page
    assert tenant.client.client_secret not in page


def published_kids(flow: Flow) -> list[str]:
    jwks = flow.http.get("/.well-known/jwks.json").json()
    return [key["kid"] for key in jwks["keys"]]


def test_rotate_keys(flow: Flow, tenant: Tenant) -> None:
    (first,) = published_kids(flow)
    flow.admin("/admin/keys", keep_old="on")
    second, old = published_kids(flow)
    assert (old, second) == (first, tenant.keys.kid)
    flow.admin("/admin/keys")
    (third,) = published_kids(flow)
    assert third not in (first, second)


def test_fail_next_token_requests(flow: Flow, tenant: Tenant) -> None:
    tenant.fail_next_token_request(
        status=502, body=b"<p>no", content_type="text/html", count=2
    )
    code = flow.log_in()
    for _ in range(2):
        response = flow.exchange(code)
        assert (response.status_code, response.text) == (502, "<p>no")
    assert flow.exchange(code).status_code == 200
    outcomes = [request.outcome for request in tenant.token_requests]
    assert outcomes == ["status 502", "status 502", "ok"]


def test_late_token_request(flow: Flow, tenant: Tenant) -> None:
    tenant.fail_next_token_request(status=None, delay=0.3)
    code, before = flow.log_in(), time.monotonic()
    assert flow.exchange(code).status_code == 200
    assert time.monotonic() - before >= 0.3


@pytest.mark.parametrize(
    ("kind", "status"),
    [("error", 500), ("unavailable", 503), ("rubbish", 200), ("invalid_grant", 403)],
)
def test_fail_from_the_page(flow: Flow, kind: str, status: int) -> None:
    flow.admin("/admin/tokens/fail", kind=kind, count="1", delay="0")
    response = flow.exchange("any")
    assert response.status_code == status
    assert "access_token" not in response.text


def test_expire_tokens(flow: Flow, tenant: Tenant) -> None:
    tokens = flow.tokens()
    tenant.expire_tokens(refresh_tokens=False)
    assert flow.userinfo(tokens["access_token"]).status_code == 401
    refreshed = flow.refresh(tokens["refresh_token"]).json()
    assert flow.userinfo(refreshed["access_token"]).status_code == 200
    tenant.expire_tokens()
    assert flow.refresh(refreshed["refresh_token"]).json()["error"] == "invalid_grant"


def test_expire_from_the_page(flow: Flow) -> None:
    tokens = flow.tokens()
    flow.admin("/admin/tokens/expire", refresh_tokens="on")
    assert flow.userinfo(tokens["access_token"]).status_code == 200
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_lifetimes(flow: Flow, tenant: Tenant) -> None:
    lifetimes = dict.fromkeys(asdict(tenant.lifetimes), "10") | {"access_token": "7"}
    flow.admin("/admin/lifetimes", **lifetimes)
    assert flow.tokens()["expires_in"] == 7


def test_lifetimes_are_seconds(flow: Flow, tenant: Tenant) -> None:
    response = flow.admin("/admin/lifetimes", access_token="soon")
    assert response.status_code == 400
    assert tenant.lifetimes.access_token == 86400


def test_rotation_can_be_turned_off(flow: Flow, tenant: Tenant) -> None:
    flow.admin("/admin/rotation")
    assert tenant.rotation is False
    flow.admin("/admin/rotation", rotation="on")
    assert tenant.rotation is True
