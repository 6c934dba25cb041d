"""Which refresh tokens a logout revokes, and what a tenant can do about it."""

from __future__ import annotations

import asyncio
import re
import threading
import typing as t
from pathlib import Path

import httpx
import pytest
from flask import Flask
from werkzeug.wrappers import Response

from flask_auth0 import Auth0, user_logged_out
from flask_auth0.client.discovery import Discovery
from flask_auth0.tenant import metadata

from .leaver import Answers, MakeLeaver


@pytest.mark.parametrize("mode", ["cookie", "server"])
@pytest.mark.parametrize("path", ["/logout", "/leave"])
@pytest.mark.parametrize("strategy", ["oidc", "v2"])
def test_the_refresh_token_is_revoked(
    make_leaver: MakeLeaver,
    revocations: Answers,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    mode: str,
    path: str,
    strategy: str,
) -> None:
    caplog.set_level("DEBUG")
    config = {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": str(tmp_path)}
    leaver = make_leaver(config if mode == "server" else {}, logout_strategy=strategy)
    token = leaver.log_in_for_a_token()
    response = leaver.get(path)
    assert f"/{strategy}/logout?" in response.location
    assert token not in response.location
    assert leaver.user() is None
    assert not leaver.is_good(token)
    assert revocations.forms == [
        {
            "token": token,
            "client_id": "the-client",
            "client_secret": "the-client-secret",
        }
    ]
    # Auth0 documents the form alone.
    assert revocations.authorizations == [None]
    assert token not in caplog.text
    assert "the-client-secret" not in caplog.text
    assert "not revoked" not in caplog.text


def test_the_refresh_token_is_left_alone(
    make_leaver: MakeLeaver, revocations: Answers
) -> None:
    leaver = make_leaver(revoke_refresh_token_on_logout=None)
    token = leaver.log_in_for_a_token()
    leaver.get("/logout")
    assert leaver.user() is None
    assert revocations.forms == []
    assert leaver.is_good(token)


def test_nothing_to_revoke(make_leaver: MakeLeaver, revocations: Answers) -> None:
    leaver = make_leaver(scope="openid")
    assert leaver.get("/logout").status_code == 302
    leaver.log_in()
    assert leaver.get("/logout").status_code == 302
    assert leaver.user() is None
    assert revocations.forms == []


def test_a_refused_place_to_go_revokes_nothing(
    make_leaver: MakeLeaver, revocations: Answers
) -> None:
    leaver = make_leaver()
    leaver.app.add_url_rule("/away", "away", lambda: Auth0().logout("//evil.example"))
    token = leaver.log_in_for_a_token()
    with pytest.raises(ValueError, match="AUTH0_ALLOWED_LOGOUT_URLS"):
        leaver.get("/away")
    assert revocations.forms == []
    assert leaver.is_good(token)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"<html>"),
        (503, b""),
        (429, b"{}"),
        (400, b'{"error": "unsupported_token_type"}'),
        (401, b'{"error": "invalid_client"}'),
        (404, b"Not found"),
        (302, b""),
    ],
)
def test_a_tenant_that_revokes_nothing_keeps_nobody_logged_in(
    make_leaver: MakeLeaver,
    revocations: Answers,
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: bytes,
) -> None:
    revocations.answer = lambda: Response(body, status, {"Location": "https://x/"})
    leaver = make_leaver()
    token = leaver.log_in_for_a_token()
    response = leaver.get("/logout")
    assert "/oidc/logout?" in response.location
    assert leaver.user() is None
    assert len(revocations.forms) == 1
    check_warning(caplog, token)


def check_warning(caplog: pytest.LogCaptureFixture, token: str) -> None:
    """One warning of it, which names no token and no secret."""
    (line,) = [r for r in caplog.records if "not revoked" in r.getMessage()]
    assert line.levelname == "WARNING"
    assert token not in caplog.text
    assert "the-client-secret" not in caplog.text


