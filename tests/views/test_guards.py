"""login_required: who passes, and what everybody else gets."""

from __future__ import annotations

import time
import typing as t

import pytest
from flask import Blueprint, Flask, redirect
from flask.views import MethodView, View

from flask_auth0 import Auth0, LoginRequired, current_user, login_required, views
from flask_auth0.config import ROUTES, Config, Route
from flask_auth0.tenant import TenantServer
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import (
    ADA,
    FETCH,
    GRACE,
    HOST,
    NAVIGATION,
    MakeApp,
    MakeVisitor,
    Visitor,
)

LOGIN = "/login?next=/guarded"


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app()

    @app.route("/guarded", methods=["GET", "POST", "OPTIONS"])
    @login_required
    def guarded() -> str:
        return "inside"

    return app


def test_both_spellings_are_the_same() -> None:
    assert Auth0.login_required is login_required
    assert Auth0().login_required is login_required


def test_a_navigation_is_redirected(visitor: Visitor) -> None:
    response = visitor.get("/guarded")
    assert (response.status_code, response.location) == (302, LOGIN)
    assert response.cache_control.no_store
    assert "Cookie" in response.vary


@pytest.mark.parametrize(
    "headers",
    [
        FETCH,
        {"Accept": "application/json"},
        {"Accept": "*/*"},
        {},
        {"Accept": "text/html", "X-Requested-With": "XMLHttpRequest"},
        {"Accept": "text/html", "Sec-Fetch-Mode": "cors"},
        {"Accept": "application/json, text/html;q=0.5"},
    ],
)
def test_anything_else_gets_json(visitor: Visitor, headers: t.Any) -> None:
    response = visitor.get("/guarded", headers=headers)
    assert response.status_code == 401
    body = response.get_json()
    assert body["error"] == "login_required"
    assert body["login_url"].startswith("/login?next=")
    assert response.cache_control.no_store


def test_a_browser_on_plain_http_navigates_too(visitor: Visitor) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert visitor.get("/guarded", headers={"Accept": accept}).location == LOGIN


def test_a_post_comes_back_to_its_page(visitor: Visitor) -> None:
    referrers = {
        f"{HOST}/form?a=1#end": "/login?next=/form?a%3D1",
        "https://evil.example/form": "/login?next=/",
        f"{HOST}@evil.example/": "/login?next=/",
        "": "/login?next=/",
    }
    for referrer, location in referrers.items():
        headers = {**NAVIGATION, "Referer": referrer}
        response = visitor.client.post("/guarded", base_url=HOST, headers=headers)
        assert (response.status_code, response.location) == (303, location)


def test_options_pass(visitor: Visitor) -> None:
    response = visitor.client.options("/guarded", headers=FETCH)
    assert (response.status_code, response.text) == (200, "inside")


def test_users_pass(app: Flask) -> None:
    assert logged_in_client(app).get("/guarded").text == "inside"


def test_async_views(app: Flask, make_visitor: MakeVisitor) -> None:
    @app.get("/async")
    @login_required
    async def asynchronous() -> str:
        return str(current_user["name"])

    client = logged_in_client(app, name="Ada")
    assert [client.get("/async").text for _ in range(3)] == ["Ada"] * 3
    assert make_visitor(app).get("/async").location == "/login?next=/async"


def test_class_based_views(app: Flask, make_visitor: MakeVisitor) -> None:
    class Guarded(View):
        decorators: t.ClassVar = [login_required]

        def dispatch_request(self) -> str:
            return "inside"

    class Method(MethodView):
        decorators: t.ClassVar = [login_required(max_age=10)]

        def get(self) -> str:
            return "inside"

    app.add_url_rule("/class", view_func=Guarded.as_view("class"))
    app.add_url_rule("/method", view_func=Method.as_view("method"))
    visitor = make_visitor(app)
    assert visitor.get("/class").location == "/login?next=/class"
    assert "max_age=10" in visitor.get("/method").location
    assert logged_in_client(app).get("/class").text == "inside"


def test_blueprints(app: Flask, make_visitor: MakeVisitor) -> None:
    blueprint = Blueprint("admin", __name__, url_prefix="/admin")

    @blueprint.before_request
    @login_required
    def protect() -> None: ...

    @blueprint.get("/")
    def admin() -> str:
        return "inside"

    app.register_blueprint(blueprint)
    visitor = make_visitor(app)
    assert visitor.get("/admin/").location == "/login?next=/admin/"
    assert visitor.get("/").text == "home"
    assert logged_in_client(app).get("/admin/").text == "inside"


def test_guarding_every_request_leaves_the_way_to_log_in(
    app: Flask, make_visitor: MakeVisitor
) -> None:
    app.before_request(login_required(lambda: None))
    visitor = make_visitor(app)
    assert visitor.get("/").location == "/login?next=/"
    assert visitor.log_in().location == "/"
    assert visitor.get("/").text == "home"


