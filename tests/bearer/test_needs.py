"""What a token must have beyond being good."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0 import InsufficientScope, NotAllowed, any_of, bearer_required
from flask_auth0.tenant import Tenant
from tests.harness.access_tokens import bearer, make_token
from tests.harness.visitor import MakeApp

from .conftest import ROLES, Call, add_api, get

BOTH = "openid read:messages write:messages"


class Case(t.NamedTuple):
    """A view, a token that it takes, and what another one lacks."""

    path: str
    enough: dict[str, t.Any]
    lacks: dict[str, t.Any]
    scope: str | None
    missing: dict[str, t.Any]


ONE_OF = {"any_of": ["write:messages", "admin:messages"]}
PLAIN = "read:messages"
MAY = {"permissions": [PLAIN]}
CASES = [
    Case("scope", {}, {"scope": "openid"}, PLAIN, {"scopes": [PLAIN]}),
    Case("scope", {}, {"scope": None}, PLAIN, {"scopes": [PLAIN]}),
    Case("scope", {}, {"scope": [PLAIN]}, PLAIN, {"scopes": [PLAIN]}),
    Case("scope", {}, {"scope": "read:messages:all"}, PLAIN, {"scopes": [PLAIN]}),
    Case("scope", {}, {"scope": PLAIN.upper()}, PLAIN, {"scopes": [PLAIN]}),
    Case(
        "scopes",
        {"scope": BOTH},
        {},
        "read:messages write:messages",
        {"scopes": ["write:messages"]},
    ),
    Case(
        "one",
        {"scope": "admin:messages"},
        {},
        "write:messages admin:messages",
        {"scopes": [ONE_OF]},
    ),
    Case("permission", {}, {"permissions": []}, PLAIN, MAY),
    Case("permission", {}, {"permissions": None}, PLAIN, MAY),
    Case("permission", {}, {"permissions": [5]}, PLAIN, MAY),
    Case(
        "permission", {}, {"permissions": {PLAIN: 1}}, PLAIN, {"permissions": [PLAIN]}
    ),
    Case("permission", {}, {"permissions": [[PLAIN]]}, PLAIN, MAY),
    Case(
        "role",
        {ROLES: ["Site Admin"]},
        {ROLES: ["Site"]},
        None,
        {"roles": ["Site Admin"]},
    ),
    Case("role", {ROLES: "Site Admin"}, {}, None, {"roles": ["Site Admin"]}),
    Case(
        "all",
        {"scope": BOTH, "permissions": ["delete:all"], ROLES: ["b"]},
        {"permissions": ["delete:all"]},
        "write:messages delete:all",
        {"scopes": ["write:messages"], "roles": [{"any_of": ["a", "b"]}]},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path}, {case.lacks}")
def test_enough_and_not_enough(call: Call, case: Case) -> None:
    assert call(f"/needs/{case.path}", **case.enough).status_code == 200
    answer = call(f"/needs/{case.path}", **case.lacks)
    assert answer.status_code == 403
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith(
        'Bearer error="insufficient_scope", error_description="'
    )
    told = f'scope="{case.scope}"' if case.scope else ""
    assert challenge.partition(", scope=")[2] == told.removeprefix("scope=")
    body = answer.get_json()
    assert (body["error"], body["missing"]) == ("insufficient_scope", case.missing)
    assert answer.cache_control.no_store


def test_a_good_token_first(call: Call) -> None:
    """Who has no good token learns nothing of what a view asks for."""
    answer = call("/needs/scope", aud="https://other.example.com")
    assert answer.status_code == 401
    assert "read:messages" not in f"{answer.text}{answer.headers}"


def test_guards_on_a_blueprint_and_its_views(call: Call) -> None:
    assert call("/api/guarded/more").status_code == 200
    assert call("/api/guarded/less").status_code == 403


def test_the_claim_of_permissions_is_configured(
    make_app: MakeApp, issuer: Tenant
) -> None:
    app = add_api(make_app(audience="https://api.example.com", permissions_claim="may"))
    good = make_token(issuer, may=["read:messages"], permissions=None)
    assert get(app, "/needs/permission", bearer(good)).status_code == 200
    assert get(app, "/needs/permission", bearer(make_token(issuer))).status_code == 403


def test_roles_need_a_claim(
    make_app: MakeApp, issuer: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    app = add_api(make_app(audience="https://api.example.com"))
    good = make_token(issuer, roles=["Site Admin"])
    assert get(app, "/needs/role", bearer(good)).status_code == 500
    assert "AUTH0_ROLES_CLAIM is missing" in caplog.text


def test_a_view_can_refuse_a_token_itself(app: Flask, call: Call) -> None:
    @app.get("/mine")
    @bearer_required
    def mine() -> str:
        raise InsufficientScope('It is not yours "\\é.', scope="read:all")

    answer = call("/mine")
    assert answer.status_code == 403
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_scope", error_description="It is not yours ???.", '
        'scope="read:all"'
    )


def test_error_handlers(app: Flask, call: Call) -> None:
    @app.errorhandler(NotAllowed)
    def not_allowed(error: NotAllowed) -> t.Any:
        told = {"lacks": error.missing}
        return told, 403, {"WWW-Authenticate": list(error.challenges)}

    answer = call("/needs/scope", scope=None)
    assert answer.get_json() == {"lacks": {"scopes": ["read:messages"]}}
    assert len(answer.headers.getlist("WWW-Authenticate")) == 2


@pytest.mark.parametrize("names", ["", " ", [], [""], (), {}, any_of])
def test_a_guard_that_asks_for_nothing(names: t.Any) -> None:
    """A setting that is empty by mistake must not open a view."""
    for kind in ("scopes", "permissions", "roles"):
        with pytest.raises(ValueError, match=r"names|blank|name"):
            bearer_required(**{kind: names() if callable(names) else names})
    with pytest.raises(TypeError):
        bearer_required(scopes=[5])  # type: ignore[list-item]
