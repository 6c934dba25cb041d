"""Public pages log visitors in who are logged in at the tenant, and nobody else."""

from __future__ import annotations

import time
import typing as t

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_auth0 import (
    SessionStoreUnavailable,
    current_user,
    login_failed,
    silent_login,
)
from flask_auth0.views import silent
from tests.harness.proxy import Proxy
from tests.harness.visitor import (
    ADA,
    HOST,
    NAVIGATION,
    MakeApp,
    MakeVisitor,
    Visitor,
    query_of,
)

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"
BROWSER = {**NAVIGATION, "User-Agent": CHROME}
MARKER = "session_a0_silent"


@pytest.fixture(params=["cookie", "redis"])
def app(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    config: dict[str, t.Any] = {}
    if request.param == "redis":
        config = request.getfixturevalue("redis_settings")
    app = make_app(config)
    add_pages(app)
    return app


def add_pages(app: Flask) -> None:
    def page(**arguments: str) -> str:
        return f"page of {current_user.sub}"

    async def page_async() -> str:
        return page()

    methods = ["GET", "POST", "HEAD"]
    for path in ("/public", "/public/<name>"):
        app.add_url_rule(path, path, silent_login(page), methods=methods)
    app.add_url_rule("/async", "async", silent_login(page_async))


def visit(visitor: Visitor, path: str = "/public", **headers: str) -> TestResponse:
    return visitor.get(path, headers={**BROWSER, **headers})


def ask(visitor: Visitor, path: str = "/public", **options: t.Any) -> TestResponse:
    """Follow the question to the tenant and back, to the page."""
    asked = visit(visitor, path)
    assert query_of(asked.location)["prompt"] == "none"
    assert "no-store" in asked.headers["Cache-Control"]
    back = visitor.http.get(asked.location).headers["Location"]
    came = visitor.get(back, headers=BROWSER)
    assert came.status_code == 302, came.text
    return visitor.get(came.location, headers=BROWSER)


def at_tenant(visitor: Visitor) -> None:
    """Log in at the tenant, and not here, as another app does."""
    visitor.authorize(visitor.get("/login"), ADA)
    for name in [*visitor.cookies()]:
        visitor.client.delete_cookie(name, domain="localhost")


@pytest.mark.parametrize("path", ["/public", "/async", "/public/a%20b?q=1&r=%C3%A4"])
def test_who_is_logged_in_at_the_tenant(visitor: Visitor, path: str) -> None:
    at_tenant(visitor)
    page = ask(visitor, path)
    assert page.text == "page of auth0|ada"
    assert page.request.path == visitor.app.test_request_context(path).request.path
    assert page.request.query_string.decode() == path.partition("?")[2]
    assert visit(visitor, path).text == "page of auth0|ada"


@pytest.mark.parametrize("path", ["/public", "/async"])
def test_who_is_not_stays_anonymous_and_is_asked_once(
    visitor: Visitor, path: str
) -> None:
    failed: list[t.Any] = []
    with login_failed.connected_to(lambda sender, error: failed.append(error)):
        page = ask(visitor, path)
    assert (page.status_code, page.text) == (200, "page of None")
    assert "Cookie" in page.vary
    assert failed == []
    assert visit(visitor, path).text == "page of None"
    assert MARKER in visitor.cookies()


@pytest.mark.parametrize(
    "error",
    [
        "login_required",
        "interaction_required",
        "consent_required",
        "account_selection_required",
        "access_denied",
        "server_error",
        "rubbish",
    ],
)
def test_every_refusal_shows_the_page(visitor: Visitor, error: str) -> None:
    asked = visit(visitor)
    state = query_of(asked.location)["state"]
    came = visitor.get(f"/callback?error={error}&state={state}", headers=BROWSER)
    assert (came.status_code, came.location) == (302, "/public")
    assert visit(visitor).text == "page of None"


def test_a_login_of_the_users_own_is_told_why_it_failed(visitor: Visitor) -> None:
    started = visitor.get("/login?prompt=none")
    state = query_of(started.location)["state"]
    came = visitor.get(f"/callback?error=login_required&state={state}")
    assert came.status_code == 401


def test_after_ten_minutes_it_is_asked_again(visitor: Visitor) -> None:
    (line,) = [
        each
        for each in visit(visitor).headers.getlist("Set-Cookie")
        if each.startswith(MARKER)
    ]
    assert f"Max-Age={silent.PAUSE};" in line
    # The redirect of the tenant comes from another site.
    assert "SameSite=Lax" in line


def test_no_circle_without_cookies(visitor: Visitor) -> None:
    visitor.client = visitor.app.test_client(use_cookies=False)
    page = ask(visitor, "/public?q=1")
    assert (page.status_code, page.text) == (200, "page of None")
    assert page.request.args["q"] == "1"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {}),
        ("HEAD", {}),
        ("GET", {"Sec-Fetch-Mode": "cors"}),
        ("GET", {"Sec-Fetch-Dest": "iframe"}),
        ("GET", {"Sec-Purpose": "prefetch"}),
        ("GET", {"HX-Request": "true"}),
        ("GET", {"Authorization": "Bearer abc"}),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}),
        ("GET", {"User-Agent": "curl/8.5"}),
        ("GET", {"User-Agent": ""}),
    ],
)
def test_only_somebody_who_looks_at_the_page_is_asked(
    visitor: Visitor, method: str, headers: dict[str, str]
) -> None:
    answer = visitor.client.open(
        "/public", base_url=HOST, method=method, headers={**BROWSER, **headers}
    )
    assert answer.status_code == 200
    assert MARKER not in visitor.cookies()


