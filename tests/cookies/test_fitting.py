"""What a response sets fits into a proxy's buffer, or is refused with a page."""

from __future__ import annotations

import json
import secrets
import typing as t

import pytest
from flask import Flask, Response, redirect, request
from flask.sessions import SecureCookieSessionInterface
from redis import Redis
from werkzeug.test import TestResponse

from flask_auth0 import Auth0, Auth0Error
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import ADA, GRACE, MakeApp, MakeVisitor, Visitor

if t.TYPE_CHECKING:
    from tests.harness.clock import Clock

LIMIT = 4096
OFFLINE, API = "openid profile email offline_access", "https://api.example.com"


def head_of(answer: TestResponse) -> int:
    """How many bytes the head has, with what gunicorn adds to it."""
    lines = [f"HTTP/1.1 {answer.status}", *(f"{k}: {v}" for k, v in answer.headers)]
    lines += ["Server: gunicorn", "Date: Sat, 28 Nov 2026 21:51:54 GMT"]
    lines += ["Connection: keep-alive", "", ""]
    return len("\r\n".join(lines))


def check(answer: TestResponse) -> TestResponse:
    assert head_of(answer) <= LIMIT
    return answer


def claims(size: int) -> dict[str, str]:
    """So many bytes of claims, as they are in life: names, addresses, ids."""
    found: dict[str, str] = {}
    while (left := size - len(json.dumps(found))) > 0:
        name = f"https://app.example.com/claim_{len(found)}"
        found[name] = f"Department {secrets.token_hex(8)}"[: max(left, 1)]
    return found


@pytest.fixture
def padding() -> dict[str, str]:
    """Headers that the app puts on its pages."""
    return {}


@pytest.fixture
def make_own_app(make_app: MakeApp, padding: dict[str, str]) -> MakeApp:
    def make(config: dict[str, t.Any] | None = None, **options: t.Any) -> Flask:
        app = make_app(config, **{"scope": OFFLINE, "audience": API, **options})
        auth0 = Auth0()

        @app.route("/refresh", methods=["GET", "POST"])
        def refresh() -> str:
            return auth0.get_access_token(force_refresh=True)

        @app.get("/token")
        def token() -> str:
            return auth0.get_access_token()

        @app.get("/fill/<int:size>")
        def fill(size: int) -> str:
            auth0.update_session(filling=secrets.token_urlsafe(size)[:size])
            return "filled"

        @app.get("/stream")
        def stream() -> Response:
            auth0.get_access_token(force_refresh=True)
            return Response(iter(["streamed"]))

        @app.get("/away")
        def away() -> t.Any:
            auth0.get_access_token(force_refresh=True)
            return redirect("/" + "x" * 100)

        @app.after_request
        def pad(response: Response) -> Response:
            is_spared = request.path == "/callback" and "Callback" not in padding
            if request.path != "/login" and not is_spared:
                response.headers.update(padding)
            return response

        return app

    return make


@pytest.fixture
def app(make_own_app: MakeApp) -> Flask:
    return make_own_app()


@pytest.fixture
def visitor(app: Flask, make_visitor: MakeVisitor) -> Visitor:
    return make_visitor(app)


@pytest.mark.parametrize("size", [0, 300, 600, 1000])
def test_realistic_logins_fit(
    visitor: Visitor, tenant: TenantServer, size: int
) -> None:
    tenant.tenant.extra_claims.update(claims(size))
    for person in (ADA, ADA, GRACE):
        # Also where there are the cookies of the one before.
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
    assert "SESSION_TYPE" in answer.text
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
    redis_url: str,
    tenant: TenantServer,
    padding: dict[str, str],
) -> None:
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
    settings = {"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url}
    visitor = make_visitor(make_own_app(settings))
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


def test_a_logout_gets_through(visitor: Visitor, tenant: TenantServer) -> None:
    """With a large ID token, which could be its hint."""
    tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(1300)
    visitor.log_in()
    visitor.get("/user")
    answer = check(visitor.get("/logout"))
    assert answer.status_code == 302
    assert "client_id=" in answer.location
    assert visitor.user() is None


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
