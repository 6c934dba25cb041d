"""AUTH0_PROTECT_APP: all of an app asks for a user, but for what is public."""

from __future__ import annotations

import typing as t

import pytest
from flask import Blueprint, Flask

from flask_auth0 import (
    Auth0,
    LoginRequired,
    public,
)
from flask_auth0.tenant import TenantServer
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import FETCH, HOST, NAVIGATION, MakeApp, MakeVisitor

from .conftest import Protect, get


@pytest.fixture(params=["cookies", "redis", "own"])
def protected(
    request: pytest.FixtureRequest, protect: Protect, options: dict[str, t.Any]
) -> Flask:
    """A protected app with its sessions in each place."""
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        return protect({"SESSION_TYPE": "redis", "SESSION_REDIS": url})
    return protect(own=request.param == "own")


def test_from_the_first_page_to_the_last(
    protected: Flask, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    tenant.tenant.client.logout_urls[:] = [f"{HOST}/"]
    visitor = make_visitor(protected)
    assert visitor.get("/").location == "/login?next=/"
    assert visitor.fetch("/").status_code == 401
    assert visitor.get("/about").text == "about, for None"
    assert visitor.get("/above").text == "above"
    assert visitor.log_in(path="/login?next=/").location == "/"
    assert visitor.get("/").text == "home of auth0|ada"
    assert visitor.get("/about").text == "about, for auth0|ada"
    assert visitor.get("/gone").status_code == 404
    assert visitor.get("/logout").status_code == 302
    assert visitor.get("/").location == "/login?next=/"


def test_who_knows_no_user_learns_no_url(protected: Flask) -> None:
    """What there is looks like what there is not."""
    for path in ("/", "/gone", "/nowhere", "/static/style.css", "/static/nowhere"):
        assert get(protected, path).location == f"/login?next={path}"
        answers = [
            get(protected, path, FETCH, method=method)
            for method in ("GET", "POST", "PUT", "DELETE", "TRACE", "HEAD")
        ]
        assert {each.status_code for each in answers} == {401}
    user = logged_in_client(protected)
    for path in ("/nowhere", "/gone", "/static/nowhere"):
        assert user.get(path, base_url=HOST).status_code == 404
    style = user.get("/static/style.css", base_url=HOST, buffered=True)
    assert style.text == "css"
    assert user.put("/", base_url=HOST).status_code == 405


def test_error_handlers_of_the_app(protect: Protect) -> None:
    app = protect()
    app.register_error_handler(404, lambda error: ("own 404", 404))
    app.register_error_handler(LoginRequired, lambda error: ("own 401", 401))
    assert get(app, "/nowhere").location == "/login?next=/nowhere"
    assert logged_in_client(app).get("/nowhere").text == "own 404"
    assert get(app, "/nowhere", FETCH).text == "own 401"


def test_preflights_of_cors(protect: Protect) -> None:
    app = protect()
    preflight = {
        **FETCH,
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "GET",
    }
    assert get(app, "/", preflight, method="OPTIONS").status_code == 200
    assert get(app, "/nowhere", preflight, method="OPTIONS").status_code == 401


def test_a_slash_and_a_method_of_a_public_view(protect: Protect) -> None:
    app = protect()
    app.add_url_rule("/open/", "open", public(lambda: "open"))
    app.add_url_rule("/shut/", "shut", lambda: "shut")
    app.add_url_rule("/open/<int:number>", "number", public(lambda number: "open"))
    assert get(app, "/open").location in {f"{HOST}/open/", "/open/"}
    assert get(app, "/open/", method="PUT", headers=FETCH).status_code == 405
    assert get(app, "/about", method="PUT", headers=FETCH).status_code == 405
    assert get(app, "/open/7").text == "open"
    assert get(app, "/open/x").location == "/login?next=/open/x"
    assert get(app, "/shut").location == "/login?next=/shut"
    assert get(app, "/shut", method="PUT", headers=FETCH).status_code == 401


def test_the_extensions_own_routes_are_open(protect: Protect) -> None:
    app = protect(login_path="/auth/in", url_prefix="/x")
    assert "/authorize" in get(app, "/x/auth/in").location
    assert get(app, "/x/callback").status_code == 400
    assert get(app, "/x/logout").status_code == 302
    assert get(app, "/x/backchannel-logout", method="POST").status_code == 400
    assert get(app, "/x/login").status_code == 302


def test_a_host_that_is_not_trusted(protect: Protect) -> None:
    app = protect({"TRUSTED_HOSTS": ["localhost"]})
    for method in ("GET", "OPTIONS"):
        client = app.test_client()
        answer = client.open("/", base_url="http://evil.example", method=method)
        assert answer.status_code == 400


def test_files_and_views_by_name(
    protect: Protect, caplog: pytest.LogCaptureFixture
) -> None:
    names = "static, files.static,health"
    app = protect({"AUTH0_PUBLIC_ENDPOINTS": names})
    files = Blueprint("files", __name__, static_folder="static", url_prefix="/files")
    app.register_blueprint(files)
    app.add_url_rule("/health", "health", lambda: "well")
    app.add_url_rule("/healthy", "healthy", lambda: "well")
    assert get(app, "/static/style.css").text == "css"
    assert get(app, "/static/nowhere").status_code == 404
    assert get(app, "/files/static/nowhere").status_code == 404
    assert get(app, "/health").text == "well"
    assert get(app, "/healthy").location == "/login?next=/healthy"
    assert "AUTH0_PUBLIC_ENDPOINTS" not in caplog.text


def test_a_name_that_there_is_not(
    protect: Protect, caplog: pytest.LogCaptureFixture
) -> None:
    app = protect(public_endpoints=["statics"])
    for _ in range(2):
        assert get(app, "/static/style.css").status_code == 302
    assert caplog.text.count("'statics', which the app does not have") == 1


def test_an_apps_own_hooks_come_later(protect: Protect) -> None:
    app, seen = protect(), list[str]()
    app.before_request(lambda: seen.append("hook"))
    get(app, "/")
    assert seen == []
    get(app, "/about")
    assert seen == ["hook"]


def test_an_app_without_the_switch_is_open(make_app: MakeApp) -> None:
    app = make_app()
    app.add_url_rule("/about", "about", public(lambda: "open"))
    assert get(app, "/").text == "home"
    assert get(app, "/about").text == "open"
    assert get(app, "/nowhere").status_code == 404


def test_two_apps_of_one_extension(
    options: dict[str, t.Any], make_visitor: MakeVisitor
) -> None:
    auth0, apps = Auth0(**options), [Flask(__name__), Flask(__name__)]
    for app, protect_app in zip(apps, [True, False], strict=True):
        app.testing = True
        auth0.init_app(app, protect_app=protect_app)
        app.add_url_rule("/", "home", lambda: "home")
    assert make_visitor(apps[0]).get("/").status_code == 302
    assert make_visitor(apps[1]).get("/").text == "home"


def test_prefetches(protect: Protect) -> None:
    headers = {**NAVIGATION, "Sec-Purpose": "prefetch"}
    app = protect()
    assert get(app, "/", headers).status_code == 503
    assert get(app, "/about", headers).status_code == 200
