"""The redirect to the callback, changed on its way or from somewhere else."""

from __future__ import annotations

import typing as t
from urllib.parse import urlencode

import pytest
from markupsafe import escape

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import ADA, GRACE, Visitor, query_of


def outcomes(tenant: TenantServer) -> list[str]:
    """The outcomes of the codes that the tenant was sent."""
    requests = tenant.tenant.token_requests
    return [e.outcome for e in requests if e.grant_type == "authorization_code"]


@pytest.fixture(autouse=True)
def forgotten(tenant: TenantServer) -> None:
    tenant.tenant.token_requests.clear()


@pytest.mark.parametrize("name", ["code", "state", "iss", "error"])
@pytest.mark.parametrize("value", ["same", "other"])
def test_a_parameter_that_comes_twice(
    visitor: Visitor, tenant: TenantServer, name: str, value: str
) -> None:
    way_back = visitor.authorize(visitor.get("/login"))
    found = {**query_of(way_back), "iss": tenant.tenant.issuer, "error": "x"}[name]
    twice = f"&{name}={found}&{name}={found if value == 'same' else 'other'}"
    refused = visitor.get(way_back + twice)
    assert refused.status_code == 400
    assert "Try again" in refused.text
    assert visitor.user() is None
    assert outcomes(tenant) == []


@pytest.mark.parametrize("next_", ["", "?next=/profile"])
@pytest.mark.parametrize(
    "change",
    [
        lambda state: state + ".",
        lambda state: state + ".x",
        lambda state: state.partition(".")[0] + ".A" + state.partition(".")[2],
        lambda state: state + "A",
        lambda state: state + "=",
        lambda state: state[:-1] + ("A" if state[-1] != "A" else "B"),
        lambda state: state.partition(".")[0],
    ],
)
def test_a_state_that_was_changed(
    visitor: Visitor, tenant: TenantServer, next_: str, change: t.Callable[[str], str]
) -> None:
    way_back = visitor.authorize(visitor.get(f"/login{next_}"))
    state = query_of(way_back)["state"]
    if change(state) == state:
        return
    visitor.get(way_back.replace(state, change(state)))
    assert visitor.user() is None
    assert outcomes(tenant) == []


def test_an_issuer_that_is_named(visitor: Visitor, tenant: TenantServer) -> None:
    for issuer, status in [("https://evil.example/", 400), (tenant.tenant.issuer, 302)]:
        way_back = visitor.authorize(visitor.get("/login"))
        assert visitor.get(f"{way_back}&iss={issuer}").status_code == status
    assert outcomes(tenant) == ["ok"]


def test_an_issuer_that_is_promised(visitor: Visitor, tenant: TenantServer) -> None:
    way_back = visitor.authorize(visitor.get("/login"))
    known = visitor.app.extensions["auth0"].client.discovery.known("metadata")
    known["authorization_response_iss_parameter_supported"] = True
    assert visitor.get(way_back).status_code == 400
    way_back = visitor.authorize(visitor.get("/login"))
    answer = visitor.get(f"{way_back}&iss={tenant.tenant.issuer}")
    assert answer.status_code == 302


def test_an_error_of_another_issuer_is_not_believed(visitor: Visitor) -> None:
    visitor.log_in(GRACE)
    state = query_of(visitor.get("/login").location)["state"]
    query = f"error=access_denied&state={state}&iss=https://evil.example/"
    refused = visitor.get(f"/callback?{query}")
    assert refused.status_code == 400
    assert visitor.user()["email"] == GRACE


def test_a_parameter_can_be_sent_twice(visitor: Visitor) -> None:
    apis = ["https://a.example/", "https://b.example/"]

    @visitor.app.get("/both")
    def both() -> t.Any:
        return Auth0().login(resource=apis)

    sent = visitor.get("/both")
    assert all(f"resource={api[:5]}" in sent.location for api in apis)
    assert sent.location.count("resource=") == 2
    assert visitor.get(visitor.authorize(sent, ADA)).status_code == 302


@pytest.mark.parametrize(
    "name", ["response_mode", "response_type", "state", "nonce", "redirect_uri"]
)
def test_a_view_cannot_ask_for_what_would_break_the_callback(
    visitor: Visitor, name: str
) -> None:
    parameters: dict[str, t.Any] = {name: "form_post"}
    with visitor.app.test_request_context(), pytest.raises(TypeError, match=name):
        Auth0().login(**parameters)


@pytest.mark.parametrize(
    ("code", "said", "is_shown"),
    [
        ("access_denied", "Please verify your <email> first", True),
        ("access_denied", "Service not found: https://api.exmaple.com", False),
        (
            "access_denied",
            "The resource owner or authorization server denied the request",
            False,
        ),
        ("server_error", "Please verify your <email> first", False),
    ],
)
def test_the_words_of_the_tenant(
    visitor: Visitor, code: str, said: str, is_shown: bool
) -> None:
    """People read what an Action tells them, and developers what is of protocols."""
    for debug in (False, True):
        visitor.app.debug = debug
        state = query_of(visitor.get("/login").location)["state"]
        query = {"error": code, "error_description": said, "state": state}
        page = visitor.get(f"/callback?{urlencode(query)}").text
        quoted = f"The login service says: &#34;{escape(said)}&#34;"
        assert (quoted in page) is is_shown
        assert (str(escape(said)) in page) is (is_shown or debug)
