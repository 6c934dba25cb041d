"""The pages that want more than a login: one more factor, a role."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from example_app import create_app, settings
from flask_auth0.tenant import Tenant
from flask_auth0.testing import logged_in_client
from tests.harness.browser import NAVIGATION, Browser

SOURCE = "def {}() -&gt; str:"


def test_one_more_factor_is_asked_for_once(browser: Browser) -> None:
    browser.get("/profile")
    page = browser.get("/step-up")
    assert [each.url.path for each in page.history][:2] == ["/step-up", "/login"]
    assert page.history[1].url.params["acr_values"].endswith("/multi-factor")
    assert page.status_code == 200
    assert "<dd>mfa</dd>" in page.text
    assert SOURCE.format("step_up") in page.text
    assert not browser.get("/step-up").history


def test_a_tenant_that_asks_for_none_ends_in_a_page(
    browser: Browser, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenant, "honor_acr_values", False)
    page = browser.get("/step-up")
    assert page.status_code == 403
    assert "one more factor" in page.text
    assert SOURCE.format("step_up") in page.text


def test_who_has_the_role_is_let_in(browser: Browser) -> None:
    page = browser.get("/roles")
    assert page.status_code == 200
    assert '<li class="tag">editor</li>' in page.text
    assert SOURCE.format("roles") in page.text


def test_who_lacks_the_role_is_told_so(browser: Browser, tenant: Tenant) -> None:
    tenant.next_login = "auth0|grace"
    page = browser.get("/roles")
    assert (page.status_code, page.url.path) == (403, "/roles")
    assert "Your account lacks the role editor." in page.text
    assert SOURCE.format("roles") in page.text
    tenant.next_login = "auth0|ada"
    [another] = re.findall(r'href="(.*?)">Use another account', page.text)
    assert browser.get(another.replace("&amp;", "&")).status_code == 200


@pytest.mark.parametrize("claim", [None, "https://shop.example/roles"])
def test_roles_are_where_a_real_tenant_puts_them(
    monkeypatch: pytest.MonkeyPatch, claim: str | None
) -> None:
    if claim:
        monkeypatch.setenv("AUTH0_ROLES_CLAIM", claim)
    config = {"AUTH0_DOMAIN": "example.eu.auth0.com", "AUTH0_CLIENT_ID": "client"}
    app = create_app(
        {
            **config,
            "AUTH0_CLIENT_SECRET": "client secret",
            "AUTH0_SECRET": "a secret that is long enough for every purpose",
        }
    )
    app.testing = True
    name = claim or settings.ROLES_CLAIM
    for roles, status in (["editor"], 200), ([], 403):
        claims: dict[str, Any] = {name: roles}
        client = logged_in_client(app, **claims)
        assert client.get("/roles", headers=NAVIGATION).status_code == status


def cards_of(page: str) -> dict[str, str]:
    """What each card says that its page needs, by the page's address."""
    cards = re.findall(r'<h2><a href="(.*?)">.*?class="needs">(.*?)</p>', page, re.S)
    return {path: re.sub("<.*?>", "", needs) for path, needs in cards}


def test_the_cards_say_what_a_page_needs(app: Flask, client: FlaskClient) -> None:
    cards = cards_of(client.get("/").text)
    assert cards["/step-up"] == "Needs a login with one more factor"
    assert cards["/roles"] == "Needs a login and the role editor"
    for path, needs in cards.items():
        is_open = client.get(path, headers=NAVIGATION).status_code == 200
        assert is_open == (needs == "For everyone")


def test_the_menu_does_so_until_somebody_is_logged_in(
    app: Flask, client: FlaskClient
) -> None:
    def locks(client: FlaskClient) -> int:
        menu = client.get("/fetch").text.partition("<nav")[2].partition("</nav>")[0]
        return menu.count('class="lock"')

    needs = cards_of(client.get("/").text).values()
    assert locks(client) == sum("login" in each for each in needs) > 0
    assert locks(logged_in_client(app)) == 0
