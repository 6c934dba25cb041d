"""Logging out, here and at the tenant."""

from __future__ import annotations

import asyncio
import re
import threading
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from auth0_server_python.auth_server.server_client import ServerClient
from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from flask_auth0 import Auth0, user_logged_out
from flask_auth0.tenant import TenantServer, metadata
from flask_auth0.tenant.provider import Provider
from tests.harness.visitor import (
    ADA,
    HOST,
    MakeApp,
    MakeVisitor,
    Visitor,
    add_views,
    query_of,
)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_logging_out(visitor: Visitor, tenant: TenantServer, method: str) -> None:
    visitor.log_in()
    heard: list[t.Any] = []
    with user_logged_out.connected_to(lambda app, user: heard.append(user["email"])):
        response = visitor.client.open("/logout", base_url=HOST, method=method)
    assert heard == [ADA]
    assert response.cache_control.no_store
    assert response.location.startswith(f"{tenant.url}/oidc/logout?")
    query = query_of(response.location)
    assert query["id_token_hint"].count(".") == 2
    assert query["post_logout_redirect_uri"] == f"{HOST}/"
    assert visitor.http.get(response.location).headers["Location"] == f"{HOST}/"
    assert tenant.tenant.sessions() == []
    assert visitor.user() is None
    # It says for some minutes what has ended, to an answer that is on its way.
    assert list(visitor.cookies()) == ["session_a0_ended"]


