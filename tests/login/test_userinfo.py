"""Claims that only the tenant's userinfo endpoint has."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable

import jwt
import pytest
from flask import Flask, request

from flask_auth0 import Auth0
from flask_auth0.client.responses import check_metadata
from flask_auth0.client.thread_http import ThreadHttp
from flask_auth0.tenant import TenantServer
from flask_auth0.tenant.userinfo import UserInfo
from tests.confidential.ways import API, OFFLINE
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor
from tests.tenant.test_client_assertions import KEYS, private_pem

Answer = tuple[int, t.Any, list[tuple[str, str]]]
JSON, SIGNED = (
    [("Content-Type", "application/json")],
    [("Content-Type", "application/jwt")],
)


class Asked:
    """What the endpoint was asked, and what it answers."""

    def __init__(self) -> None:
        self.requests: list[t.Any] = []
        self.answer: Callable[[Answer], Answer] = lambda answer: answer


@pytest.fixture
def asked(tenant: TenantServer, monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked, call = Asked(), UserInfo.__call__

    def watched(self: UserInfo, it: t.Any) -> Answer:
        asked.requests.append(
            (request.method, request.get_data(), dict(request.headers))
        )
        return asked.answer(call(self, it))

    monkeypatch.setattr(UserInfo, "__call__", watched)
    monkeypatch.setattr(tenant.tenant, "userinfo_claims", {"department": "Engines"})
    monkeypatch.setattr(tenant.tenant.client, "userinfo_signed_response_alg", None)
    return asked


@pytest.fixture(params=["cookie", "redis"])
def app(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    config = {}
    if request.param == "redis":
        config = request.getfixturevalue("redis_settings")
    return make_app(config, fetch_userinfo=True)


@pytest.fixture
def visitor(make_app: MakeApp, make_visitor: MakeVisitor, asked: Asked) -> Visitor:
    return make_visitor(make_app({"DEBUG": True}, fetch_userinfo=True))


@pytest.mark.parametrize("algorithm", [None, "RS256"], ids=["json", "signed"])
def test_they_are_the_users(
    app: Flask,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    asked: Asked,
    monkeypatch: pytest.MonkeyPatch,
    algorithm: t.Any,
) -> None:
    tenant.tenant.client.userinfo_signed_response_alg = algorithm
    in_thread: list[str] = []
    get = ThreadHttp.get

    def watched(self: ThreadHttp, url: str, *args: t.Any) -> t.Any:
        in_thread.append(url)
        return get(self, url, *args)

    monkeypatch.setattr(ThreadHttp, "get", watched)
    visitor = make_visitor(app)
    # The first login finds out about the tenant, on the event loop.
    for count in (0, 1):
        assert visitor.log_in().status_code == 302
        assert visitor.user()["department"] == "Engines"
        assert visitor.user()["email"] == "ada@example.com"
        assert len(in_thread) == count
    for method, body, headers in asked.requests:
        assert (method, body) == ("GET", b"")
        assert headers["Authorization"].startswith("Bearer ")
        assert "Cookie" not in headers


def test_nobody_asks_unless_told(
    make_app: MakeApp, make_visitor: MakeVisitor, asked: Asked
) -> None:
    visitor = make_visitor(make_app())
    for _ in range(2):
        visitor.log_in()
    assert "department" not in visitor.user()
    assert asked.requests == []


def test_they_replace_none_of_the_id_token(
    visitor: Visitor, tenant: TenantServer, asked: Asked
) -> None:
    visitor.log_in()
    before = visitor.user()
    false = {
        **{
            "iss": "x",
            "aud": "x",
            "exp": 9e9,
            "nonce": "x",
            "acr": "x",
            "amr": ["mfa"],
        },
        **{
            "auth_time": 9e9,
            "org_id": "org_x",
            "org_name": "x",
            "sid": "x",
            "azp": "x",
        },
        **{
            "session_expiry": 1,
            "act": {"sub": "x"},
            "iat": 1,
            "email": "x",
            "name": "x",
        },
    }
    tenant.tenant.userinfo_claims.update(false)
    assert visitor.log_in().status_code == 302
    changing = {"iat", "exp", "nonce", "auth_time", "sid"}
    after = visitor.user()
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }
    assert not [name for name in false if name in after and after[name] == false[name]]


def refused(visitor: Visitor, status: int = 502) -> str:
    """Log in twice, on the event loop and beside it, and find nobody logged in."""
    for _ in range(2):
        response = visitor.log_in()
        assert response.status_code == status, response.text
        assert visitor.user() is None
    return response.text


def test_somebody_elses(visitor: Visitor, tenant: TenantServer, asked: Asked) -> None:
    tenant.tenant.userinfo_claims["sub"] = "auth0|grace"
    assert "about somebody else" in refused(visitor)


@pytest.mark.parametrize(
    ("status", "body", "headers", "told"),
    [
        (401, {"error": "invalid_token"}, JSON, "answered with 401"),
        (302, "", [("Location", "https://evil.example/")], "answered with 302"),
        (200, "<html>", JSON, "no JSON"),
        (200, [], JSON, "no JSON"),
        (200, {}, JSON, "about somebody else"),
        (200, {"sub": 5}, JSON, "about somebody else"),
        (200, "x.y.z", SIGNED, "cannot be verified"),
        (200, "", SIGNED, "cannot be verified"),
    ],
)
def test_answers_without_claims(
    visitor: Visitor,
    asked: Asked,
    status: int,
    body: t.Any,
    headers: t.Any,
    told: str,
) -> None:
    asked.answer = lambda _: (status, body, headers)
    assert told in refused(visitor)


@pytest.mark.parametrize(("status", "seconds"), [(503, "5"), (500, "5"), (429, "1")])
def test_a_tenant_that_does_not_answer(
    visitor: Visitor, asked: Asked, status: int, seconds: str
) -> None:
    asked.answer = lambda _: (status, {}, JSON)
    refused(visitor, 503)
    # Others get in meanwhile, and so does this one later.
    asked.answer = lambda answer: answer
    assert visitor.log_in().status_code == 302


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"iss": "https://evil.example/"}, "issuer"),
        ({"iss": None}, "iss"),
        ({"aud": "another"}, "udience"),
        ({"aud": None}, "aud"),
        ({"exp": 1}, "expired"),
    ],
)
def test_signed_answers_for_something_else(
    visitor: Visitor,
    tenant: TenantServer,
    asked: Asked,
    changes: dict[str, t.Any],
    told: str,
) -> None:
    claims = {
        **{"iss": tenant.tenant.issuer, "aud": "the-client", "sub": "auth0|ada"},
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    asked.answer = lambda _: (200, tenant.tenant.keys.sign(claims), SIGNED)
    assert told in refused(visitor)


@pytest.mark.parametrize("algorithm", ["RS256", "none"])
def test_an_answer_that_somebody_else_has_signed(
    visitor: Visitor, tenant: TenantServer, asked: Asked, algorithm: str
) -> None:
    claims = {"iss": tenant.tenant.issuer, "aud": "the-client", "sub": "auth0|ada"}
    kid = tenant.tenant.keys.as_jwks()["keys"][0]["kid"]
    key = private_pem(KEYS["RS256"]) if algorithm == "RS256" else ""
    signed = jwt.encode(claims, key, algorithm, {"kid": kid})
    asked.answer = lambda _: (200, signed, SIGNED)
    assert "cannot be verified" in refused(visitor)


@pytest.mark.parametrize(
    "url", [None, "http://127.0.0.1/userinfo", "https://evil.example/userinfo"]
)
def test_the_token_goes_to_the_tenant_alone(
    visitor: Visitor,
    asked: Asked,
    monkeypatch: pytest.MonkeyPatch,
    url: str | None,
) -> None:
    def changed(metadata: dict[str, t.Any], domain: str) -> None:
        check_metadata(metadata, domain)
        metadata["userinfo_endpoint"] = url

    monkeypatch.setattr("flask_auth0.client.discovery.check_metadata", changed)
    assert "userinfo_endpoint" in refused(visitor)
    assert asked.requests == []


def test_they_outlast_a_refresh(
    make_app: MakeApp, make_visitor: MakeVisitor, asked: Asked
) -> None:
    app, auth0 = make_app(fetch_userinfo=True, scope=OFFLINE, audience=API), Auth0()

    @app.get("/token")
    def token() -> str:
        return auth0.get_access_token(force_refresh=True)

    visitor = make_visitor(app)
    visitor.log_in()
    assert len({visitor.fetch("/token").text for _ in range(2)}) == 2
    assert visitor.user()["department"] == "Engines"
    assert len(asked.requests) == 1


def test_it_takes_no_longer_than_a_login_may(
    make_app: MakeApp, make_visitor: MakeVisitor, asked: Asked
) -> None:
    app = make_app({"DEBUG": True}, fetch_userinfo=True, timeout=1)
    visitor = make_visitor(app)
    visitor.log_in()

    def slow(answer: Answer) -> Answer:
        time.sleep(2)
        return answer

    asked.answer = slow
    began = time.monotonic()
    assert visitor.log_in().status_code == 503
    assert time.monotonic() - began < 1.9
