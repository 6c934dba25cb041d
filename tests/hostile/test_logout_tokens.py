"""Logout tokens that a tenant would not make: no error, and nobody else's logout."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_auth0.tenant import TenantServer
from tests.harness.logout_tokens import make_claims, make_token, post, sub_of
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor

from .cases import CASES
from .mutations import JSON, damaged

# These tests have a full form.
pytestmark = pytest.mark.usefixtures("rounds")

NAMES = ["iss", "aud", "azp", "iat", "exp", "nbf", "jti", "events", "nonce"]
NAMES += ["sub", "sid", "other"]
CLAIMS = st.dictionaries(st.sampled_from(NAMES), JSON, min_size=1, max_size=4)
TYPES = st.one_of(st.sampled_from(["logout+jwt", "JWT", "at+jwt", ""]), st.text())


@pytest.fixture
def ada(make_app: MakeApp, make_visitor: MakeVisitor, redis_url: str) -> Visitor:
    settings = {"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url}
    visitor = make_visitor(make_app(settings, session_store_timeout=60))
    visitor.log_in()
    return visitor


@CASES
@given(changes=CLAIMS, typ=TYPES)
def test_strange_claims_are_no_error(
    ada: Visitor, tenant: TenantServer, changes: dict[str, t.Any], typ: str
) -> None:
    claims = make_claims(tenant.tenant, sub="auth0|nobody")
    token = tenant.tenant.keys.sign({**claims, **changes}, typ)
    told = post(ada, token)
    assert told.status_code in {200, 400}
    assert told.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in told.headers
    assert ada.user() is not None


@CASES
@given(data=st.data())
def test_a_damaged_token_ends_nothing(
    ada: Visitor, tenant: TenantServer, data: st.DataObject
) -> None:
    token = make_token(tenant.tenant, sub=sub_of(ada))
    changed = data.draw(damaged(token))
    if changed == token:
        return
    assert post(ada, changed).status_code in {400, 413}
    assert ada.user() is not None
