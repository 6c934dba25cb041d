"""Answers of ``/oauth/token`` that a test has asked for."""

from __future__ import annotations

from flask_auth0.tenant import Tenant
from tests.tenant.flow import Flow


def test_too_many_requests(flow: Flow, tenant: Tenant) -> None:
    tenant.limit_next_token_request(retry_after=7, count=2)
    code = flow.log_in()
    for _ in range(2):
        response = flow.exchange(code)
        assert response.status_code == 429
        assert response.headers["retry-after"] == "7"
        assert response.json()["error"] == "too_many_requests"
    assert flow.exchange(code).status_code == 200


def test_a_refresh_that_needs_another_factor(flow: Flow, tenant: Tenant) -> None:
    mfa_token = tenant.require_mfa_at_next_refresh()
    # A login is none of its business.
    refresh_token = flow.tokens()["refresh_token"]
    response = flow.refresh(refresh_token)
    assert response.status_code == 403
    assert response.json() == {
        "error": "mfa_required",
        "error_description": "Multifactor authentication required",
        "mfa_token": mfa_token,
        "mfa_requirements": {"challenge": [{"type": "otp"}]},
    }
    assert flow.refresh(refresh_token).status_code == 200


def test_other_requirements(flow: Flow, tenant: Tenant) -> None:
    requirements = {"enroll": [{"type": "phone"}]}
    tenant.require_mfa_at_next_refresh(requirements)
    response = flow.refresh(flow.tokens()["refresh_token"])
    assert response.json()["mfa_requirements"] == requirements
    outcomes = [each.outcome for each in tenant.token_requests]
    assert outcomes == ["ok", "mfa_required"]
