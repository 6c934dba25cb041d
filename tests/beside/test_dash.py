"""A Dash app in a real browser, whose session ends while its page is open."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect

from flask_auth0.tenant import TenantServer
from tests.docs.pages import Page, path_of, snippets
from tests.harness.chromium import Chromium
from tests.harness.missing import missing


@pytest.fixture
def url(
    auth0_tenant: TenantServer,
    auth0_live_server: Callable[[Flask], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Serve the app of the page about Dash, with the script of that page."""
    if importlib.util.find_spec("dash") is None:
        missing("dash", "there is no Dash: tox run -e beside")
    for name, value in auth0_tenant.environment().items():
        monkeypatch.setenv(name, value)
    (script,) = snippets(path_of("dash.rst"), "js")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "login.js").write_text(script.text)
    page = Page("dash.rst", tmp_path)
    # Dash looks for assets beside it.
    monkeypatch.setitem(sys.modules, "app", page.module)
    return auth0_live_server(page.run()["server"])


def test_a_callback_after_the_end_leads_to_the_login_and_back(
    url: str, chromium: Chromium
) -> None:
    page = chromium.tab()
    page.goto(url)
    page.get_by_role("button", name="Ada Lovelace").click()
    page.locator("#question").fill("why")
    expect(page.locator("#answer")).to_have_text("Ada Lovelace asks: why")
    chromium.context.clear_cookies()
    page.locator("#question").fill("how")
    page.get_by_role("button", name="Grace Hopper").click()
    page.wait_for_url(f"{url}/")
    expect(page.get_by_text("Hello Grace Hopper")).to_be_visible()
    chromium.forgive("401")
