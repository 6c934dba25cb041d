"""Logins whose requests the app pushes to the tenant itself (RFC 9126)."""

from __future__ import annotations

import typing as t

import pytest
from auth0_server_python.auth_types import StartInteractiveLoginOptions
from flask import abort, make_response, redirect
from werkzeug.test import TestResponse

from flask_auth0 import Auth0
from flask_auth0.client.responses import check_metadata
from flask_auth0.tenant import TenantServer
from flask_auth0.tenant.authorization_requests import PushedRequests
from tests.harness.clock import Clock
from tests.harness.visitor import ADA, MakeApp, MakeVisitor, Visitor, query_of

from .ways import API, OFFLINE

NAMES = ["client_id", "request_uri"]


@pytest.fixture
def options(options: dict[str, t.Any]) -> dict[str, t.Any]:
    return {**options, "pushed_authorization_requests": True}


@pytest.fixture
def pushed(tenant: TenantServer, monkeypatch: pytest.MonkeyPatch) -> list[t.Any]:
    """The parameters of what has been pushed, which this tenant wants."""
    requests: list[t.Any] = []
    save = PushedRequests.save

    def watched(
        self: PushedRequests, client_id: str, parameters: t.Any, lifetime: int
    ) -> str:
        requests.append(parameters.to_dict())
        return save(self, client_id, parameters, lifetime)

    monkeypatch.setattr(PushedRequests, "save", watched)
    tenant.tenant.client.require_pushed_authorization_requests = True
    return requests


def begin(visitor: Visitor, path: str) -> TestResponse:
    """Begin a login, of which the browser sees no more than it has to."""
    response = visitor.get(path)
    assert response.status_code in {302, 303}, response.text
    assert [*query_of(response.location)] == NAMES
    return response


def test_logins(visitor: Visitor, pushed: list[t.Any]) -> None:
    # The first one finds out about the tenant.
    for _ in range(2):
        begun = begin(visitor, "/login?next=/profile&prompt=login&ui_locales=de")
        response = visitor.get(visitor.authorize(begun))
        assert response.location == "/profile"
        assert visitor.user()["email"] == ADA
        assert visitor.get("/profile").text == "Hello Ada Lovelace"
        visitor.get("/logout")
    for asked in pushed:
        assert (asked["prompt"], asked["ui_locales"]) == ("login", "de")
        assert (asked["scope"], asked["audience"]) == (OFFLINE, API)
        assert asked["redirect_uri"].endswith("/callback")
        assert asked["code_challenge_method"] == "S256"
        assert "." in asked["state"]
    assert len({asked["nonce"] for asked in pushed}) == 2
    assert not [name for asked in pushed for name in asked if "secret" in name]


def test_a_page_is_remembered_without_the_cookie(
    make_app: MakeApp, make_visitor: MakeVisitor, pushed: list[t.Any]
) -> None:
    visitor = make_visitor(make_app())
    begun = begin(visitor, "/login?next=/profile")
    back = visitor.authorize(begun)
    for name in visitor.cookies():
        visitor.client.delete_cookie(name, domain="localhost")
    again = begin(visitor, back)
    response = visitor.get(visitor.authorize(again))
    assert response.location == "/profile"


def test_another_logins_nonce(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    pushed: list[t.Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save = PushedRequests.save

    def changed(self: PushedRequests, name: str, asked: t.Any, lifetime: int) -> str:
        asked["nonce"] = "another"
        return save(self, name, asked, lifetime)

    monkeypatch.setattr(PushedRequests, "save", changed)
    visitor = make_visitor(make_app())
    assert visitor.log_in().status_code == 502
    assert visitor.user() is None


def test_the_sdks_own_calls(
    make_app: MakeApp, make_visitor: MakeVisitor, pushed: list[t.Any]
) -> None:
    app, auth0 = make_app(), Auth0()

    @app.get("/sync")
    def sync() -> t.Any:
        options = StartInteractiveLoginOptions(app_state={"next": "/profile"})
        return redirect(auth0.run(auth0.client.start_interactive_login(options)))

    @app.get("/async")
    async def asynchronous() -> t.Any:
        options = StartInteractiveLoginOptions(app_state={"next": "/profile"})
        return redirect(await auth0.client.start_interactive_login(options))

    visitor = make_visitor(app)
    for path in ("/sync", "/async"):
        begun = begin(visitor, path)
        response = visitor.get(visitor.authorize(begun))
        assert response.location == "/profile"
        assert visitor.user()["email"] == ADA
        visitor.get("/logout")


@pytest.mark.parametrize(
    ("answer", "status", "told", "seconds"),
    [
        (lambda: ("", 503), 503, "", "5"),
        (lambda: ("", 500), 503, "", "5"),
        (lambda: ("", 429, {"Retry-After": "17"}), 503, "", "17"),
        (lambda: ("<html>", 400), 502, "", None),
        (lambda: ("<html>", 201), 502, "", None),
        (lambda: ({}, 201), 502, "par_error", None),
        (
            lambda: ({"error": "invalid_request", "error_description": "No <b>"}, 400),
            502,
            "invalid_request: No &lt;b&gt;",
            None,
        ),
    ],
    ids=["503", "500", "429", "no JSON", "no JSON either", "no URI", "refused"],
)
def test_a_tenant_that_takes_nothing(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
    answer: t.Any,
    status: int,
    told: str,
    seconds: str | None,
    clock: Clock,
) -> None:
    visitor = make_visitor(make_app({"DEBUG": True}))

    def save(*args: t.Any) -> t.Any:
        abort(make_response(answer()))

    monkeypatch.setattr(PushedRequests, "save", save)
    for _ in range(2):
        response = visitor.get("/login")
        assert response.status_code == status
        assert told in response.text
        assert response.headers.get("Retry-After") == seconds
    monkeypatch.undo()
    # A rate limit is everybody's. Else, one who was refused keeps nobody out.
    clock.passed += 17 if seconds == "17" else 0
    assert status == 502 or visitor.get("/login").status_code == 302


def test_a_tenant_without_the_endpoint(
    make_app: MakeApp, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(metadata: dict[str, t.Any], domain: str) -> None:
        check_metadata(metadata, domain)
        del metadata["pushed_authorization_request_endpoint"]

    monkeypatch.setattr("flask_auth0.client.discovery.check_metadata", changed)
    response = make_visitor(make_app({"DEBUG": True})).get("/login")
    assert response.status_code == 502
    assert "pushed_authorization_request_endpoint" in response.text


@pytest.mark.parametrize("says_so", [True, False], ids=["told before", "told after"])
def test_an_app_without_the_key(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    pushed: list[t.Any],
    monkeypatch: pytest.MonkeyPatch,
    says_so: bool,
) -> None:
    def changed(metadata: dict[str, t.Any], domain: str) -> None:
        check_metadata(metadata, domain)
        metadata["require_pushed_authorization_requests"] = says_so

    monkeypatch.setattr("flask_auth0.client.discovery.check_metadata", changed)
    app = make_app({"DEBUG": True}, pushed_authorization_requests=False)
    visitor = make_visitor(app)
    for _ in range(2):
        response = visitor.get("/login")
        if not says_so:
            response = visitor.get(visitor.authorize(response))
        assert response.status_code == (502 if says_so else 400)
        assert "AUTH0_PUSHED_AUTHORIZATION_REQUESTS" in response.text
