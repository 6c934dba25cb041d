"""Sessions that grow while somebody is in, and responses without room for them."""

from __future__ import annotations

import typing as t

import pytest

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import ADA, MakeApp, MakeVisitor, Visitor

from .sizes import check, claims

if t.TYPE_CHECKING:
    from tests.harness.clock import Clock


@pytest.mark.parametrize("path", ["/refresh", "/stream", "/away"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refresh_whose_answer_does_not_fit_loses_no_token(
    visitor: Visitor,
    make_own_app: MakeApp,
    make_visitor: MakeVisitor,
    padding: dict[str, str],
    path: str,
    method: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if method == "POST" and path != "/refresh":
        pytest.skip("There is no such view.")
    visitor.tenant.tenant.extra_claims.update(claims(600))
    visitor.log_in()
    padding["Content-Security-Policy"] = "x" * 2500
    answer = check(visitor.get(path, method=method))
    assert answer.status_code == 431
    assert "Try again" in answer.text
    assert "A response was refused" in caplog.text
    assert visitor.get("/token").status_code == 200
    # The browser has the new refresh token, and not this process alone.
    other = make_visitor(make_own_app())
    for name, value in visitor.cookies().items():
        other.set_cookie(name, value)
    padding.clear()
    assert other.get("/refresh").status_code == 200
    assert other.tenant.tenant.token_requests[-1].outcome == "ok"


def test_what_is_too_large_by_itself_is_none_of_our_business(
    visitor: Visitor, padding: dict[str, str]
) -> None:
    visitor.log_in()
    padding["Content-Security-Policy"] = "x" * 5000
    assert visitor.get("/refresh").status_code == 200
    assert visitor.get("/token").status_code == 200


def test_noting_a_visit_is_never_a_reason(
    visitor: Visitor, padding: dict[str, str], clock: Clock
) -> None:
    visitor.log_in()
    visitor.user()
    clock.offset = 1800
    padding["Content-Security-Policy"] = "x" * 3700
    answer = check(visitor.get("/user"))
    assert answer.get_json()["email"] == ADA
    assert "_a0_visit" not in str(answer.headers)
    padding.clear()
    assert "_a0_visit" in str(visitor.get("/user").headers)


def test_a_change_that_does_not_fit_changes_nothing(visitor: Visitor) -> None:
    visitor.log_in()
    assert visitor.get("/fill/3000").status_code == 431
    assert "filling" not in visitor.user()
    assert check(visitor.get("/fill/300")).text == "filled"
    assert len(visitor.user()["filling"]) == 300


def test_a_refresh_that_has_grown_too_much_is_known_to_all_processes(
    make_own_app: MakeApp,
    make_visitor: MakeVisitor,
    redis_url: str,
    tenant: TenantServer,
) -> None:
    settings = {"AUTH0_REVOCATION_STORE": redis_url}
    visitor, other = (make_visitor(make_own_app(settings)) for _ in range(2))
    visitor.log_in()
    tenant.tenant.access_token_padding = 3000
    assert check(visitor.get("/refresh")).status_code == 431
    tenant.tenant.access_token_padding = 0
    for name, value in visitor.cookies().items():
        other.set_cookie(name, value)
    assert check(other.get("/refresh")).status_code == 200
    assert tenant.tenant.token_requests[-1].outcome == "ok"


def test_tokens_of_some_audiences_fit(
    make_own_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app = make_own_app()
    auth0 = Auth0()

    @app.get("/api/<int:number>")
    def api(number: int) -> str:
        return auth0.get_access_token(audience=f"https://{number}.example.com")

    visitor = make_visitor(app)
    visitor.log_in()
    visitor.tenant.tenant.token_requests.clear()
    for number in (0, 1, 0, 1):
        assert check(visitor.get(f"/api/{number}")).status_code == 200
    requests = visitor.tenant.tenant.token_requests
    assert len([each for each in requests if each.grant_type == "refresh_token"]) == 2