def test_logging_out_twice(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.get("/logout")
    assert visitor.get("/logout").status_code == 302


def test_v2(make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer) -> None:
    visitor = make_visitor(make_app(logout_strategy="v2"))
    visitor.log_in()
    location = visitor.get("/logout").location
    assert location.startswith(f"{tenant.url}/v2/logout?")
    assert query_of(location)["returnTo"] == f"{HOST}/"
    assert visitor.http.get(location).headers["Location"] == f"{HOST}/"


@pytest.fixture
def without_endpoint(tenant: TenantServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tenant publish no ``end_session_endpoint``."""
    monkeypatch.setattr(tenant.tenant, "publish_end_session_endpoint", False)


@pytest.mark.usefixtures("without_endpoint")
def test_auto_falls_back_where_the_tenant_has_no_endpoint_for_it(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(make_app())
    visitor.log_in()
    assert "/v2/logout?" in visitor.get("/logout").location


def test_oidc(make_app: MakeApp, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(make_app(logout_strategy="oidc"))
    visitor.log_in()
    location = visitor.get("/logout").location
    assert "/oidc/logout?" in location
    query = query_of(location)
    assert query["id_token_hint"]
    assert query["client_id"] == "the-client"
    assert "federated" not in query
    assert visitor.http.get(location).headers["Location"] == f"{HOST}/"
    assert visitor.user() is None


@pytest.mark.usefixtures("without_endpoint")
def test_oidc_has_no_other_way(
    make_app: MakeApp, make_visitor: MakeVisitor, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = make_visitor(make_app({"DEBUG": True}, logout_strategy="oidc"))
    visitor.log_in()
    heard: list[t.Any] = []
    with user_logged_out.connected_to(lambda app, user: heard.append(user["email"])):
        response = visitor.get("/logout")
    assert response.status_code == 502
    assert "AUTH0_LOGOUT_STRATEGY" in response.text
    assert 'href="/"' in response.text
    assert "AUTH0_LOGOUT_STRATEGY" in caplog.text
    # Here the session has ended all the same.
    assert heard == [ADA]
    assert visitor.user() is None


@pytest.mark.parametrize("strategy", ["auto", "oidc", "v2"])
def test_federated(
    options: dict[str, t.Any], make_visitor: MakeVisitor, strategy: str
) -> None:
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options, logout_strategy=strategy)

    @app.get("/leave/<int:federated>")
    def leave(federated: int) -> t.Any:
        return auth0.logout(federated=bool(federated))

    visitor = make_visitor(app)
    endpoint = "/v2/logout?" if strategy == "v2" else "/oidc/logout?"
    for federated in [True, False]:
        location = visitor.get(f"/leave/{int(federated)}").location
        assert endpoint in location
        assert ("federated" in query_of(location)) is federated
    # Only a view decides that.
    assert "federated" not in visitor.get("/logout?federated").location


def test_a_tenant_that_is_down_keeps_nobody_logged_in(
    make_app: MakeApp, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(self: t.Any, domain: str) -> t.Any:
        raise httpx.ConnectError("refused")

    visitor = make_visitor(make_app())
    visitor.log_in()
    client = make_app().test_client()
    for name, value in visitor.cookies().items():
        client.set_cookie(name, value, domain="localhost")
    visitor.client = client
    monkeypatch.setattr(ServerClient, "_fetch_oidc_metadata", unreachable)
    assert visitor.user() is not None
    assert "/v2/logout" in visitor.get("/logout").location
    assert visitor.user() is None


def test_an_id_token_that_is_too_long_for_a_url_is_left_out(
    visitor: Visitor, tenant: TenantServer
) -> None:
    tenant.tenant.extra_claims["roles"] = "x" * 5000
    visitor.log_in()
    query = query_of(visitor.get("/logout").location)
    assert "id_token_hint" not in query
    assert query["logout_hint"]


def test_logging_out_from_a_view_of_the_app(
    options: dict[str, t.Any], make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options, logout_path="")
    add_views(app)

    @app.get("/bye")
    def bye() -> t.Any:
        return auth0.logout("/goodbye", federated=True)

    visitor = make_visitor(app)
    visitor.log_in()
    response = visitor.get("/bye")
    assert response.cache_control.no_store
    query = query_of(response.location)
    assert query["post_logout_redirect_uri"] == f"{HOST}/goodbye"
    assert query["federated"] == "true"
    assert visitor.user() is None
    assert visitor.get("/logout").status_code == 404


def test_a_query_decides_nothing(visitor: Visitor) -> None:
    visitor.log_in()
    location = visitor.get("/logout?returnTo=https://evil.example&next=//evil").location
    assert "evil" not in location


LISTED = "https://www.example.com/bye"
#: Each comes close to what is listed, or to a page of the app. None is either.
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "/\n/evil.example/",
    " //evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "http:evil.example",
    "///evil.example/",
    "https://WWW.example.com/bye",
    "HTTPS://www.example.com/bye",
    "https://www.example.com:8443/bye",
    "https://user@www.example.com/bye",
    "https://www.example.com@evil.example/bye",
    "https://www.example.com.evil.example/bye",
    "https://www.example.com/bye/",
    "https://www.example.com/bye?x=1",
    "https://www.example.com/bye#x",
    "https://www.example.com/",
    "https://www.example.com\\@evil.example/bye",
    "http://www.example.com/bye",
    f"{LISTED}\n",
    f" {LISTED}",
    f"{HOST}:8080/bye",
    f"{HOST}@evil.example/bye",
    f"{HOST}.evil.example/bye",
    f"{HOST}//evil.example/bye",
    f"{HOST}/\\evil.example/bye",
    "HTTP://LOCALHOST/bye",
    "https://localhost/bye",
    "\x00",
    "/" + "x" * 5000,
]


def asking(app: Flask, **more: t.Any) -> Callable[[str], str]:
    """Return a function that asks ``/logout`` for a place to go, and says which."""

    def ask(return_to: str) -> str:
        response = app.test_client().get(
            "/logout", query_string={"return_to": return_to}, base_url=HOST, **more
        )
        return query_of(response.location)["post_logout_redirect_uri"]

    return ask


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_can_choose_what_is_listed(
    make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer, method: str
) -> None:
    visitor = make_visitor(make_app(allowed_logout_urls=["/bye", LISTED]))
    for wanted in [f"{HOST}/bye", LISTED]:
        tenant.tenant.client.logout_urls.append(wanted)
        visitor.log_in()
        response = visitor.client.open(
            "/logout",
            query_string={"return_to": wanted},
            base_url=HOST,
            method=method,
        )
        assert visitor.user() is None
        assert visitor.http.get(response.location).headers["Location"] == wanted


def test_a_listed_path_and_its_url_are_the_same(make_app: MakeApp) -> None:
    listed = ["/bye", f"{HOST}/ciao"]
    ask = asking(make_app(allowed_logout_urls=listed, post_logout_redirect="/home"))
    for path in ["/bye", "/ciao", "/home"]:
        assert ask(path) == ask(f"{HOST}{path}") == f"{HOST}{path}"
    # A page of the app is no reason to let anybody choose it.
    for other in ["/", "/profile", "/bye/", "/BYE", "/./bye", "bye", ""]:
        assert ask(other) == f"{HOST}/home"


def test_a_query_that_asks_for_anything_else_counts_for_nothing(
    make_app: MakeApp, make_visitor: MakeVisitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    visitor = make_visitor(make_app(allowed_logout_urls=["/bye", LISTED]))
    visitor.log_in()
    hints = [{"id_token_hint"}] + [set()] * (len(ELSEWHERE) - 1)
    for wanted, hint in zip(ELSEWHERE, hints, strict=True):
        caplog.clear()
        response = visitor.get("/logout", query_string={"return_to": wanted})
        query = query_of(response.location)
        assert query.pop("post_logout_redirect_uri") == f"{HOST}/", wanted
        assert set(query) == {"client_id"} | hint
        assert visitor.user() is None
        (line,) = [r for r in caplog.records if "logout_urls" in r.pathname]
        assert line.levelname == "INFO"
        assert "AUTH0_ALLOWED_LOGOUT_URLS" in line.getMessage()
        assert wanted.strip() not in line.getMessage()


def test_listed_paths_begin_where_the_app_is_mounted(make_app: MakeApp) -> None:
    app = make_app(allowed_logout_urls="/bye")
    ask = asking(app, environ_overrides={"SCRIPT_NAME": "/app"})
    # As the settings write it, as url_for() does, and as a URL.
    for wanted in ["/bye", "/app/bye", f"{HOST}/app/bye"]:
        assert ask(wanted) == f"{HOST}/app/bye"
    for other in [f"{HOST}/bye", "/app/app/bye", "/other"]:
        assert ask(other) == f"{HOST}/app/"


def test_listed_paths_behind_a_proxy(make_app: MakeApp) -> None:
    app = make_app(allowed_logout_urls="/bye")
    outside = "https://app.example.com"
    headers = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "app.example.com",
        "X-Forwarded-Prefix": "/app",
    }
    ask = asking(app, headers=headers)
    # Without ProxyFix, no header is believed.
    assert ask(f"{outside}/app/bye") == f"{HOST}/"
    app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1, x_prefix=1)  # type: ignore[method-assign]
    assert ask(f"{outside}/app/bye") == ask("/app/bye") == f"{outside}/app/bye"
    assert ask(f"{HOST}/bye") == f"{outside}/app/"


@pytest.fixture
def passing_on(options: dict[str, t.Any]) -> Flask:
    """An app whose own view passes on what a query asks for."""
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options, allowed_logout_urls=["/bye", LISTED])
    add_views(app)

    @app.get("/leave")
    def leave() -> t.Any:
        return auth0.logout(return_to=request.args["to"])

    return app


@pytest.mark.parametrize(
    ("wanted", "url"),
    [
        ("/bye", f"{HOST}/bye"),
        (LISTED, LISTED),
        ("/profile?tab=1", f"{HOST}/profile?tab=1"),
        (f"{HOST}/profile", f"{HOST}/profile"),
        ("", f"{HOST}/"),
    ],
)
def test_a_view_can_choose_what_is_listed_and_pages_of_the_app(
    passing_on: Flask, make_visitor: MakeVisitor, wanted: str, url: str
) -> None:
    visitor = make_visitor(passing_on)
    visitor.log_in()
    location = visitor.get("/leave", query_string={"to": wanted}).location
    assert query_of(location)["post_logout_redirect_uri"] == url
    assert visitor.user() is None


def test_a_view_that_chooses_anything_else_is_told_before_anything_ends(
    passing_on: Flask, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    visitor = make_visitor(passing_on)
    visitor.log_in()
    for wanted in [*ELSEWHERE, "/logout", "/x/../callback"]:
        with pytest.raises(ValueError, match="AUTH0_ALLOWED_LOGOUT_URLS") as caught:
            visitor.get("/leave", query_string={"to": wanted})
        assert wanted.strip() not in str(caught.value)
        assert visitor.user()["email"] == ADA
    assert len(tenant.tenant.sessions()) == 1


def test_a_page_under_a_mounted_app(
    passing_on: Flask, make_visitor: MakeVisitor
) -> None:
    for wanted in ["/bye", "/app/bye", f"{HOST}/app/bye"]:
        response = make_visitor(passing_on).get(
            "/leave",
            query_string={"to": wanted},
            environ_overrides={"SCRIPT_NAME": "/app"},
        )
        url = query_of(response.location)["post_logout_redirect_uri"]
        assert url == f"{HOST}/app/bye"


def test_the_configured_place_to_go(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    for configured, url in {
        "/goodbye": f"{HOST}/goodbye",
        "https://www.example.com/": "https://www.example.com/",
    }.items():
        visitor = make_visitor(make_app(post_logout_redirect=configured))
        query = query_of(visitor.get("/logout").location)
        assert query["post_logout_redirect_uri"] == url


def test_logging_out_is_no_login_that_did_not_last(visitor: Visitor) -> None:
    for _ in range(4):
        visitor.log_in()
        visitor.get("/logout")
        assert not [name for name in visitor.cookies() if "loop" in name]


# Revoking the refresh token


OFFLINE = "openid profile offline_access"


class Answers:
    """What the tenant is asked to revoke, and what it answers instead of doing it."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.authorizations: list[str | None] = []
        self.answer: Callable[[], Response] | None = None


@pytest.fixture
def revocations(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Watch the tenant's endpoint for revoking tokens."""
    answers, answer = Answers(), Provider.create_endpoint_response

    def watched(self: Provider, name: str, *args: t.Any) -> t.Any:
        if name == "revocation":
            answers.forms.append(request.form.to_dict())
            answers.authorizations.append(request.headers.get("Authorization"))
            if answers.answer is not None:
                return answers.answer()
        return answer(self, name, *args)

    monkeypatch.setattr(Provider, "create_endpoint_response", watched)
    return answers


class Leaver(Visitor):
    """A visitor of an app that shows the refresh token of the session."""

    def __init__(self, app: Flask, tenant: TenantServer) -> None:
        super().__init__(app, tenant)
        if "leave" not in app.view_functions:
            app.add_url_rule(
                "/leave", "leave", lambda: Auth0().logout("/"), methods=["GET"]
            )
            app.add_url_rule("/session", "session", lambda: Auth0().get_session() or {})

    def log_in_for_a_token(self) -> str:
        """Log in, and return the refresh token."""
        self.log_in()
        return t.cast(str, self.fetch("/session").get_json()["refresh_token"])

    def is_good(self, refresh_token: str) -> bool:
        """Whether the tenant gives new tokens for a refresh token."""
        answer = self.http.post(
            f"{self.tenant.url}/oauth/token",
            data={
                "grant_type": "refresh_token",
                "refresh_token": refresh_token,
                "client_id": "the-client",
                "client_secret": "the-client-secret",
            },
        )
        assert answer.is_success or answer.json()["error"] == "invalid_grant"
        return answer.is_success


@pytest.fixture
def make_leaver(
    make_app: MakeApp, tenant: TenantServer
) -> Iterator[Callable[..., Leaver]]:
    """Make visitors of apps with refresh tokens, which revoke them unless told."""
    leavers: list[Leaver] = []

    def make(config: dict[str, t.Any] | None = None, **options: t.Any) -> Leaver:
        options = {"revoke_refresh_token_on_logout": True, "scope": OFFLINE} | options
        leavers.append(Leaver(make_app(config, **options), tenant))
        return leavers[-1]

    yield make
    for leaver in leavers:
        leaver.http.close()


MakeLeaver = Callable[..., Leaver]


@pytest.mark.parametrize("mode", ["cookie", "server"])
@pytest.mark.parametrize("path", ["/logout", "/leave"])
@pytest.mark.parametrize("strategy", ["oidc", "v2"])
def test_the_refresh_token_is_revoked(
    make_leaver: MakeLeaver,
    revocations: Answers,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    mode: str,
    path: str,
    strategy: str,
) -> None:
    caplog.set_level("DEBUG")
    config = {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": str(tmp_path)}
    leaver = make_leaver(config if mode == "server" else {}, logout_strategy=strategy)
    token = leaver.log_in_for_a_token()
    response = leaver.get(path)
    assert f"/{strategy}/logout?" in response.location
    assert token not in response.location
    assert leaver.user() is None
    assert not leaver.is_good(token)
    assert revocations.forms == [
        {
            "token": token,
            "client_id": "the-client",
            "client_secret": "the-client-secret",
        }
    ]
    # Auth0 documents the form alone.
    assert revocations.authorizations == [None]
    assert token not in caplog.text
    assert "the-client-secret" not in caplog.text
    assert "not revoked" not in caplog.text


def test_the_refresh_token_is_left_alone(
    make_leaver: MakeLeaver, revocations: Answers
) -> None:
    leaver = make_leaver(revoke_refresh_token_on_logout=None)
    token = leaver.log_in_for_a_token()
    leaver.get("/logout")
    assert leaver.user() is None
    assert revocations.forms == []
    assert leaver.is_good(token)


def test_nothing_to_revoke(make_leaver: MakeLeaver, revocations: Answers) -> None:
    leaver = make_leaver(scope="openid")
    assert leaver.get("/logout").status_code == 302
    leaver.log_in()
    assert leaver.get("/logout").status_code == 302
    assert leaver.user() is None
    assert revocations.forms == []


def test_a_refused_place_to_go_revokes_nothing(
    make_leaver: MakeLeaver, revocations: Answers
) -> None:
    leaver = make_leaver()
    leaver.app.add_url_rule("/away", "away", lambda: Auth0().logout("//evil.example"))
    token = leaver.log_in_for_a_token()
    with pytest.raises(ValueError, match="AUTH0_ALLOWED_LOGOUT_URLS"):
        leaver.get("/away")
    assert revocations.forms == []
    assert leaver.is_good(token)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"<html>"),
        (503, b""),
        (429, b"{}"),
        (400, b'{"error": "unsupported_token_type"}'),
        (401, b'{"error": "invalid_client"}'),
        (404, b"Not found"),
        (302, b""),
    ],
)
def test_a_tenant_that_revokes_nothing_keeps_nobody_logged_in(
    make_leaver: MakeLeaver,
    revocations: Answers,
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: bytes,
) -> None:
    revocations.answer = lambda: Response(body, status, {"Location": "https://x/"})
    leaver = make_leaver()
    token = leaver.log_in_for_a_token()
    response = leaver.get("/logout")
    assert "/oidc/logout?" in response.location
    assert leaver.user() is None
    assert len(revocations.forms) == 1
    check_warning(caplog, token)


def check_warning(caplog: pytest.LogCaptureFixture, token: str) -> None:
    """One warning of it, which names no token and no secret."""
    (line,) = [r for r in caplog.records if "not revoked" in r.getMessage()]
    assert line.levelname == "WARNING"
    assert token not in caplog.text
    assert "the-client-secret" not in caplog.text


def test_a_tenant_that_is_slow_to_revoke(
    make_leaver: MakeLeaver, revocations: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    over = threading.Event()

    def wait() -> Response:
        assert over.wait(30)
        return Response()

    revocations.answer = wait
    leaver = make_leaver(timeout=1)
    token = leaver.log_in_for_a_token()
    try:
        assert "/oidc/logout?" in leaver.get("/logout").location
    finally:
        over.set()
    assert leaver.user() is None
    check_warning(caplog, token)
    assert re.search(r"No answer within (1|0(\.\d)?) seconds", caplog.text)


@pytest.mark.parametrize(
    ("published", "good"),
    [
        # What Auth0 has, published or not.
        (None, False),
        # Nobody is there.
        ("https://127.0.0.1:9/revoke", True),
    ],
)
def test_where_tokens_are_revoked(
    make_leaver: MakeLeaver,
    monkeypatch: pytest.MonkeyPatch,
    published: str | None,
    good: bool,
) -> None:
    publish(monkeypatch, published)
    leaver = make_leaver()
    token = leaver.log_in_for_a_token()
    assert "/oidc/logout?" in leaver.get("/logout").location
    assert leaver.user() is None
    assert leaver.is_good(token) is good


def publish(monkeypatch: pytest.MonkeyPatch, endpoint: str | None) -> None:
    """Let the tenant publish another ``revocation_endpoint``."""
    rest = metadata._capabilities()
    changed = {**rest, "revocation_endpoint": endpoint}
    monkeypatch.setattr(metadata, "_capabilities", lambda: changed)


def test_no_token_is_sent_in_the_clear(
    make_leaver: MakeLeaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, "http://127.0.0.1:9/revoke")
    leaver = make_leaver()
    assert leaver.get("/login").status_code == 502


@pytest.mark.parametrize("strategy", ["auto", "oidc"])
def test_a_tenant_that_is_down_revokes_nothing(
    make_leaver: MakeLeaver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    strategy: str,
) -> None:
    async def unreachable(self: t.Any, domain: str) -> t.Any:
        raise httpx.ConnectError("refused")

    leaver = make_leaver()
    token = leaver.log_in_for_a_token()
    cookies = leaver.cookies()
    leaver = make_leaver(logout_strategy=strategy)
    for name, value in cookies.items():
        leaver.set_cookie(name, value)
    monkeypatch.setattr(ServerClient, "_fetch_oidc_metadata", unreachable)
    assert leaver.user() is not None
    response = leaver.get("/logout")
    assert response.status_code == (302 if strategy == "auto" else 503)
    assert leaver.user() is None
    assert "refresh token was not revoked" in caplog.text
    assert token not in caplog.text


def test_a_tenant_that_hangs_takes_no_longer_than_the_limit(
    make_leaver: MakeLeaver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def hang(self: t.Any, domain: str) -> t.Any:
        await asyncio.Event().wait()

    leaver = make_leaver()
    leaver.log_in_for_a_token()
    cookies = leaver.cookies()
    leaver = make_leaver(timeout=1)
    for name, value in cookies.items():
        leaver.set_cookie(name, value)
    monkeypatch.setattr(ServerClient, "_fetch_oidc_metadata", hang)
    assert "/v2/logout?" in leaver.get("/logout").location
    # One limit for all that the tenant is asked: no second one was left.
    assert re.search(r"not revoked.* No answer within 0(\.\d)? seconds", caplog.text)
    assert leaver.user() is None


@pytest.mark.usefixtures("without_endpoint")
def test_a_logout_that_ends_in_an_error_revokes_all_the_same(
    make_leaver: MakeLeaver,
) -> None:
    leaver = make_leaver(logout_strategy="oidc")
    token = leaver.log_in_for_a_token()
    assert leaver.get("/logout").status_code == 502
    assert not leaver.is_good(token)


def test_a_receiver_that_raises_keeps_no_token_alive(make_leaver: MakeLeaver) -> None:
    def fail(app: Flask, user: t.Any) -> None:
        raise LookupError("in a receiver")

    leaver = make_leaver()
    token = leaver.log_in_for_a_token()
    with (
        user_logged_out.connected_to(fail),
        pytest.raises(LookupError, match="in a receiver"),
    ):
        leaver.get("/logout")
    assert not leaver.is_good(token)
