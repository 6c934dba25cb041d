"""The snippets about an app with several domains."""

from __future__ import annotations

import types

import pytest
from werkzeug.exceptions import NotFound

from flask_auth0 import Auth0
from flask_auth0.runtime.request import current_request

from .conftest import ReadPage
from .pages import Page

DOMAINS = {
    "app.acme.example": "login.acme.example",
    "app.globex.example": "login.globex.example",
}


@pytest.fixture
def page(read_page: ReadPage) -> Page:
    return read_page("several_domains.rst").run()


@pytest.mark.parametrize("host", DOMAINS)
def test_each_host_has_its_domain(page: Page, host: str) -> None:
    app = page["app"]
    with app.test_request_context(base_url=f"https://{host}"):
        found = app.extensions["auth0"].domains.of(current_request())
    assert found == DOMAINS[host]
    client = app.test_client()
    headers = {"Sec-Fetch-Mode": "cors"}
    answer = client.get("/profile", base_url=f"https://{host}", headers=headers)
    assert answer.status_code == 401


def test_another_host_is_refused(page: Page) -> None:
    client = page["app"].test_client()
    assert client.get("/profile", base_url="https://evil.example").status_code == 400
    page["app"].config["TRUSTED_HOSTS"] = None
    assert client.get("/login", base_url="https://evil.example").status_code == 404


@pytest.mark.parametrize("known", [True, False])
def test_the_function_may_wait(
    page: Page, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find_customer(host: str) -> types.SimpleNamespace | None:
        return types.SimpleNamespace(domain=DOMAINS[host]) if known else None

    monkeypatch.setitem(vars(page.module), "find_customer", find_customer)
    app = type(page["app"])("other")
    app.config.update(TESTING=True)
    Auth0(app, domain=page["domain_of_customer"])
    domains = app.extensions["auth0"].domains
    with app.test_request_context(base_url="https://app.acme.example"):
        if known:
            assert domains.of(current_request()) == "login.acme.example"
            return
        with pytest.raises(NotFound):
            domains.of(current_request())
