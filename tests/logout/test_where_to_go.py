"""A logout leads to configured URLs only."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest
from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import (
    ADA,
    HOST,
    MakeApp,
    MakeVisitor,
    Visitor,
    add_views,
    query_of,
)


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
    # The spellings of the settings, of url_for(), and a whole URL.
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
