"""The pages about what the SDK's own methods begin."""

from __future__ import annotations

import typing as t

import httpx
import pytest
from werkzeug.test import TestResponse

from flask_auth0.tenant import TenantServer

from .conftest import FETCH, HOST, NAVIGATION, MakeVisitor, ReadPage, choose
from .pages import Page

SUB = "auth0|ada"


@pytest.fixture
def page(read_page: ReadPage, tenant: TenantServer) -> Page:
    tenant.tenant.client.callbacks.append(f"{HOST}/github/connected")
    return read_page("connected_accounts.rst").run()


def post(visitor: t.Any, path: str, **data: str) -> TestResponse:
    answer = visitor.client.post(path, base_url=HOST, headers=NAVIGATION, data=data)
    return t.cast(TestResponse, answer)


def test_connected_accounts(
    page: Page, make_visitor: MakeVisitor, tenant: TenantServer, http: httpx.Client
) -> None:
    visitor = make_visitor(page["app"])
    visitor.log_in()
    begun = post(visitor, "/calendar/connect")
    back = choose(http, tenant, begun.location, account="ada@gmail.example")
    assert visitor.get(back).location == "/calendar"
    assert len(visitor.fetch("/calendar").get_json()["token_ends_with"]) == 4
    with visitor.client.session_transaction(base_url=HOST) as session:
        assert session["notice"] == "connect: google-oauth2"
    (account,) = visitor.fetch("/accounts").get_json()
    assert account["connection"] == "google-oauth2"
    post(visitor, f"/accounts/{account['id']}/forget")
    assert visitor.fetch("/accounts").get_json() == []


def test_declining(
    page: Page, make_visitor: MakeVisitor, tenant: TenantServer, http: httpx.Client
) -> None:
    visitor = make_visitor(page["app"])
    visitor.log_in()
    begun = post(visitor, "/calendar/connect")
    answer = visitor.get(choose(http, tenant, begun.location, decline="1"))
    assert answer.location == "/settings"
    with visitor.client.session_transaction(base_url=HOST) as session:
        ((_, message),) = session["_flashes"]
    assert message == "The account was not connected. It was cancelled, or refused."


def test_linked_accounts(
    page: Page, make_visitor: MakeVisitor, tenant: TenantServer, http: httpx.Client
) -> None:
    visitor, accounts = make_visitor(page["app"]), tenant.tenant.accounts
    visitor.log_in()
    for path, linked in [("link", {"github": "ada@github.example"}), ("unlink", {})]:
        begun = post(visitor, f"/github/{path}")
        back = choose(http, tenant, begun.location, account="ada@github.example")
        assert visitor.get(back).location == "/settings"
        assert accounts.linked(SUB) == linked


def test_own_callback(
    page: Page, make_visitor: MakeVisitor, tenant: TenantServer, http: httpx.Client
) -> None:
    visitor = make_visitor(page["app"])
    visitor.log_in()
    begun = post(visitor, "/github/connect")
    back = choose(http, tenant, begun.location, account="ada@github.example")
    assert visitor.get(back, FETCH).get_json() == {"connected": "github"}


def test_other_logins(
    read_page: ReadPage,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    http: httpx.Client,
) -> None:
    page = read_page("login.rst").run()
    visitor = make_visitor(page.apps[0])
    assert visitor.log_in("/order/tea").location == "/thanks"
    assert page["orders"] == [(SUB, "tea")]
    assert "screen_hint=signup" in visitor.get("/sign-up").location
    assert visitor.log_in("/sign-up").location == "/welcome"
    assert page["orders"] == [(SUB, "tea")]
    assert post(visitor, "/send-link", email="ada@example.com").status_code == 200
    link = tenant.tenant.inbox.messages("ada@example.com")[-1].link
    assert visitor.get(choose(http, tenant, link)).location == "/welcome"
