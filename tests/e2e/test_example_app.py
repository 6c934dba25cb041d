"""The example app as a newcomer starts it, with its own tenant, in real browsers."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.deployments import session_settings
from tests.harness.chromium import Chromium
from tests.harness.processes import Service, stopped_at_the_end

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
RUNNING = re.compile(r"Running on (http://127\.0\.0\.1:\d+)")
#: How the app's logger begins what a newcomer would wonder about. That processes cannot
#: share refresh tokens in cookies has to be said.
COMPLAINT = re.compile(r"\b(WARNING|ERROR) in \w+: (?!Sessions are in cookies)")
in_mode = pytest.mark.parametrize("app_url", ["cookie", "redis"], indirect=True)
in_redis = pytest.mark.parametrize("app_url", ["redis"], indirect=True)


@pytest.fixture
def app_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL at which ``flask --app example_app run`` serves the app."""
    command = [sys.executable, "-m", "flask", "--app", "example_app"]
    command += ["run", "--port", "0"]
    env = session_settings(request.param, request)
    env = {**env, "EXAMPLE_DEVELOPMENT_TENANT": "true"}
    service = Service("example_app", command, tmp_path, env)
    with stopped_at_the_end(service):
        service.wait_until(lambda: RUNNING.search(service.output()), "listens")
        yield RUNNING.findall(service.output())[0]
        assert not COMPLAINT.search(service.output())


def log_in(page: Page, url: str) -> None:
    """Log in as Ada on the way to the list of her sessions."""
    page.goto(f"{url}/sessions")
    page.get_by_role("button", name="Ada Lovelace").click()
    page.wait_for_url(f"{url}/sessions")


def expect_logged_out(page: Page, url: str) -> None:
    """The next page that is asked for knows nobody."""
    page.goto(f"{url}/")
    expect(page.get_by_role("banner").get_by_text("Log in")).to_be_visible()


def expect_logged_in(page: Page, url: str) -> None:
    page.goto(f"{url}/")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


@in_redis
def test_a_session_is_ended_from_another_browser(
    app_url: str, chromium: Chromium
) -> None:
    here, there = chromium.tab(), chromium.tab_elsewhere(FIREFOX)
    log_in(there, app_url)
    log_in(here, app_url)
    expect(here.get_by_role("main").get_by_role("listitem")).to_have_count(2)
    here.get_by_role("button", name="End session of Firefox on Linux").click()
    expect(here.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    expect_logged_out(there, app_url)
    expect_logged_in(here, app_url)


@in_redis
def test_the_tenants_administrator_ends_a_session(
    app_url: str, chromium: Chromium
) -> None:
    ours, theirs = chromium.tab(), chromium.tab_elsewhere(FIREFOX)
    log_in(theirs, app_url)
    theirs.get_by_role("link", name="Administer it").click()
    log_in(ours, app_url)
    theirs.get_by_role("button", name="End the session of Ada").first.click()
    expect(theirs.get_by_role("status")).to_contain_text("was told (status 200)")
    expect_logged_out(theirs, app_url)
    expect_logged_in(ours, app_url)


@in_mode
def test_the_page_fits_every_screen(app_url: str, chromium: Chromium) -> None:
    page = chromium.tab()
    log_in(page, app_url)
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        expect(page.get_by_role("heading", name="Where am I logged in")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
