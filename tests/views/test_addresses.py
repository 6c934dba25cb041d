"""A login says once what a proxy, or its absence, does to the URLs of an app."""

from __future__ import annotations

import logging
import typing as t

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from tests.harness.visitor import MakeApp, MakeVisitor, error_of, query_of

HTTPS = {"X-Forwarded-Proto": "https"}


def begin(app: Flask, headers: dict[str, str], **options: t.Any) -> t.Any:
    options.setdefault("base_url", "http://app.example.com")
    client = app.test_client()
    client.get("/login", headers=headers, **options)
    return client.get("/login", headers=headers, **options)


def test_a_header_that_nobody_reads(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    response = begin(make_app(), HTTPS)
    assert query_of(response.location)["redirect_uri"].startswith("http://")
    assert caplog.text.count("X-Forwarded-Proto says https, but nobody reads it") == 1


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (HTTPS, 0),
        ({"X-Forwarded-For": "192.0.2.1"}, 1),
        ({}, 0),
        ({**HTTPS, "X-Forwarded-For": "192.0.2.1"}, 0),
        ({"X-Forwarded-Proto": "http", "X-Forwarded-For": "192.0.2.1"}, 0),
    ],
)
def test_proxy_fix_and_what_the_proxy_sends(
    make_app: MakeApp,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
    told: int,
) -> None:
    app = make_app()
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    begin(app, headers)
    assert caplog.text.count("X-Forwarded-Proto is not sent by the proxy") == told
    assert "nobody reads" not in caplog.text


def test_without_a_proxy_nothing_is_said(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "flask_auth0")
    app = make_app()
    begin(app, HTTPS, base_url="https://app.example.com")
    begin(app, {"X-Forwarded-Proto": "http"}, base_url="http://127.0.0.1:5000")
    assert not caplog.records


@pytest.mark.parametrize("has_fix", [False, True])
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, 1),
        ({"cookie_secure": False}, 0),
        ({"redirect_uri": "https://app.example.com/callback"}, 0),
    ],
)
def test_cookies_that_browsers_drop(
    make_app: MakeApp,
    caplog: pytest.LogCaptureFixture,
    settings: dict[str, t.Any],
    told: int,
    has_fix: bool,
) -> None:
    """Without https, and without a proxy's word for it, no login comes to an end."""
    app = make_app(**settings)
    if has_fix:
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    begin(app, {})
    assert caplog.text.count("AUTH0_COOKIE_SECURE is on") == told


def test_cookies_for_another_domain(
    make_app: MakeApp, make_visitor: MakeVisitor, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(cookie_domain="example.com")
    app.debug = True
    visitor = make_visitor(app)
    for _ in range(2):
        callback = visitor.authorize(visitor.get("/login"))
        visitor.client = app.test_client()
        stopped = visitor.get(callback)
        if stopped.status_code == 302:
            visitor.client = app.test_client()
            stopped = visitor.get(visitor.authorize(stopped))
    assert error_of(stopped) == "cookies_refused"
    assert "AUTH0_COOKIE_DOMAIN is example.com" in stopped.text
    said = "AUTH0_COOKIE_DOMAIN is example.com, so that browsers drop the cookies of"
    assert caplog.text.count(said) >= 1


def test_the_way_back_from_a_logout_is_that_of_the_callback(make_app: MakeApp) -> None:
    app = make_app(redirect_uri="https://app.example.com/callback")
    response = app.test_client().get("/logout", base_url="http://10.0.0.7:8000")
    query = query_of(response.location)
    back = query.get("post_logout_redirect_uri") or query["returnTo"]
    assert back == "https://app.example.com/"
