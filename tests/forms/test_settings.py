"""Forms that a login comes in between, in apps with other settings."""

from __future__ import annotations

import secrets

from flask import Flask

from flask_auth0 import login_required
from flask_auth0.sessions.cookies.storage import HEADER, RESERVE
from tests.harness.own_stores import SimpleStore
from tests.harness.visitor import HOST, NAVIGATION, MakeApp, MakeVisitor, Visitor

from .conftest import add_forms, come_back, end_session, kept, post

FIELDS = {"title": "Notes"}
KEPT = {"title": ["Notes"]}


def at_form(app: Flask, make_visitor: MakeVisitor) -> Visitor:
    """Somebody at a form, whose session has ended meanwhile."""
    visitor = make_visitor(app)
    visitor.log_in()
    assert kept(visitor) is None
    end_session(visitor)
    return visitor


def size(visitor: Visitor) -> int:
    """The bytes of a request's header that the cookies need."""
    return sum(len(f"{k}={v}; ") for k, v in visitor.cookies().items())


def test_an_app_behind_one_switch(make_app: MakeApp, make_visitor: MakeVisitor) -> None:
    app = make_app(protect_app=True, public_endpoints="user")
    add_forms(app)
    visitor = at_form(app, make_visitor)
    assert come_back(visitor, post(visitor, "/note", FIELDS)).location == "/note"
    assert kept(visitor) == KEPT
    end_session(visitor)
    refused = post(visitor, "/plain", FIELDS)
    assert "was not kept" in come_back(visitor, refused).text


def test_a_blueprint(app: Flask, make_visitor: MakeVisitor) -> None:
    visitor = at_form(app, make_visitor)
    guard = login_required(keep_form=True)(lambda: None)
    app.view_functions["bare"] = lambda: guard() or "bare"
    app.url_map.add(app.url_rule_class("/bare", endpoint="bare", methods=["POST"]))
    headers = {"Referer": f"{HOST}/note"}
    assert come_back(visitor, post(visitor, "/bare", FIELDS, headers=headers))
    assert kept(visitor) == KEPT


def test_cookies_of_the_same_site_alone(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app = make_app(cookie_same_site="Strict")
    add_forms(app)
    visitor = at_form(app, make_visitor)
    refused = post(visitor, "/note", FIELDS)
    url = visitor.authorize(visitor.get(refused.location))
    headers = {**NAVIGATION, "Sec-Fetch-Site": "cross-site"}
    assert "You are logged in" in visitor.get(url, headers=headers).text
    assert visitor.get(url).status_code == 200
    assert kept(visitor) == KEPT


def test_a_session_is_worth_more_than_a_form(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app = make_app(response_header_limit=16_000)
    add_forms(app)
    visitor = make_visitor(app)
    visitor.log_in()
    assert kept(visitor) is None
    needed = size(visitor)
    end_session(visitor)
    refused = post(visitor, "/note", {"text": secrets.token_hex(600)})
    # Without the form, the session just fits.
    for name in ("first", "second"):
        visitor.set_cookie(name, "x" * ((HEADER - RESERVE - needed - 200) // 2))
    answer = come_back(visitor, refused)
    assert "was not kept" in answer.text
    assert visitor.user() is not None
    assert size(visitor) < HEADER


def test_a_store_of_the_apps_own(make_app: MakeApp, make_visitor: MakeVisitor) -> None:
    app = make_app(state_store=SimpleStore())
    add_forms(app)
    visitor = at_form(app, make_visitor)
    come_back(visitor, post(visitor, "/note", FIELDS))
    assert kept(visitor) == KEPT


def test_a_browser_that_does_not_name_the_page(
    app: Flask, make_visitor: MakeVisitor
) -> None:
    visitor = at_form(app, make_visitor)
    refused = post(visitor, "/plain", FIELDS, headers={"Referer": ""})
    answer = come_back(visitor, refused)
    assert "was not kept" in answer.text
    assert 'href="/"' in answer.text
