"""public: what stays open in an app that asks for a user as a whole."""

from __future__ import annotations

import functools
import typing as t

import pytest
from flask import Blueprint
from flask.views import MethodView, View

from flask_auth0 import bearer_required, current_user, login_required, public
from flask_auth0.tenant import TenantServer
from tests.harness.access_tokens import bearer, make_token
from tests.harness.visitor import FETCH

from .conftest import API, Protect, get


def test_blueprints(protect: Protect) -> None:
    app = protect()
    opened = public(Blueprint("opened", __name__, url_prefix="/opened"))
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    shut = Blueprint("shut", __name__, url_prefix="/shut")
    for blueprint in (opened, inner, shut):
        name = blueprint.name
        blueprint.add_url_rule("/", "page", functools.partial(str, name))
    shut.add_url_rule("/open", "open", public(lambda: "open"))
    opened.add_url_rule("/mine", "mine", login_required(lambda: "mine"))
    opened.register_blueprint(inner)
    app.register_blueprint(opened)
    app.register_blueprint(shut)
    app.register_blueprint(opened, name="again", url_prefix="/again")
    for path in ("/opened/", "/opened/inner/", "/again/", "/shut/open"):
        assert get(app, path).status_code == 200
    assert get(app, "/shut/").location == "/login?next=/shut/"
    # Guards of its own stay.
    assert get(app, "/opened/mine").location == "/login?next=/opened/mine"
    assert get(app, "/opened/nowhere").location == "/login?next=/opened/nowhere"


class Shown(View):
    """A view that is open by its decorators."""

    decorators: t.ClassVar = [public]

    def dispatch_request(self) -> str:
        return "shown"


@public
class Class(MethodView):
    """A view that is open as a class."""

    def get(self) -> str:
        return "class"


class Heir(Class):
    """A view that is not open, though its base is."""


def test_class_based_views(protect: Protect) -> None:
    app = protect()
    for kind in (Shown, Class, Heir):
        name = kind.__name__.lower()
        app.add_url_rule(f"/{name}", view_func=kind.as_view(name))
    assert get(app, "/shown").text == "shown"
    assert get(app, "/class").text == "class"
    assert get(app, "/heir").location == "/login?next=/heir"


def test_behind_other_decorators(protect: Protect) -> None:
    app = protect()

    def other(view: t.Any) -> t.Any:
        @functools.wraps(view)
        def louder(*args: t.Any) -> t.Any:
            return view(*args).upper()

        return louder

    app.add_url_rule("/inside", "inside", other(other(public(lambda: "open"))))
    app.add_url_rule("/outside", "outside", public(other(other(lambda: "open"))))
    app.add_url_rule("/neither", "neither", other(other(lambda: "open")))
    assert get(app, "/inside").text == get(app, "/outside").text == "OPEN"
    assert get(app, "/neither").status_code == 302


def test_views_with_guards_of_their_own(protect: Protect, tenant: TenantServer) -> None:
    """A program with a token does not need a session as well."""
    app = protect(audience=API)
    guards: dict[str, t.Any] = {
        "token": bearer_required,
        "both": login_required(bearer=True),
        "cached": lambda view: functools.lru_cache(bearer_required(view)),
        "recent": login_required(max_age=60),
    }
    for name, guard in guards.items():
        app.add_url_rule(f"/{name}", name, guard(lambda: f"{current_user.sub}"))
    headers = bearer(make_token(tenant.tenant))
    for name in ("token", "both"):
        assert get(app, f"/{name}", headers).text == "auth0|ada"
        assert get(app, f"/{name}", FETCH).status_code == 401
        assert get(app, f"/{name}", bearer("x")).status_code == 401
    assert get(app, "/", headers).status_code == 401
    # A cache could answer before the guard is asked.
    assert get(app, "/cached", headers).status_code == 401
    assert get(app, "/recent").location == "/login?next=/recent"


def test_names_are_no_views() -> None:
    with pytest.raises(TypeError, match="AUTH0_PUBLIC_ENDPOINTS=static"):
        public("static")
