"""Whatever is in a request: never a traceback, and never a login."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flask_auth0.tenant import Tenant
from tests.hostile.cases import CASES

from .conftest import SCRIPT, SUB, Page
from .test_attacks import POSTED

# This test has a full form.
pytestmark = pytest.mark.usefixtures("rounds")

NAMES = ["connection", "email", "phoneNumber", "send", "language", "next"]
NAMES += ["verificationCode", "mfa_token", "otp", "oob_code", "binding_code"]
NAMES += ["recovery_code", "authenticator_types", "challenge_type", "scopes", "id"]
TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["email", "sms", "otp", "oob", "code", "link", "+14155550100"]),
    st.sampled_from(["\x00", "\ud800", "a\r\nb", "//evil.example", "x" * 9000]),
)
VALUE = st.one_of(TEXT, st.none(), st.integers(), st.floats(), st.lists(TEXT))


@CASES
@given(
    path=st.sampled_from(POSTED),
    members=st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=4),
    likely=st.dictionaries(st.sampled_from(NAMES), TEXT, max_size=3),
    is_asked=st.booleans(),
)
@example("/connect/forget", {}, {"id": ".."}, False)
@example("/passwordless/verify", {}, {"email": "\ud800", "next": "\ud800"}, True)
def test_no_content_is_a_traceback(
    page: Page,
    issuer: Tenant,
    path: str,
    members: dict[str, t.Any],
    likely: dict[str, str],
    is_asked: bool,
) -> None:
    issuer.mfa.required.add(SUB)
    asked = {"connection": "email"} if "passwordless" in path else {}
    if is_asked and path.startswith("/mfa"):
        asked = {"mfa_token": page.mfa_token()}
    content = json.dumps({**members, **likely, **asked}).encode()
    answer = page.send(path, SCRIPT, data=content, content_type="application/json")
    assert answer.status_code < 500
    assert page.user() is None