def test_a_further_route_of_the_extension_is_guarded(
    options: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROUTES, "account", Route("account", "/account", ("GET",)))
    monkeypatch.setattr(Config, "account_path", "/account", raising=False)
    monkeypatch.setitem(views._VIEWS, "account", login_required(lambda: "inside"))
    app = Flask(__name__)
    app.testing = True
    Auth0(app, **options)
    assert app.test_client().get("/account").status_code == 401
    assert logged_in_client(app).get("/account").text == "inside"


def test_max_age(app: Flask) -> None:
    @app.get("/transfer")
    @login_required(max_age=60)
    def transfer() -> str:
        return "done"

    recently, earlier = int(time.time()) - 10, int(time.time()) - 70
    assert logged_in_client(app, auth_time=recently).get("/transfer").text == "done"
    client = logged_in_client(app, auth_time=earlier)
    response = client.get("/transfer", headers=NAVIGATION)
    assert response.location == "/login?next=/transfer&max_age=60"
    assert logged_in_client(app).get("/transfer").status_code == 401
    for nonsense in (10**400, float("nan"), "now"):
        client = logged_in_client(app, auth_time=nonsense)
        assert client.get("/transfer").status_code == 401


def test_an_app_can_answer_itself(
    options: dict[str, t.Any], make_visitor: MakeVisitor
) -> None:
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options)

    @app.get("/guarded")
    @login_required
    def guarded() -> str:
        return "inside"

    @auth0.unauthorized_handler
    def unauthorized() -> t.Any:
        return redirect("/welcome")

    assert make_visitor(app).get("/guarded").location == "/welcome"
    assert make_visitor(app).fetch("/guarded").location == "/welcome"
    auth0.unauthorized_handler(lambda: None)
    assert make_visitor(app).get("/guarded").location == LOGIN
    assert logged_in_client(app).get("/guarded").text == "inside"


def test_an_error_handler_sees_the_error(app: Flask, make_visitor: MakeVisitor) -> None:
    @app.errorhandler(LoginRequired)
    def handle(error: LoginRequired) -> t.Any:
        return {"where": error.login_url}, 418

    response = make_visitor(app).fetch("/guarded")
    assert response.status_code == 418
    assert response.get_json() == {"where": "/login?next=/"}
    # A browser is still sent to log in: that is no error.
    assert make_visitor(app).get("/guarded").location == LOGIN


def test_an_app_below_a_prefix(app: Flask, make_visitor: MakeVisitor) -> None:
    response = app.test_client().get(
        "/guarded", base_url=f"{HOST}/mounted", headers=NAVIGATION
    )
    assert response.location == "/mounted/login?next=/mounted/guarded"


def test_a_login_that_was_asked_for_lets_in_whatever_the_clocks_say(
    app: Flask, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    @app.get("/now")
    @login_required(max_age=0)
    def now() -> str:
        return "fresh"

    visitor = make_visitor(app)
    tenant.tenant.extra_claims["auth_time"] = int(time.time()) - 30
    for _ in range(3):
        asked = visitor.get("/now")
        assert asked.status_code == 302
        assert (
            visitor.get(visitor.authorize(visitor.get(asked.location))).location
            == "/now"
        )
        assert visitor.get("/now").text == "fresh"
    # The next one is another matter.
    assert visitor.get("/now").status_code == 302


def test_the_marker_of_one_login_is_no_step_up_for_another_session(
    app: Flask, make_visitor: MakeVisitor
) -> None:
    @app.get("/now")
    @login_required(max_age=300)
    def now() -> str:
        return "fresh"

    stale, fresh = make_visitor(app), make_visitor(app)
    stale.log_in(ADA)
    stale.user()
    assert stale.get("/now").status_code == 302
    fresh.log_in(GRACE, path="/login?max_age=0")
    stale.set_cookie("session_a0_loop", fresh.cookies()["session_a0_loop"])
    assert stale.get("/now").status_code == 302
    assert fresh.get("/now").text == "fresh"


def test_what_a_login_cannot_be_asked_for_is_named() -> None:
    for name in ["scope", "audience", "redirect_uri", "_anchor"]:
        with pytest.raises(TypeError, match=name):
            login_required(**t.cast(t.Any, {name: "x"}))


def test_an_app_can_answer_with_a_coroutine(
    options: dict[str, t.Any], make_visitor: MakeVisitor
) -> None:
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options)
    app.add_url_rule("/guarded", view_func=login_required(lambda: "inside"))

    @auth0.unauthorized_handler
    async def unauthorized() -> t.Any:
        return "please log in", 418

    assert make_visitor(app).get("/guarded").status_code == 418


def test_an_error_handler_for_a_status(app: Flask, make_visitor: MakeVisitor) -> None:
    app.register_error_handler(401, lambda error: ({"own": error.error}, 401))
    answer = make_visitor(app).fetch("/guarded")
    assert answer.get_json() == {"own": "login_required"}
