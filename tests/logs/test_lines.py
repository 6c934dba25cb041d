"""One line of the log for each thing that happens to a session."""

from __future__ import annotations

import logging
import typing as t

import pytest
from flask import Flask, session

from flask_auth0 import Auth0, login_required
from flask_auth0.sessions.storage_contract import KEY
from tests.harness.logout_tokens import make_token, post
from tests.harness.visitor import (
    NAVIGATION,
    MakeApp,
    MakeVisitor,
    Visitor,
    query_of,
)
from tests.tokens.refreshing import API, OFFLINE
from tests.tokens.refreshing import add_views as add_token_views

from .telling import Told

FROM_PROXY = {**NAVIGATION, "X-Request-ID": "7f3a-11"}


@pytest.fixture(params=["cookie", "redis"])
def visitor(
    request: pytest.FixtureRequest, make_app: MakeApp, make_visitor: MakeVisitor
) -> Visitor:
    """Somebody at an app with tokens, wherever its sessions are."""
    in_redis = request.param == "redis"
    config = request.getfixturevalue("redis_settings") if in_redis else {}
    options = {"roles_claim": "roles", "sessions_per_user": 1}
    app = make_app(config, scope=OFFLINE, audience=API, **options)
    add_token_views(app)
    add_more_views(app)
    return make_visitor(app)


def add_more_views(app: Flask) -> None:
    @app.get("/id")
    def id() -> t.Any:
        return session[KEY]

    @app.get("/admin")
    @login_required(roles="admin")
    def admin() -> str:
        return "for admins"

    @app.get("/everywhere")
    def everywhere() -> t.Any:
        return str(Auth0().sessions.revoke_all("auth0|ada"))


def test_each_success_has_one_line(visitor: Visitor, told: Told) -> None:
    callback = visitor.authorize(visitor.get("/login"))
    told()
    visitor.get(callback, headers=FROM_PROXY)
    (login,) = told()
    session_id = visitor.get("/id").text
    token = visitor.fetch("/token?force").text
    (refresh,) = told()
    visitor.get("/logout", headers=FROM_PROXY)
    (logout,) = told()
    lines = [login, refresh, logout]
    reasons = [each.reason for each in lines]
    assert reasons == ["logged_in", "token_refreshed", "logged_out"]
    assert {(each.levelname, each.sub, each.address) for each in lines} == {
        ("INFO", "auth0|ada", "127.0.0.1")
    }
    (name,) = {each.session for each in lines}
    assert len(name) == 12
    assert name not in session_id
    ids = [getattr(each, "request_id", None) for each in lines]
    assert ids == ["7f3a-11", None, "7f3a-11"]
    texts = " ".join(each.getMessage() for each in lines)
    code = query_of(callback)["code"]
    for secret in (session_id, token, code, "the-client-secret"):
        assert secret not in texts
    assert "reason=logged_in" in texts
    assert "sub=auth0|ada" in texts


@pytest.mark.parametrize("visitor", ["cookie"], indirect=True)
def test_a_login_that_never_comes_back(
    visitor: Visitor, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    visitor.get("/")
    caplog.set_level(logging.DEBUG, "flask_auth0")
    told()
    location = visitor.get("/login").location
    (line,) = told()
    assert (line.reason, line.levelname) == ("login_begun", "DEBUG")
    assert line.redirect_uri == query_of(location)["redirect_uri"]
    assert line.endpoint == location.partition("?")[0]


@pytest.mark.parametrize("visitor", ["redis"], indirect=True)
def test_a_login_that_exceeds_a_limit(
    visitor: Visitor, make_visitor: MakeVisitor, told: Told
) -> None:
    visitor.log_in()
    told()
    make_visitor(visitor.app).log_in()
    ended, login = told()
    assert (ended.reason, ended.sub) == ("session_limit_reached", "auth0|ada")
    assert login.reason == "logged_in"


@pytest.mark.parametrize("visitor", ["redis"], indirect=True)
def test_ends_from_outside_have_one_line(visitor: Visitor, told: Told) -> None:
    visitor.log_in()
    told()
    assert visitor.get("/everywhere").text == "1"
    (revoked,) = told()
    assert (revoked.reason, revoked.sub) == ("session_revoked", "auth0|ada")
    token = make_token(visitor.tenant.tenant, sub="auth0|ada")
    assert post(visitor, token).status_code == 200
    (ended,) = told()
    assert (ended.reason, ended.sub) == ("backchannel_logout", "auth0|ada")
    assert post(visitor, token).status_code == 400
    (refused,) = told()
    assert (refused.reason, refused.levelname) == (
        "backchannel_logout_refused",
        "WARNING",
    )
    assert token not in refused.getMessage()


@pytest.mark.parametrize("visitor", ["cookie"], indirect=True)
def test_refusals_of_guards_have_one_line(visitor: Visitor, told: Told) -> None:
    visitor.fetch("/profile")
    (nobody,) = told()
    assert nobody.reason == "login_required"
    visitor.log_in()
    told()
    visitor.get("/profile")
    assert not told()
    assert visitor.get("/admin").status_code == 403
    (refused,) = told()
    assert (refused.reason, refused.levelname) == ("not_allowed", "INFO")
    assert refused.sub == "auth0|ada"


@pytest.mark.parametrize("visitor", ["cookie"], indirect=True)
@pytest.mark.parametrize("sent", ["a b", "a\tb", "x" * 129, "a=\u00e9", 'a"b', ""])
def test_only_a_plain_request_id_counts(
    visitor: Visitor, told: Told, sent: str
) -> None:
    visitor.fetch("/profile", environ_overrides={"HTTP_X_REQUEST_ID": sent})
    (line,) = told()
    assert not hasattr(line, "request_id")
