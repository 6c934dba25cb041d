"""``/logout`` when another site asks for it, and forms that others send."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask
from flask_wtf import CSRFProtect

from flask_auth0 import Auth0
from tests.harness.visitor import (
    ADA,
    FETCH,
    HOST,
    NAVIGATION,
    MakeApp,
    MakeVisitor,
    Visitor,
)

FOREIGN = {**NAVIGATION, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
OWN = {**NAVIGATION, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}


def send(visitor: Visitor, headers: dict[str, str], **options: t.Any) -> t.Any:
    options.setdefault("path", "/logout")
    return visitor.client.open(base_url=HOST, headers=headers, **options)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whom_another_site_has_sent_is_asked(visitor: Visitor, method: str) -> None:
    visitor.log_in()
    asked = send(visitor, FOREIGN, method=method, query_string={"return_to": "/bye"})
    assert asked.status_code == 200
    assert asked.cache_control.no_store
    assert "Do you want to log out?" in asked.text
    assert 'action="/logout?return_to=/bye"' in asked.text
    assert visitor.user()["email"] == ADA
    answer = send(visitor, OWN, method="POST", query_string={"return_to": "/bye"})
    assert "/oidc/logout?" in answer.location
    assert visitor.user() is None


@pytest.mark.parametrize(
    "query", ["?endpoint=x", "?_external=1", "?_anchor=x&_scheme=y", "?return_to=%22>"]
)
def test_the_question_takes_nothing_else_from_the_query(
    visitor: Visitor, query: str
) -> None:
    visitor.log_in()
    asked = visitor.get(f"/logout{query}", headers=FOREIGN)
    assert asked.status_code == 200
    assert 'action="/logout' in asked.text
    assert '"">' not in asked.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "object"},
    ],
    ids=str,
)
def test_what_nobody_sees_ends_nothing(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    visitor.log_in()
    visitor.user()
    before = visitor.cookies()
    answer = send(visitor, headers)
    assert answer.status_code == 403
    assert answer.cache_control.no_store
    assert visitor.cookies() == before


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"},
    ],
    ids=str,
)
def test_everybody_else_is_logged_out(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    visitor.log_in()
    assert send(visitor, headers).status_code == 302
    assert visitor.user() is None


def test_who_is_not_logged_in_is_not_asked(visitor: Visitor) -> None:
    assert visitor.get("/logout", headers=FOREIGN).status_code == 302


def test_strict_cookies_are_not_seen_and_so_their_user_is_asked(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(make_app(cookie_same_site="Strict"))
    assert "log out?" in visitor.get("/logout", headers=FOREIGN).text


def test_the_question_has_the_token_of_flask_wtf(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app = make_app()
    CSRFProtect(app)
    visitor = make_visitor(app)
    visitor.log_in()
    asked = visitor.get("/logout", headers=FOREIGN).text
    # Over https, it wants a Referer as well.
    assert '<meta name="referrer" content="same-origin">' in asked
    token = asked.partition('name="csrf_token" value="')[2].partition('"')[0]
    assert send(visitor, OWN, method="POST").status_code == 400
    answer = send(visitor, OWN, method="POST", data={"csrf_token": token})
    assert "/oidc/logout?" in answer.location


@pytest.fixture
def form_app(options: dict[str, t.Any]) -> Flask:
    """An app whose every form has to be its own."""
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options)
    app.before_request(auth0.refuse_foreign_forms)
    app.add_url_rule("/form", view_func=lambda: "taken", methods=["GET", "POST", "PUT"])
    return app


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Origin": HOST}, 200),
        ({"Sec-Fetch-Site": "same-site", "Origin": HOST}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": f"{HOST}:8080"}, 403),
        ({"Origin": "http://evil.localhost"}, 403),
        ({"Origin": "https://localhost"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({}, 403),
    ],
    ids=str,
)
def test_forms(form_app: Flask, headers: dict[str, str], status: int) -> None:
    client = form_app.test_client()
    for method in ["POST", "PUT"]:
        answer = client.open("/form", method=method, base_url=HOST, headers=headers)
        assert answer.status_code == status
    assert client.get("/form", base_url=HOST, headers=headers).status_code == 200


def test_the_tenant_may_post(form_app: Flask) -> None:
    answer = form_app.test_client().post("/backchannel-logout", headers=FETCH)
    assert answer.status_code != 403