def test_a_tenant_that_is_slow_to_revoke(
    make_leaver: MakeLeaver, revocations: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    over = threading.Event()

    def wait() -> Response:
        assert over.wait(30)
        return Response()

    revocations.answer = wait
    leaver = make_leaver(timeout=1)
    token = leaver.log_in_for_a_token()
    try:
        assert "/oidc/logout?" in leaver.get("/logout").location
    finally:
        over.set()
    assert leaver.user() is None
    check_warning(caplog, token)
    assert re.search(r"No answer within (1|0(\.\d)?) seconds", caplog.text)


@pytest.mark.parametrize(
    ("published", "good"),
    [
        # Auth0 has this endpoint, published or not.
        (None, False),
        # No server listens on this port.
        ("https://127.0.0.1:9/revoke", True),
    ],
)
def test_where_tokens_are_revoked(
    make_leaver: MakeLeaver,
    monkeypatch: pytest.MonkeyPatch,
    published: str | None,
    good: bool,
) -> None:
    publish(monkeypatch, published)
    leaver = make_leaver()
    token = leaver.log_in_for_a_token()
    assert "/oidc/logout?" in leaver.get("/logout").location
    assert leaver.user() is None
    assert leaver.is_good(token) is good


def publish(monkeypatch: pytest.MonkeyPatch, endpoint: str | None) -> None:
    """Let the tenant publish another ``revocation_endpoint``."""
    rest = metadata._capabilities()
    changed = {**rest, "revocation_endpoint": endpoint}
    monkeypatch.setattr(metadata, "_capabilities", lambda: changed)


def test_no_token_is_sent_in_the_clear(
    make_leaver: MakeLeaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, "http://127.0.0.1:9/revoke")
    leaver = make_leaver()
    assert leaver.get("/login").status_code == 502


@pytest.mark.parametrize("strategy", ["auto", "oidc"])
def test_a_tenant_that_is_down_revokes_nothing(
    make_leaver: MakeLeaver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    strategy: str,
) -> None:
    async def unreachable(self: t.Any, domain: str) -> t.Any:
        raise httpx.ConnectError("refused")

    leaver = make_leaver()
    token = leaver.log_in_for_a_token()
    cookies = leaver.cookies()
    leaver = make_leaver(logout_strategy=strategy)
    for name, value in cookies.items():
        leaver.set_cookie(name, value)
    monkeypatch.setattr(Discovery, "_fetch_metadata", unreachable)
    assert leaver.user() is not None
    response = leaver.get("/logout")
    assert response.status_code == (302 if strategy == "auto" else 503)
    assert leaver.user() is None
    assert "refresh token was not revoked" in caplog.text
    assert token not in caplog.text


def test_a_tenant_that_hangs_takes_no_longer_than_the_limit(
    make_leaver: MakeLeaver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def hang(self: t.Any, domain: str) -> t.Any:
        await asyncio.Event().wait()

    leaver = make_leaver()
    leaver.log_in_for_a_token()
    cookies = leaver.cookies()
    leaver = make_leaver(timeout=1)
    for name, value in cookies.items():
        leaver.set_cookie(name, value)
    monkeypatch.setattr(Discovery, "_fetch_metadata", hang)
    assert "/v2/logout?" in leaver.get("/logout").location
    # One limit for all that the tenant is asked: no second one was left.
    assert re.search(r"not revoked.* No answer within 0(\.\d)? seconds", caplog.text)
    assert leaver.user() is None


@pytest.mark.usefixtures("without_endpoint")
def test_a_logout_that_ends_in_an_error_revokes_all_the_same(
    make_leaver: MakeLeaver,
) -> None:
    leaver = make_leaver(logout_strategy="oidc")
    token = leaver.log_in_for_a_token()
    assert leaver.get("/logout").status_code == 502
    assert not leaver.is_good(token)


def test_a_receiver_that_raises_keeps_no_token_alive(make_leaver: MakeLeaver) -> None:
    def fail(app: Flask, user: t.Any) -> None:
        raise LookupError("in a receiver")

    leaver = make_leaver()
    token = leaver.log_in_for_a_token()
    with (
        user_logged_out.connected_to(fail),
        pytest.raises(LookupError, match="in a receiver"),
    ):
        leaver.get("/logout")
    assert not leaver.is_good(token)
