"""The page on which an account elsewhere is connected, used and forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest
from flask.testing import FlaskClient

from example_app.presentation import iso_moment, moment
from flask_auth0.tenant import Tenant
from tests.harness.browser import Browser
from tests.harness.forms import forms_of


@pytest.fixture
def at_accounts(browser: Browser, tenant: Tenant) -> Iterator[httpx.Response]:
    """The page as Ada sees it after others, who has no account connected."""
    for path in ("/step-up", "/call-api"):
        browser.get(path)
    yield browser.get("/accounts")
    for account in tenant.accounts.connected("auth0|ada"):
        tenant.accounts.disconnect("auth0|ada", account.id)


def press(
    browser: Browser, page: httpx.Response, path: str, name: str, value: str
) -> httpx.Response:
    """Press a button of the page's form that leads to the path."""
    [form] = [form for form in forms_of(page.text) if form.action == path]
    assert (name, value) in form.buttons
    return browser.submit(page, form, **{name: value})


def connect(browser: Browser, page: httpx.Response) -> httpx.Response:
    """Connect an account at the other provider, as far as its page."""
    return press(browser, page, "/accounts/connect", "connection", "github")


def test_an_account_is_connected_used_and_forgotten(
    browser: Browser, tenant: Tenant, at_accounts: httpx.Response
) -> None:
    assert "No account is connected yet." in at_accounts.text
    there = connect(browser, at_accounts)
    assert "Log in to github" in there.text
    page = browser.submit(there, forms_of(there.text)[0], account="ada@github.example")
    assert page.url.path == "/accounts"
    [account] = tenant.accounts.connected("auth0|ada")
    assert account.account == "ada@github.example"
    assert "read:user, repo" in page.text
    assert iso_moment(account.created_at) in page.text
    assert "Connect github" not in page.text

    used = browser.get("/accounts/github/token")
    assert used.status_code == 200
    assert "A token of github" in used.text
    assert "github." not in used.text

    page = press(browser, page, "/accounts/forget", "id", account.id)
    assert "No account is connected yet." in page.text
    assert tenant.accounts.connected("auth0|ada") == []


def test_who_declines_comes_back(
    browser: Browser, tenant: Tenant, at_accounts: httpx.Response
) -> None:
    there = connect(browser, at_accounts)
    page = browser.submit(there, forms_of(there.text)[1], decline="1")
    assert page.status_code == 403
    assert "was not connected" in page.text
    assert 'href="/accounts"' in page.text
    assert tenant.accounts.connected("auth0|ada") == []


def test_there_is_a_page_for_a_token_of_what_is_not_connected(
    browser: Browser, at_accounts: httpx.Response
) -> None:
    page = browser.get("/accounts/github/token")
    assert page.status_code == 404
    assert "No account of yours is connected there" in page.text
    assert 'role="alert"' in page.text


@pytest.mark.parametrize("path", ["/accounts/connect", "/accounts/forget"])
def test_no_other_site_connects_or_forgets(client: FlaskClient, path: str) -> None:
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post(path, headers=headers).status_code == 403


def test_the_tenant_may_lead_on_to_any_provider_from_here_alone(
    browser: Browser, client: FlaskClient, at_accounts: httpx.Response
) -> None:
    def forms(policy: str) -> list[str]:
        [found] = [each for each in policy.split("; ") if "form-action" in each]
        return found.split()

    assert "https:" in forms(at_accounts.headers["Content-Security-Policy"])
    elsewhere = client.get("/sessions").headers["Content-Security-Policy"]
    assert "https:" not in forms(elsewhere)


def test_a_time_in_text_is_one_as_well() -> None:
    told = "2025-03-01T01:30:00.000Z"
    assert iso_moment(told) == moment(datetime.fromisoformat(told[:-1] + "+00:00"))
    assert iso_moment("<b>soon</b>") == "<b>soon</b>"
    assert not hasattr(iso_moment("<b>soon</b>"), "__html__")
