"""What a response sets fits into a proxy's buffer, or is refused with a page."""

from __future__ import annotations

import secrets
import typing as t

import pytest
from flask.sessions import SecureCookieSessionInterface

from flask_auth0 import Auth0, Auth0Error
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import ADA, GRACE, MakeApp, MakeVisitor, Visitor

from .sizes import LIMIT, check, claims

if t.TYPE_CHECKING:
    pass


@pytest.mark.parametrize("size", [0, 300, 600, 1000])
def test_realistic_logins_fit(
    visitor: Visitor, tenant: TenantServer, size: int
) -> None:
    tenant.tenant.extra_claims.update(claims(size))
    for person in (ADA, ADA, GRACE):
        # The cookies of the session before may be there.
        answer = check(visitor.log_in(person, "/login?next=/profile"))
        assert (answer.status_code, answer.location) == (302, "/profile")
        assert visitor.user()["email"] == person
    check(visitor.get("/refresh"))
    check(visitor.get("/logout"))
    assert visitor.user() is None


def test_with_other_flags_too(make_own_app: MakeApp, make_visitor: MakeVisitor) -> None:
    app = make_own_app({"SESSION_COOKIE_NAME": "a-name-of-some-length"})
    visitor = make_visitor(app)
    visitor.tenant.tenant.extra_claims.update(claims(600))
    check(visitor.log_in())
    assert visitor.user()["email"] == ADA


def test_a_login_that_does_not_fit_is_refused(
    visitor: Visitor, tenant: TenantServer, caplog: pytest.LogCaptureFixture
) -> None:
    visitor.log_in()
    kept = visitor.cookies()
    tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(2500)
    answer = check(visitor.log_in(GRACE))
    assert answer.status_code == 431
    assert f"at most {LIMIT} bytes" in answer.text
    assert "SESSION_TYPE" in caplog.text
    assert "SESSION_TYPE" not in answer.text
    # Nothing has begun, and nothing has ended.
    for name in ("session", "session_a0_head0", "session_a0_body0"):
        assert visitor.cookies()[name] == kept[name]
    assert visitor.user()["email"] == ADA
    assert "proxy_buffer_size 16k" in caplog.text
    assert "AUTH0_RESPONSE_HEADER_LIMIT" in caplog.text


def test_the_page_names_the_remedies_to_a_developer(
    visitor: Visitor, tenant: TenantServer
) -> None:
    visitor.app.debug = True
    tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(2500)
    answer = visitor.log_in()
    for remedy in ("SESSION_TYPE", "proxy_buffer_size", "AUTH0_RESPONSE_HEADER_LIMIT"):
        assert remedy in answer.text


def test_the_limit_is_a_key(
    make_own_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(2500)
    app = make_own_app({"AUTH0_RESPONSE_HEADER_LIMIT": "8192"})
    visitor = make_visitor(app)
    assert visitor.log_in().status_code == 302
    assert visitor.user()["email"] == ADA


@pytest.mark.parametrize("value", ["", "4k", "0", "2047", "-4096", True, 1e4, []])
def test_bad_limits(make_own_app: MakeApp, value: t.Any) -> None:
    with pytest.raises(Auth0Error, match=r"AUTH0_RESPONSE_HEADER_LIMIT .*2048 or more"):
        make_own_app(response_header_limit=value)


def test_a_login_whose_answer_turns_out_to_be_too_large(
    visitor: Visitor, padding: dict[str, str]
) -> None:
    padding.update({"Callback": "x", "Content-Security-Policy": "x" * 2500})
    answer = check(visitor.log_in())
    assert answer.status_code == 431
    assert visitor.cookies() == {}
    assert visitor.user() is None
    padding.clear()
    visitor.log_in()
    assert visitor.user()["email"] == ADA


def test_an_interface_of_the_apps_own(
    make_own_app: MakeApp, make_visitor: MakeVisitor, padding: dict[str, str]
) -> None:
    class ForeignInterface(SecureCookieSessionInterface):
        pass

    app = make_own_app()
    app.session_interface = ForeignInterface()
    visitor = make_visitor(app)
    visitor.log_in()
    padding["Content-Security-Policy"] = "x" * 2800
    assert check(visitor.get("/refresh")).status_code == 431


def test_a_login_with_a_server(
    make_own_app: MakeApp,
    make_visitor: MakeVisitor,
    redis_settings: dict[str, str],
    tenant: TenantServer,
    padding: dict[str, str],
) -> None:
    visitor = make_visitor(make_own_app(redis_settings))
    tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(5000)
    assert check(visitor.log_in()).status_code == 302
    assert visitor.user()["email"] == ADA
    check(visitor.get("/logout"))
    # Of one that is refused, nothing is left.
    padding.update({"Callback": "x", "Content-Security-Policy": "x" * 3500})
    assert check(visitor.log_in()).status_code == 431
    assert visitor.user() is None
    with visitor.app.test_request_context():
        assert Auth0().sessions.of("auth0|ada") == []


def test_what_a_login_remembers_may_be_too_large(visitor: Visitor) -> None:
    statuses = []
    for size in (100, 1000, 1400, 2000, 4000):
        hint = secrets.token_urlsafe(size)[:size]
        answer = check(visitor.get(f"/login?login_hint={hint}"))
        begins = any("_a0_tx_" in each for each in visitor.cookies())
        assert begins or answer.status_code == 431
        statuses.append(answer.status_code)
        visitor.client = visitor.app.test_client()
    assert statuses == sorted(statuses)
    assert set(statuses) == {302, 431}


def test_a_logout_gets_through(visitor: Visitor, tenant: TenantServer) -> None:
    """With a large ID token, which could be its hint."""
    tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(1300)
    visitor.log_in()
    visitor.get("/user")
    answer = check(visitor.get("/logout"))
    assert answer.status_code == 302
    assert "client_id=" in answer.location
    assert visitor.user() is None