def test_who_is_logged_in_here_is_not_asked(visitor: Visitor) -> None:
    visitor.log_in()
    assert visit(visitor).text == "page of auth0|ada"
    assert MARKER not in visitor.cookies()


def test_a_logout_is_not_undone(visitor: Visitor) -> None:
    at_tenant(visitor)
    assert ask(visitor).text == "page of auth0|ada"
    out = visitor.get("/logout", headers=BROWSER)
    (line,) = [
        each
        for each in out.headers.getlist("Set-Cookie")
        if each.startswith(f"{MARKER}=1")
    ]
    assert f"Max-Age={silent.AFTER_LOGOUT};" in line
    # The visitor does not follow the redirect, so the tenant's session goes on.
    assert visit(visitor).text == "page of None"


def test_apps_without_such_pages_get_no_cookie(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(make_app())
    visitor.log_in()
    visitor.get("/logout")
    assert MARKER not in visitor.cookies()


@pytest.fixture
def far_app(make_app: MakeApp, way: Proxy) -> Flask:
    """An app whose way to the tenant can be cut."""
    app = make_app(domain=f"127.0.0.1:{way.port}")
    add_pages(app)
    return app


@pytest.mark.parametrize("event", ["cut", "freeze"])
def test_a_tenant_that_is_away(
    far_app: Flask, make_visitor: MakeVisitor, way: Proxy, event: str
) -> None:
    failed: list[t.Any] = []
    visitor = make_visitor(far_app)
    getattr(way, event)()
    began = time.monotonic()
    with login_failed.connected_to(lambda sender, error: failed.append(error)):
        assert visit(visitor).text == "page of None"
        assert visit(visitor, "/async").text == "page of None"
    assert time.monotonic() - began < 3 * silent.PATIENCE
    assert failed == []
    # When it is back, the visitor is asked.
    assert MARKER not in visitor.cookies()
    way.thaw()


def test_a_tenant_that_was_away_a_moment_ago(
    far_app: Flask, make_visitor: MakeVisitor, way: Proxy
) -> None:
    visitor = make_visitor(far_app)
    asked = visit(visitor)
    back = visitor.http.get(asked.location).headers["Location"]
    state = query_of(back)["state"]
    way.cut()
    visitor.client.delete_cookie(MARKER, domain="localhost")
    # The code of this login cannot be exchanged, which shows that the tenant is away.
    came = visitor.get(f"/callback?code=a&state={state}", headers=BROWSER)
    assert (came.status_code, came.location) == (302, "/public")
    assert visit(visitor).text == "page of None"


def test_a_store_that_is_away(make_app: MakeApp, make_visitor: MakeVisitor) -> None:
    app = make_app()
    add_pages(app)
    visitor = make_visitor(app)
    visit(visitor)

    def fail(*args: t.Any) -> t.NoReturn:
        raise SessionStoreUnavailable

    visitor.client.delete_cookie(MARKER, domain="localhost")
    app.extensions["auth0"].state_store.claims = fail
    app.view_functions["/public"] = silent_login(lambda: "public")
    assert visit(visitor).text == "public"
