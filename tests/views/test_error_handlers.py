"""Errors in an app with handlers of its own, and "log in first" from an app's views."""

from __future__ import annotations

import inspect
import typing as t
from collections.abc import Callable, Iterator

import pytest
from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException, default_exceptions

from flask_auth0 import Auth0, Auth0Error, LoginFailed, LoginRequired, TenantUnavailable
from tests.harness.visitor import HOST, NAVIGATION, MakeApp, MakeVisitor, Visitor

Register = Callable[[Flask], None]
HTMX = {"HX-Request": "true", "HX-Current-URL": f"{HOST}/list?page=2"}


def envelope(error: Exception) -> t.Any:
    """What a REST framework makes of any error."""
    code = error.code if isinstance(error, HTTPException) else 500
    return {"status": code, "detail": "in short"}, code or 500


@pytest.fixture(params=[HTTPException, Exception])
def app(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    """An app that answers all errors alike."""
    app = make_app()
    app.register_error_handler(request.param, envelope)

    @app.route("/mine", methods=["GET", "POST"])
    def mine() -> t.Any:
        raise LoginRequired

    return app


def test_pages_keep_their_ways_on(visitor: Visitor) -> None:
    response = visitor.get("/callback")
    assert response.status_code == 400
    assert response.mimetype == "text/html"
    assert "Try again" in response.text


def test_scripts_get_to_know_where_to_log_in(visitor: Visitor) -> None:
    answer = visitor.fetch("/profile")
    assert answer.status_code == 401
    assert answer.get_json()["login_url"] == "/login?next=/"


def test_other_errors_are_the_apps(visitor: Visitor) -> None:
    assert visitor.get("/missing").get_json()["detail"] == "in short"


@pytest.mark.parametrize("kind", [Auth0Error, LoginFailed])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_handler_for_our_errors_wins(
    options: dict[str, t.Any],
    make_visitor: MakeVisitor,
    kind: type[Auth0Error],
    is_first: bool,
) -> None:
    app = Flask(__name__)
    app.testing = True
    setups: list[Register] = [
        lambda app: app.register_error_handler(kind, lambda error: ("ours", 418)),
        lambda app: t.cast(None, Auth0(app, **options)),
    ]
    for setup in setups if is_first else reversed(setups):
        setup(app)
    app.register_error_handler(HTTPException, envelope)
    assert make_visitor(app).get("/callback").text == "ours"


def errors_below(kind: type[Auth0Error]) -> Iterator[type[Auth0Error]]:
    for each in kind.__subclasses__():
        yield each
        yield from errors_below(each)


@pytest.mark.parametrize("kind", [*errors_below(Auth0Error)])
def test_an_error_reaches_the_handlers_of_those_above(kind: type[Auth0Error]) -> None:
    """Flask looks only at handlers of the code of the class, and at those of none."""
    above = [each for each in kind.__mro__[1:] if issubclass(each, Auth0Error)]
    assert {each.code for each in above} <= {kind.code, None}


def test_a_handler_for_a_status_wins(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app = make_app()
    for code in default_exceptions:
        app.register_error_handler(code, envelope)
    answer = make_visitor(app).fetch("/profile")
    assert answer.get_json() == {"status": 401, "detail": "in short"}


def test_a_handler_of_a_blueprint_wins_for_its_views(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app, blueprint = make_app(), Blueprint("api", __name__)

    @blueprint.get("/api")
    def api() -> t.Any:
        raise LoginRequired

    blueprint.register_error_handler(HTTPException, envelope)
    app.register_blueprint(blueprint)
    assert make_visitor(app).get("/api").get_json()["status"] == 401


# Log in first, says the app


def test_a_page_has_the_button_and_the_way_back(visitor: Visitor) -> None:
    response = visitor.get("/mine?tab=2")
    assert response.status_code == 401
    assert ">Log in</a>" in response.text
    url = response.text.partition('class="action" href="')[2].partition('"')[0]
    assert visitor.log_in(path=url).location == "/mine?tab=2"


def test_a_form_comes_back_to_its_page(visitor: Visitor) -> None:
    headers = {**NAVIGATION, "Referer": f"{HOST}/form"}
    response = visitor.client.post("/mine", base_url=HOST, headers=headers)
    assert 'href="/login?next=/form"' in response.text


def test_json_and_htmx(visitor: Visitor) -> None:
    assert visitor.fetch("/mine").get_json()["login_url"] == "/login?next=/"
    response = visitor.get("/mine", headers=HTMX)
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/login?next=/list?page%3D2"


def test_the_guards_answer_is_the_same(visitor: Visitor) -> None:
    mine, guarded = (visitor.get(p, headers=HTMX) for p in ("/mine", "/profile"))
    assert mine.get_json() == guarded.get_json()
    assert mine.headers["HX-Redirect"] == guarded.headers["HX-Redirect"]


def test_a_handler_of_the_apps_own_knows_where_to_log_in(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app = make_app()

    @app.get("/mine")
    def mine() -> t.Any:
        raise LoginRequired("Members only.")

    @app.errorhandler(LoginRequired)
    def handle(error: LoginRequired) -> t.Any:
        return {"url": error.login_url, "ways": error.actions, "why": error.description}

    told = make_visitor(app).get("/mine").get_json()
    assert told["url"] == "/login?next=/mine"
    assert told["ways"] == [["Log in", "/login?next=/mine"]]
    assert told["why"] == "Members only."


def test_without_a_route_there_is_no_button(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app = make_app(login_path="")
    app.add_url_rule("/mine", view_func=_raise)
    assert make_visitor(app).fetch("/mine").get_json()["login_url"] is None
    assert "Log in</a>" not in make_visitor(app).get("/mine").text


def _raise() -> t.Any:
    raise LoginRequired


def test_outside_of_requests_it_is_a_plain_error(app: Flask) -> None:
    assert LoginRequired().login_url is None
    assert LoginRequired().actions == []
    with app.app_context():
        assert LoginRequired().to_dict()["login_url"] is None
    with Flask("bare").test_request_context():
        assert LoginRequired().login_url is None
    assert TenantUnavailable().login_url is None


# REST frameworks themselves, where they are installed


def smorest(app: Flask) -> None:
    module = pytest.importorskip("flask_smorest")
    app.config.update(API_TITLE="x", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    module.Api(app)


def restx(app: Flask) -> None:
    skip_where_contexts_are_passed()
    module = pytest.importorskip("flask_restx")
    add_resource(module.Api(app, doc=False), module.Resource)


def restful(app: Flask) -> None:
    skip_where_contexts_are_passed()
    module = pytest.importorskip("flask_restful")
    add_resource(module.Api(app), module.Resource)


def skip_where_contexts_are_passed() -> None:
    """Both replace a method of Flask's that gets a context first from 3.2 on."""
    if "ctx" in inspect.signature(Flask.handle_user_exception).parameters:
        pytest.skip("The framework does not work with this version of Flask.")


def add_resource(api: t.Any, base: type) -> None:
    mine = type("Mine", (base,), {"get": lambda self: _raise()})
    api.add_resource(mine, "/resource")


@pytest.mark.parametrize(
    ("add", "path"),
    [(smorest, "/mine"), (restx, "/resource"), (restful, "/resource")],
)
def test_rest_frameworks(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    add: Register,
    path: str,
) -> None:
    app = make_app()
    app.add_url_rule("/mine", view_func=_raise)
    add(app)
    visitor = make_visitor(app)
    answer = visitor.fetch(path)
    assert answer.status_code == 401
    assert answer.get_json()["login_url"] == "/login?next=/"
    assert ">Log in</a>" in visitor.get(path).text
    assert "Try again" in visitor.get("/callback").text
    htmx = visitor.get(path, headers=HTMX)
    assert htmx.headers["HX-Redirect"] == "/login?next=/list?page%3D2"


def test_apiflask(options: dict[str, t.Any], make_visitor: MakeVisitor) -> None:
    app = pytest.importorskip("apiflask").APIFlask(__name__)
    app.testing = True
    Auth0(app, **options)
    app.add_url_rule("/mine", view_func=_raise)
    visitor = make_visitor(app)
    assert visitor.fetch("/mine").get_json()["login_url"] == "/login?next=/"
    assert "Try again" in visitor.get("/callback").text
