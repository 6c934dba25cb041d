"""The scripts of the page about single-page apps, and of others, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page as Tab

from flask_auth0.tenant import TenantServer
from flask_auth0.testing import live_server, session_cookies
from tests.harness.chromium import Chromium

from .conftest import ReadPage
from .pages import Page, path_of, snippets

ROLES = "https://example.com/roles"


def script_of(name: str) -> str:
    """The first script of a page."""
    return snippets(path_of(name), "js")[0].text


@pytest.fixture
def page(read_page: ReadPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setenv("AUTH0_ROLES_CLAIM", ROLES)
    (tmp_path / "dist").mkdir()
    text = f"<!doctype html><title>App</title><script>{script_of('spa.rst')}</script>"
    (tmp_path / "dist" / "index.html").write_text(text)
    (tmp_path / "dist" / "favicon.ico").write_bytes(b"")
    page = read_page("spa.rst").run()
    page["app"].testing = True
    return page


@pytest.fixture
def url(page: Page, tenant: TenantServer) -> Iterator[str]:
    with live_server(page["app"]) as url:
        tenant.tenant.client.callbacks.append(f"{url}/callback")
        tenant.tenant.next_login = "ada@example.com"
        yield url


@pytest.fixture
def tab(url: str, chromium: Chromium) -> Tab:
    tab = chromium.tab()
    tab.goto(f"{url}/notes?sort=name")
    return tab


def test_a_page_logs_in_and_comes_back(tab: Tab, url: str, chromium: Chromium) -> None:
    with tab.expect_navigation(url=f"{url}/notes?sort=name"):
        tab.evaluate("void addNote('a')")
    assert tab.evaluate("addNote('a')") == {"saved": "a"}
    assert tab.evaluate("api('/me')") == {"name": "Ada Lovelace"}
    missing = tab.evaluate("api('/reports').catch((error) => error.missing)")
    assert missing == {"roles": ["analyst"]}
    chromium.forgive("40[13]")


def test_the_test_of_the_page(page: Page) -> None:
    page["test_notes"]()


def test_other_scripts_lead_to_the_login(
    tab: Tab, url: str, page: Page, chromium: Chromium
) -> None:
    cookies: Any = session_cookies(page["app"], url=url, name="Ada")
    chromium.context.add_cookies(cookies)
    tab.add_script_tag(content=script_of("dash.rst"))
    assert tab.evaluate("fetch('/api/me').then((each) => each.json())")
    chromium.context.clear_cookies()
    with tab.expect_navigation(url=f"{url}/notes?sort=name"):
        tab.evaluate("void fetch('/api/me')")
    chromium.context.clear_cookies()
    tab.evaluate("window.socket = {on: (name, listener) => (socket[name] = listener)}")
    tab.add_script_tag(content=script_of("socketio.rst"))
    tab.evaluate("socket.connect_error(new Error('another one'))")
    with tab.expect_navigation(url=f"{url}/notes"):
        tab.evaluate("socket.connect_error(new Error('login_required'))")
    chromium.forgive("401")
