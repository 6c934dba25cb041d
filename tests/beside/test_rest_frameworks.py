"""Guarded resources of REST frameworks, which turn every HTTP error into bare JSON."""

from __future__ import annotations

import typing as t

import apiflask
import flask_restx
import flask_smorest
import pytest
from flask import Flask, abort
from flask.views import MethodView

from flask_auth0 import Auth0, current_user, login_required
from tests.harness.visitor import MakeVisitor, Visitor
from tests.views.test_error_handlers import skip_where_contexts_are_passed

SETTINGS = {"API_TITLE": "x", "API_VERSION": "1", "OPENAPI_VERSION": "3.0.3"}


def me() -> t.Any:
    return {"sub": current_user.sub}


def smorest(app: Flask) -> None:
    blueprint = flask_smorest.Blueprint("api", __name__)

    @blueprint.route("/me")
    class Me(MethodView):
        @login_required
        @blueprint.response(200)  # type: ignore[untyped-decorator]
        def get(self) -> t.Any:
            return me()

    @blueprint.route("/broken")
    class Broken(MethodView):
        def get(self) -> t.NoReturn:
            abort(409)

    @blueprint.route("/admin")
    class Admin(MethodView):
        @blueprint.response(200)  # type: ignore[untyped-decorator]
        @login_required(claims={"role": "admin"})
        def get(self) -> t.Any:
            return me()

    flask_smorest.Api(app).register_blueprint(blueprint)


def flask_api(app: Flask) -> None:
    assert isinstance(app, apiflask.APIFlask)
    plain: dict[str, t.Any] = {"sub": apiflask.fields.String()}
    app.get("/me")(login_required(app.output(plain)(me)))
    app.get("/broken", endpoint="broken")(lambda: abort(409))

    @app.get("/admin")
    @app.output(plain)
    @login_required(claims={"role": "admin"})
    def admin() -> t.Any:
        return me()


def restx(app: Flask) -> None:
    skip_where_contexts_are_passed()
    api = flask_restx.Api(app)

    @api.route("/me")
    class Me(flask_restx.Resource):  # type: ignore[misc]
        method_decorators = (login_required,)

        def get(self) -> t.Any:
            return me()

    @api.route("/broken")
    class Broken(flask_restx.Resource):  # type: ignore[misc]
        def get(self) -> t.NoReturn:
            abort(409)

    @api.route("/admin")
    class Admin(flask_restx.Resource):  # type: ignore[misc]
        @login_required(claims={"role": "admin"})
        def get(self) -> t.Any:
            return me()


@pytest.fixture(params=[smorest, flask_api, restx])
def visitor(
    request: pytest.FixtureRequest,
    options: dict[str, t.Any],
    make_visitor: MakeVisitor,
) -> Visitor:
    app = (apiflask.APIFlask if request.param is flask_api else Flask)(__name__)
    app.testing = True
    app.config.update(SETTINGS)
    Auth0(app, **options)
    request.param(app)
    return make_visitor(app)


def test_a_browser_gets_to_the_login_and_back(visitor: Visitor) -> None:
    assert visitor.log_in(path=visitor.get("/me").location).location == "/me"
    assert visitor.get("/me").get_json() == {"sub": "auth0|ada"}


def test_a_script_is_told_where_to_log_in(visitor: Visitor) -> None:
    for path in ("/me", "/admin"):
        answer = visitor.fetch(path)
        assert answer.status_code == 401
        assert answer.get_json()["error"] == "login_required"
        assert answer.get_json()["login_url"] == "/login?next=/"


def test_who_may_not_is_told_so(visitor: Visitor) -> None:
    visitor.log_in()
    page, answer = visitor.get("/admin"), visitor.fetch("/admin")
    assert page.status_code == answer.status_code == 403
    assert "You may not see this" in page.text
    assert answer.get_json()["missing"] == {"claims": ["role"]}


def test_a_login_that_fails_has_its_page(visitor: Visitor) -> None:
    page = visitor.get("/callback?error=access_denied&state=x")
    assert page.status_code == 400
    assert page.mimetype == "text/html"
    assert 'class="action"' in page.text
    assert visitor.fetch("/callback").get_json()["error"]


def test_errors_of_the_app_stay_the_frameworks(visitor: Visitor) -> None:
    answer = visitor.get("/broken")
    assert answer.status_code == 409
    assert answer.is_json
    assert "login_url" not in answer.get_json()
