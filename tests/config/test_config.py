"""Configuration: its sources, and mistakes that are all reported at once."""

from __future__ import annotations

import typing as t
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from flask_auth0 import Auth0, ConfigurationError
from flask_auth0.config import key_of, read_config
from flask_auth0.config.keys import settings

from .reading import VALID, problem, read


def test_options_win_over_config_and_that_over_the_environment() -> None:
    environ = {"AUTH0_SCOPE": "c", "AUTH0_AUDIENCE": "c", "AUTH0_ORGANIZATION": "c"}
    config = {"AUTH0_SCOPE": "b", "AUTH0_AUDIENCE": "b"}
    found = read({"scope": "a"}, config, environ)
    assert (found.scope, found.audience, found.organization) == ("openid a", "b", "c")


def test_the_defaults_of_the_contract() -> None:
    found = read()
    assert found.redirect_uri is None
    assert found.scope == "openid profile email"
    assert found.audience is None
    assert found.session_absolute_duration == 259200
    assert found.session_inactivity_duration == 86400
    assert found.session_rolling is True
    assert found.cookie_same_site == "Lax"
    assert found.cookie_transient is False
    assert found.login_path == "/login"
    assert found.callback_path == "/callback"
    assert found.logout_path == "/logout"
    assert found.url_prefix == ""
    assert found.post_login_redirect == "/"
    assert found.post_logout_redirect is None
    assert found.allowed_logout_urls == ()
    assert found.logout_strategy == "auto"
    assert found.revoke_refresh_token_on_logout is False


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    app = Flask(__name__)
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=str(tmp_path))
    interface = app.session_interface
    app.config["AUTH0_SESSION_ROLLING"] = "perhaps"
    before = dict(app.config)
    with pytest.raises(ConfigurationError) as caught:
        Auth0(app, domain="https://x/y", audiense="typo")
    keys = [each.key for each in caught.value.problems if not isinstance(each, str)]
    assert keys == [
        "audiense",
        "AUTH0_DOMAIN",
        "AUTH0_CLIENT_ID",
        "AUTH0_SECRET",
        "AUTH0_SESSION_ROLLING",
        "AUTH0_CLIENT_SECRET",
    ]
    for key in keys:
        assert key in str(caught.value)
        assert key in (caught.value.description or "")
    # Nothing is half set up.
    assert app.config == before
    assert app.session_interface is interface
    assert "auth0" not in app.extensions
    assert not app.blueprints


def test_several_secrets() -> None:
    testing = {"TESTING": True}
    assert read({"secret": "new, old"}, testing).secret == ("new", "old")
    assert read({"secret": ["new", "old"]}, testing).secret == ("new", "old")
    assert problem(secret=" , ")[0] == "AUTH0_SECRET"


def test_allowed_logout_urls() -> None:
    wanted = ("/bye", "https://www.example.com/")
    environ = {"AUTH0_ALLOWED_LOGOUT_URLS": "/bye, https://www.example.com/,"}
    assert read(environ=environ).allowed_logout_urls == wanted
    for given in [list(wanted), wanted]:
        assert read({"allowed_logout_urls": given}).allowed_logout_urls == wanted
    for wrong in ["bye", "//x.example/", "javascript:x", "https://*.example.com/"]:
        key, remedy = problem(allowed_logout_urls=["/bye", wrong])
        assert key == "AUTH0_ALLOWED_LOGOUT_URLS"
        assert repr(wrong) in remedy


def test_openid_is_always_asked_for() -> None:
    assert read({"scope": "email openid email"}).scope == "openid email"
    assert read({"scope": ["profile"]}).scope == "openid profile"


def test_authorization_params() -> None:
    environ = {"AUTH0_AUTHORIZATION_PARAMS": '{"connection": "github"}'}
    assert read(environ=environ).authorization_params == {"connection": "github"}
    for wrong in ['{"connection"', "[1]", 3, {"state": "x"}, {"scope": "x"}]:
        key, remedy = problem(authorization_params=wrong)
        assert key == "AUTH0_AUTHORIZATION_PARAMS"
        assert remedy
    assert "AUTH0_SCOPE" in problem(authorization_params={"scope": "x"})[1]


@pytest.mark.parametrize("value", [60, "60", 60.0, timedelta(minutes=1)])
def test_durations(value: t.Any) -> None:
    found = read({"session_absolute_duration": value})
    assert found.session_absolute_duration == 60


@pytest.mark.parametrize("value", [0, -1, "soon", "", True, [], "1e3"])
def test_wrong_durations(value: t.Any) -> None:
    key, remedy = problem(session_inactivity_duration=value)
    assert key == "AUTH0_SESSION_INACTIVITY_DURATION"
    assert "seconds" in remedy


