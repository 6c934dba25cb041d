"""A tenant that is down, slow, or answers what no login can use."""

from __future__ import annotations

import typing as t
from pathlib import Path

import httpx
import pytest
import trustme
from authlib.oauth2.client import OAuth2Client

from flask_auth0 import Auth0Error, login_failed
from flask_auth0.client.discovery import Discovery
from flask_auth0.client.responses import check_tokens
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import FETCH, MakeApp, MakeVisitor, Visitor, error_of

RUBBISH: list[tuple[dict[str, t.Any], int]] = [
    ({"status": 500}, 503),
    ({"status": 503, "body": b"<html>", "content_type": "text/html"}, 503),
    ({"status": 400, "body": b'{"error": "server_error"}'}, 503),
    ({"status": 200, "body": b"<html>", "content_type": "text/html"}, 502),
    ({"status": 200, "body": b""}, 502),
    ({"status": 200, "body": b"[]"}, 502),
    ({"status": 200, "body": b"null"}, 502),
    ({"status": 200, "body": b"{}"}, 502),
    ({"status": 200, "body": b'{"access_token": 1, "id_token": 2}'}, 502),
    ({"status": 200, "body": b'{"access_token": "a", "id_token": "a.b.c"}'}, 502),
    ({"status": 200, "body": b'{"access_token": "a", "expires_in": "soon"}'}, 502),
    ({"status": 200, "body": b'{"access_token": "a", "token_type": "Bearer"}'}, 502),
    ({"status": 401, "body": b'{"error": "invalid_client"}'}, 502),
    ({"status": 400, "body": b'{"error": "invalid_grant"}'}, 400),
    ({"status": 302, "body": b""}, 502),
]


@pytest.mark.parametrize(("answer", "status"), RUBBISH)
def test_a_tenant_that_answers_rubbish(
    visitor: Visitor, tenant: TenantServer, answer: dict[str, t.Any], status: int
) -> None:
    callback = visitor.authorize(visitor.get("/login?next=/profile"))
    tenant.tenant.fail_next_token_request(**answer)
    response = visitor.get(callback)
    assert response.status_code == status, response.text
    assert error_of(response)
    # Where the app is refused for what it is, no visitor can help.
    can_help = answer.get("body") != b'{"error": "invalid_client"}'
    assert ('href="/login?next=/profile"' in response.text) is can_help
    assert visitor.user() is None
    assert not [name for name in visitor.cookies() if "_tx_" in name]


def test_a_slow_tenant(
    make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    visitor = make_visitor(make_app(timeout=1))
    callback = visitor.authorize(visitor.get("/login"))
    tenant.tenant.fail_next_token_request(status=None, delay=2)
    response = visitor.get(callback)
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert error_of(response) == "temporarily_unavailable"


@pytest.mark.parametrize("headers", [None, FETCH])
def test_a_tenant_that_is_down(
    make_app: MakeApp, make_visitor: MakeVisitor, headers: t.Any
) -> None:
    visitor = make_visitor(make_app(domain="127.0.0.1:9", timeout=2))
    response = visitor.get("/login", **({"headers": headers} if headers else {}))
    assert response.status_code == 503
    assert "Location" not in response.headers


def test_a_tenant_with_an_untrusted_certificate(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    app = make_app({"DEBUG": True})
    response = make_visitor(app).get("/login")
    assert response.status_code == 503
    assert "Set SSL_CERT_FILE." in response.text


def test_a_tenant_whose_authority_is_not_among_the_certificates(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Such as that of a development tenant that has been started anew."""
    file = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    make_visitor(make_app()).get("/login")
    assert f"SSL_CERT_FILE is {file}, where its authority has to be" in caplog.text


def test_a_proxy_that_is_down(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hush@127.0.0.1:1")
    make_visitor(make_app()).get("/login")
    assert "HTTPS_PROXY names the proxy 127.0.0.1:1, which may be down" in caplog.text
    assert "hush" not in caplog.text


def test_a_proxy_that_is_not_on_the_way_is_not_blamed(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    make_visitor(make_app(domain="127.0.0.1:1")).get("/login")
    assert "Check AUTH0_DOMAIN and the network" in caplog.text
    assert "names the proxy" not in caplog.text
    assert [each.reason for each in caplog.records if hasattr(each, "reason")] == [
        "tenant_unreachable"
    ]


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {
            "authorization_endpoint": "https://x/a",
            "issuer": "https://x/",
            "token_endpoint": "http://x/t",
            "jwks_uri": "https://x/j",
        },
        {"issuer": 1, "token_endpoint": "\ud800", "jwks_uri": "https://x/\r\n"},
    ],
)
def test_a_discovery_document_that_is_rubbish(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, document: t.Any
) -> None:
    async def fetch(self: t.Any, url: str, remedy: str) -> t.Any:
        return document

    with monkeypatch.context() as patch:
        patch.setattr(Discovery, "_fetch", fetch)
        assert visitor.get("/login").status_code == 502
        assert visitor.get("/logout").status_code == 302
    # The document was not kept.
    assert visitor.log_in().location == "/"


def test_what_a_token_response_may_leave_out(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``expires_in`` as a text, and no ``scope`` where all of it was granted."""
    original = OAuth2Client.parse_response_token

    def parse(self: t.Any, response: t.Any) -> t.Any:
        seen.append(response.json())
        return original(self, response)

    seen: list[dict[str, t.Any]] = []
    monkeypatch.setattr(OAuth2Client, "parse_response_token", parse)
    check = check_tokens(
        httpx.Response(
            200,
            json={"access_token": "a", "expires_in": "60"},
            request=httpx.Request("POST", "https://x/"),
        ),
        scope="openid a",
    )
    assert check.json() == {"access_token": "a", "expires_in": 60, "scope": "openid a"}
    visitor.log_in()
    assert seen[0]["scope"] == "openid profile email"
    assert isinstance(seen[0]["expires_in"], int)


def test_the_cause_of_an_error_is_kept(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    heard: list[Auth0Error] = []
    visitor = make_visitor(make_app(domain="127.0.0.1:9", timeout=2))
    with login_failed.connected_to(lambda app, error: heard.append(error)):
        visitor.get("/login")
    (error,) = heard
    assert error.__cause__ is not None
    assert error.__cause__ is not error
