"""The page about users of one's own."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_auth0.testing import log_in

from .conftest import FETCH, NAVIGATION, MakeVisitor, ReadPage, client_of
from .pages import Page

ADA = {"sub": "auth0|ada", "name": "Ada"}


@pytest.fixture
def page(read_page: ReadPage) -> Page:
    return read_page("users.rst").run()


@pytest.fixture
def app(page: Page) -> Flask:
    return page.apps[0]


def entered(app: Flask) -> FlaskClient:
    app.testing = True
    client = app.test_client()
    log_in(client, hooks=True, **ADA)
    return client


def change(page: Page, **columns: bool) -> None:
    with page.apps[0].app_context():
        row = page["db"].session.get(page["Account"], ADA["sub"])
        for name, value in columns.items():
            setattr(row, name, value)
        page["db"].session.commit()


def test_a_row_for_each_user(page: Page, app: Flask, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(app)
    assert "Log in" in visitor.get("/").text
    visitor.log_in()
    assert "Ada Lovelace" in visitor.get("/").text
    change(page, is_admin=True)
    visitor.log_in()
    assert "Ada Lovelace, an admin" in visitor.get("/").text
    with app.app_context():
        rows = page["db"].session.scalars(page["db"].select(page["Account"])).all()
        assert [each.sub for each in rows] == ["auth0|ada"]


def test_account(page: Page, app: Flask) -> None:
    client, form = entered(app), {"motto": "Try it"}
    assert client.post("/motto", data=form).json == form
    # The next login brings what the tenant tells, and leaves the rest alone.
    log_in(client, hooks=True, **ADA | {"name": "Countess"})
    assert "Countess" in client.get("/").text
    with app.app_context():
        row = page["db"].session.get(page["Account"], ADA["sub"])
        assert row.motto == "Try it"


def test_who_has_no_row_is_asked_to_log_in(app: Flask) -> None:
    for client in (app.test_client(), client_of(app, sub="auth0|eve")):
        answer = client.post("/motto", data={"motto": "m"}, headers=FETCH)
        assert answer.status_code == 401


def test_roles_from_the_table(page: Page, app: Flask) -> None:
    client = entered(app)
    refused = client.get("/admin", headers=FETCH)
    assert refused.status_code == 403
    assert "for admins" in refused.text
    change(page, is_admin=True)
    assert client.get("/admin").text == "inside"
    # Somebody without a row, of a session from before.
    assert client_of(app, sub="auth0|eve").get("/admin").status_code == 403


def test_blocked_users(page: Page, app: Flask, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(app)
    visitor.log_in()
    change(page, is_blocked=True)
    refused = visitor.get("/")
    assert refused.status_code == 403
    assert "This account is blocked." in refused.text
    assert visitor.get("/logout").status_code == 302
    refused = visitor.log_in()
    assert refused.status_code == 403
    assert "This account is blocked." in refused.text
    assert "Log in" in visitor.get("/").text


def test_flask_login_beside(page: Page, make_visitor: MakeVisitor) -> None:
    app = page.apps[1]
    visitor = make_visitor(app)
    assert visitor.log_in("/member").location == "/member"
    assert visitor.get("/member").get_json() == {"id": "auth0|ada"}
    visitor.get("/logout")
    assert "/authorize?" in visitor.get("/member", NAVIGATION).location


def test_in_tests(page: Page) -> None:
    page.apps[1].testing = True
    page["test_admin"]()