@pytest.mark.parametrize(
    ("value", "meaning"), [("TRUE", True), ("1", True), ("off", False), (False, False)]
)
def test_booleans(value: t.Any, meaning: bool) -> None:
    assert read({"session_rolling": value}).session_rolling is meaning


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_id", ""),
        ("redirect_uri", "/callback"),
        ("redirect_uri", "https://x/callback#y"),
        ("redirect_uri", "https://user@x/callback"),
        ("redirect_uri", "https://x:port/callback"),
        ("redirect_uri", "https://x:99999/callback"),
        ("redirect_uri", "https://x y/callback"),
        ("cookie_host_prefix", "maybe"),
        ("redirect_uri", "https://x/elsewhere"),
        ("redirect_uri", "https://x:y/callback"),
        ("redirect_uri", "https://x:65536/callback"),
        ("redirect_uri", "https://[::1/callback"),
        ("redirect_uri", "https://user:password@x/callback"),
        ("allowed_logout_urls", "https://x:y/"),
        ("tenant_concurrency", 0),
        ("tenant_concurrency", "many"),
        ("tenant_concurrency", True),
        ("cookie_same_site", "Loose"),
        ("login_path", "login"),
        ("callback_path", 3),
        ("url_prefix", "auth"),
        ("post_login_redirect", "//evil.example"),
        ("post_logout_redirect", "javascript:x"),
        ("logout_strategy", "v3"),
        ("timeout", 0),
        ("session_rolling", "maybe"),
    ],
)
def test_wrong_values_are_named(name: str, value: t.Any) -> None:
    key, remedy = problem(**{name: value})
    assert key == key_of(name)
    assert "password" not in remedy


def test_an_empty_path_turns_a_route_off() -> None:
    assert read({"login_path": ""}).login_path == ""
    assert read(environ={"AUTH0_LOGIN_PATH": ""}).login_path == ""
    assert read(environ={"AUTH0_AUDIENCE": ""}).audience is None


def test_settings_that_contradict_each_other() -> None:
    key, _ = problem(cookie_same_site="None", cookie_secure="no")
    assert key == "AUTH0_COOKIE_SAME_SITE"
    key, _ = problem(callback_path="")
    assert key == "AUTH0_REDIRECT_URI"
    fine = {"callback_path": "", "redirect_uri": "https://x/elsewhere"}
    assert read(fine).callback_path == ""
    mounted = read(
        {"redirect_uri": "https://x/app/auth/callback", "url_prefix": "/auth"}
    )
    assert mounted.redirect_uri


@pytest.mark.parametrize(
    ("redirect_uri", "secure"),
    [
        ("http://localhost:5000/callback", False),
        ("http://127.0.0.1/callback", False),
        ("http://[::1]:5000/callback", False),
        ("https://localhost/callback", True),
        ("http://example.com/callback", True),
        ("http://localhost.example.com/callback", True),
        (None, None),
    ],
)
def test_cookies_are_secure_except_on_loopback(
    redirect_uri: str | None, secure: bool | None
) -> None:
    assert read({"redirect_uri": redirect_uri}).secure is secure
    assert read({"redirect_uri": redirect_uri, "cookie_secure": True}).secure is True


def test_no_secret_in_the_repr() -> None:
    assert "hidden" not in repr(read())
    assert "tenant.example.com" in repr(read())


@pytest.mark.parametrize("name", [f.name for f in settings().values()])
@pytest.mark.parametrize(
    "value",
    [5, 1.5, b"x", [1], {"a": 1}, object(), float("inf"), 10**30, "\ud800", "a\nb"],
)
def test_no_value_of_any_type_is_a_traceback(name: str, value: t.Any) -> None:
    found, problems = read_config({**VALID, name: value}, {}, {})
    assert (found is None) == bool(problems)
    for each in problems:
        assert key_of(name) in each.key or each.key == "AUTH0_REDIRECT_URI"


def test_two_routes_cannot_share_a_path() -> None:
    assert "AUTH0_CALLBACK_PATH" in problem(callback_path="/login")[0]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    ],
)
def test_certificates_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "bundle.pem"
    file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(ConfigurationError, match=f"SSL_CERT_FILE names.*{file}"):
        Auth0(Flask(__name__), **VALID)


def test_certificates_that_are_not_there() -> None:
    _, problems = read_config(VALID, {}, {"SSL_CERT_FILE": "/does/not/exist.pem"})
    assert [each.key for each in problems] == ["SSL_CERT_FILE"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("domain", "your-tenant.us.auth0.com"),
        ("client_id", "your_client_id"),
        ("client_secret", "your-client-secret"),
        ("secret", "the-output-of-openssl-rand-hex-64"),
    ],
)
def test_placeholders_are_refused(name: str, value: str) -> None:
    assert problem(**{name: value})[0] == key_of(name)
