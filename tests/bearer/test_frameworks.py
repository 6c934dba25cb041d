"""What a client is told in apps of REST frameworks, which handle errors themselves."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask
from flask.views import MethodView

from flask_auth0 import Auth0, bearer_required, current_user
from flask_auth0.tenant import Tenant
from tests.harness.access_tokens import API, bearer, make_token
from tests.views.test_error_handlers import skip_where_contexts_are_passed

from .conftest import get


def smorest(app: Flask) -> None:
    module = pytest.importorskip("flask_smorest")
    app.config.update(API_TITLE="x", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    blueprint = module.Blueprint("mine", __name__)

    @blueprint.route("/me")
    class Me(MethodView):
        @blueprint.response(200)  # type: ignore[untyped-decorator]
        @bearer_required(scopes="read:messages")
        def get(self) -> t.Any:
            return {"sub": current_user.sub}

    module.Api(app).register_blueprint(blueprint)


def restx(app: Flask) -> None:
    skip_where_contexts_are_passed()
    module = pytest.importorskip("flask_restx")
    add_resource(module.Api(app), module.Resource)


def restful(app: Flask) -> None:
    skip_where_contexts_are_passed()
    module = pytest.importorskip("flask_restful")
    add_resource(module.Api(app), module.Resource)


def add_resource(api: t.Any, base: t.Any) -> None:
    class Me(base):  # type: ignore[misc]
        method_decorators = [bearer_required(scopes="read:messages")]  # noqa: RUF012

        def get(self) -> t.Any:
            return {"sub": current_user.sub}

    api.add_resource(Me, "/me")


def apiflask(app: Flask) -> None:
    module = pytest.importorskip("apiflask")
    assert isinstance(app, module.APIFlask)

    @app.get("/me")  # type: ignore[untyped-decorator]
    @bearer_required(scopes="read:messages")
    def me() -> t.Any:
        return {"sub": current_user.sub}


@pytest.mark.parametrize("framework", [smorest, restx, restful, apiflask])
def test_the_challenge_gets_through(
    framework: t.Callable[[Flask], None], options: dict[str, t.Any], issuer: Tenant
) -> None:
    kind = pytest.importorskip("apiflask").APIFlask if framework is apiflask else Flask
    app = kind(__name__)
    app.testing = True
    Auth0(app, audience=API, **options)
    framework(app)
    good, weak = make_token(issuer), make_token(issuer, scope="openid")
    assert get(app, "/me", bearer(good)).get_json() == {"sub": "auth0|ada"}
    for token, status, error in (
        ("x", 401, "invalid_token"),
        (weak, 403, "insufficient_scope"),
    ):
        answer = get(app, "/me", bearer(token))
        assert answer.status_code == status
        challenge = answer.headers["WWW-Authenticate"]
        assert challenge.startswith(f'Bearer error="{error}"')
        assert answer.get_json()["error"] == error
    assert get(app, "/me").headers["WWW-Authenticate"] == "Bearer"
