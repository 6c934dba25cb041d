"""The extension object: several apps, missing set-up, secrets, proxies."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_auth0 import (
    Auth0,
    Auth0Error,
    ConfigurationError,
    current_user,
    login_required,
)
from flask_auth0.config import Problem
from tests.harness.visitor import (
    ADA,
    HOST,
    NAVIGATION,
    SECRET,
    MakeApp,
    MakeVisitor,
    Visitor,
    query_of,
)


def test_one_object_for_several_apps(
    options: dict[str, t.Any], make_visitor: MakeVisitor
) -> None:
    auth0 = Auth0(**options)
    apps = [Flask("first"), Flask("second")]
    auth0.init_app(apps[0])
    auth0.init_app(apps[1], scope="openid", url_prefix="/auth")
    for app in apps:
        app.testing = True
        app.add_url_rule("/", view_func=lambda: current_user.get("email", "nobody"))
    first = make_visitor(apps[0])
    first.log_in()
    assert first.get("/").text == ADA
    second = make_visitor(apps[1])
    assert query_of(second.get("/auth/login").location)["scope"] == "openid"
    assert second.get("/login").status_code == 404
    assert not hasattr(auth0, "app")


def test_a_second_set_up_is_refused(app: Flask, options: dict[str, t.Any]) -> None:
    with pytest.raises(ConfigurationError, match="already"):
        Auth0(app, **options)


def test_a_missing_set_up_is_named() -> None:
    app = Flask("forgetful")
    app.add_url_rule("/", view_func=login_required(lambda: "inside"))
    auth0 = Auth0(secret=SECRET)
    with app.test_request_context(), pytest.raises(ConfigurationError) as caught:
        auth0.client  # noqa: B018
    assert "init_app" in str(caught.value)
    assert "forgetful" in str(caught.value)
    with (
        app.test_request_context(),
        pytest.raises(ConfigurationError, match="init_app"),
    ):
        bool(current_user)
    app.debug = app.testing = True
    for headers in [NAVIGATION, {}]:
        answer = app.test_client().get("/", headers=headers)
        assert answer.status_code == 500
        assert "init_app" in answer.text


@pytest.mark.parametrize("headers", [NAVIGATION, {}], ids=["page", "JSON"])
@pytest.mark.parametrize("mode", ["production", "testing", "debug"])
@pytest.mark.parametrize("handled", ["by us", "by the app", "by no one"])
def test_only_the_log_has_the_settings(
    options: dict[str, t.Any],
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
    mode: str,
    handled: str,
) -> None:
    """Visitors of an app can do nothing about them."""
    app = Flask("shop")
    app.config.update(DEBUG=mode == "debug", TESTING=mode == "testing")
    if handled != "by no one":
        Auth0(app, **options)
    if handled == "by the app":
        app.register_error_handler(Auth0Error, lambda e: (e.description, e.code))

    @app.get("/shop")
    def shop() -> t.NoReturn:
        raise ConfigurationError(Problem("AUTH0_DOMAIN", "is not t.example.com"), "x")

    answer = app.test_client().get("/shop", headers=headers)
    assert answer.status_code == 500
    told = "AUTH0_DOMAIN is not t.example.com"
    assert (told in answer.text) is (mode == "debug")
    assert (told in caplog.text) is (handled != "by the app")
    assert "t.example.com" not in answer.text or mode == "debug"


def test_a_secret_key_is_derived(make_app: MakeApp) -> None:
    app = make_app(secret="new-secret-new-secret-new-secret,old-secret-old-secret-old")
    assert isinstance(app.secret_key, bytes)
    assert len(app.secret_key) == 32
    assert SECRET.encode() not in app.secret_key
    assert len(app.config["SECRET_KEY_FALLBACKS"]) == 1


def test_the_apps_own_secret_key_stays(make_app: MakeApp) -> None:
    assert make_app({"SECRET_KEY": "own"}).secret_key == "own"


def test_flasks_own_settings_win(make_app: MakeApp) -> None:
    app = make_app(
        {"SESSION_COOKIE_SAMESITE": "Strict", "SESSION_COOKIE_PATH": "/own"},
        cookie_path="/ours",
        cookie_domain="example.com",
        cookie_same_site="None",
    )
    assert app.config["SESSION_COOKIE_SAMESITE"] == "Strict"
    assert app.config["SESSION_COOKIE_PATH"] == "/own"
    assert app.config["SESSION_COOKIE_DOMAIN"] == "example.com"
    assert app.config["SESSION_REFRESH_EACH_REQUEST"] is False


def test_flasks_session_lasts_as_long_as_ours(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    year = 365 * 86400
    app = make_app(session_absolute_duration=year, backchannel_logout_path="")
    assert app.permanent_session_lifetime.total_seconds() == year
    assert caplog.text == ""
    own = {"PERMANENT_SESSION_LIFETIME": 60}
    app = make_app(own, session_absolute_duration=year)
    assert app.permanent_session_lifetime.total_seconds() == 60


def test_cookies_are_partitioned_like_flasks(make_app: MakeApp) -> None:
    app = make_app({"SESSION_COOKIE_PARTITIONED": True}, cookie_secure=True)
    response = app.test_client().get("/login", base_url=HOST)
    assert "Partitioned" in response.headers["Set-Cookie"]


def test_behind_a_proxy(make_app: MakeApp, options: dict[str, t.Any]) -> None:
    """ProxyFix decides about headers of proxies: without it, none is believed."""
    headers = {
        **NAVIGATION,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "app.example.com",
    }
    plain = make_app().test_client().get("/login", base_url=HOST, headers=headers)
    assert query_of(plain.location)["redirect_uri"] == f"{HOST}/callback"
    for proxy_first in [True, False]:
        app = Flask(__name__)
        app.testing = True
        if proxy_first:
            app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1)  # type: ignore[method-assign]
        Auth0(app, **options)
        if not proxy_first:
            app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1)  # type: ignore[method-assign]
        fixed = app.test_client().get("/login", base_url=HOST, headers=headers)
        uri = query_of(fixed.location)["redirect_uri"]
        assert uri == "https://app.example.com/callback"
        assert "Secure" in fixed.headers["Set-Cookie"]


def test_a_configured_redirect_uri(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    uri = "https://app.example.com/callback"
    visitor = make_visitor(make_app(redirect_uri=uri))
    response = visitor.get("/login")
    assert query_of(response.location)["redirect_uri"] == uri
    assert "Secure" in response.headers["Set-Cookie"]


def test_routes_are_configuration(make_app: MakeApp) -> None:
    app = make_app(url_prefix="/auth", login_path="/in", logout_path="")
    rules = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()}
    assert rules["auth0.login"] == "/auth/in"
    assert rules["auth0.callback"] == "/auth/callback"
    assert "auth0.logout" not in rules


def test_tenants_do_not_accept_each_others_sessions(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    """Two apps on one host, with one cookie name and different secrets."""
    visitor = make_visitor(make_app())
    visitor.log_in()
    other = make_app(secret="o" * 64)
    client = other.test_client()
    for name, value in visitor.cookies().items():
        client.set_cookie(name, value, domain="localhost")
    stranger = Visitor(other, visitor.tenant)
    stranger.client = client
    assert stranger.user() is None
    stranger.http.close()
