"""The example app as a newcomer starts it, with its own tenant, in real browsers."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from flask_auth0.tenant import TenantServer
from tests.fixtures.deployments import session_settings
from tests.harness.chromium import Chromium
from tests.harness.processes import Service, stopped_at_the_end

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
RUNNING = re.compile(r"Running on (http://127\.0\.0\.1:\d+)")
#: How the app's logger begins what a newcomer would wonder about. That processes cannot
#: share refresh tokens in cookies has to be said, and that somebody declined may be.
COMPLAINT = re.compile(
    r"\b(WARNING|ERROR) in \w+: (?!SESSION_TYPE is not set|.*\baccess_denied\b)"
)
in_cookies = pytest.mark.parametrize("app_url", ["cookie"], indirect=True)
in_redis = pytest.mark.parametrize("app_url", ["redis"], indirect=True)


@pytest.fixture(scope="module")
def app_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL at which ``flask --app example_app run`` serves the app.

    Its start takes seconds, so that tests share it, and log in as different people
    where they count sessions.
    """
    folder: Path = tmp_path_factory.mktemp("example_app")
    command = [sys.executable, "-m", "flask", "--app", "example_app"]
    command += ["run", "--port", "0"]
    env = session_settings(request.param, request)
    env = {**env, "EXAMPLE_DEVELOPMENT_TENANT": "true"}
    service = Service("example_app", command, folder, env)
    with stopped_at_the_end(service):
        service.wait_until(lambda: RUNNING.search(service.output()), "listens")
        yield RUNNING.findall(service.output())[0]
        assert not COMPLAINT.search(service.output())


def choose(page: Page, name: str) -> None:
    """Click on a person on the tenant's login page."""
    page.get_by_role("button", name=name).click()


def log_in(page: Page, url: str, name: str = "Ada Lovelace") -> None:
    """Log in on the way to the list of one's sessions."""
    page.goto(f"{url}/sessions")
    choose(page, name)
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
    log_in(there, app_url, "Alan Turing")
    log_in(here, app_url, "Alan Turing")
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
    log_in(theirs, app_url, "Katherine Johnson")
    theirs.get_by_role("link", name="Administer it").click()
    log_in(ours, app_url)
    theirs.get_by_role("button", name="End the session of Katherine").click()
    expect(theirs.get_by_role("status")).to_contain_text("was told (status 200)")
    expect_logged_out(theirs, app_url)
    expect_logged_in(ours, app_url)


@in_cookies
def test_pages_that_want_more_than_a_login(app_url: str, chromium: Chromium) -> None:
    page = chromium.tab()
    page.goto(f"{app_url}/roles")
    choose(page, "Grace Hopper")
    expect(page.get_by_role("alert")).to_contain_text("lacks the role editor")
    page.get_by_role("link", name="Use another account").click()
    choose(page, "Ada Lovelace")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are an editor")

    page.get_by_role("link", name="Step-up").click()
    code = page.get_by_label("Code")
    code.fill("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not right")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.url.startswith(app_url)
    page.goto(f"{app_url}/step-up")
    code.fill("123456")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{app_url}/step-up")
    expect(page.get_by_text("Methods (amr)")).to_be_visible()
    chromium.forgive("40[03]")


@in_cookies
def test_an_account_is_connected(app_url: str, chromium: Chromium) -> None:
    page = chromium.tab()
    page.goto(f"{app_url}/accounts")
    choose(page, "Ada Lovelace")
    page.get_by_role("button", name="Connect github").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("was not connected")
    page.get_by_role("link", name="Go back").click()
    page.get_by_role("button", name="Connect github").click()
    page.get_by_label("Account there").fill("ada@github.example")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{app_url}/accounts")
    expect(page.get_by_role("heading", name="github")).to_be_visible()
    page.get_by_role("link", name="Get a token of github").click()
    expect(page.get_by_text("It ends with")).to_be_visible()
    page.get_by_role("link", name="Back to your accounts").click()
    page.get_by_role("button", name="Forget it (github)").click()
    expect(page.get_by_text("No account is connected yet.")).to_be_visible()
    chromium.forgive("403")


@in_cookies
def test_the_provider_of_an_account_may_be_anywhere(
    app_url: str, chromium: Chromium, auth0_tenant: TenantServer
) -> None:
    """Chromium holds each redirect of a form to what its page may send to."""
    page = chromium.tab()
    page.goto(f"{app_url}/accounts")
    choose(page, "Ada Lovelace")
    provider = f"{auth0_tenant.url}/inbox"
    page.route(
        f"{app_url}/accounts/connect",
        lambda route: route.fulfill(status=302, headers={"Location": provider}),
    )
    page.get_by_role("button", name="Connect github").click()
    page.wait_for_url(provider)


@in_redis
def test_every_page_fits_every_screen(app_url: str, chromium: Chromium) -> None:
    page = chromium.tab()
    log_in(page, app_url)
    page.goto(f"{app_url}/step-up")
    page.get_by_label("Code").fill("123456")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{app_url}/step-up")
    links = page.get_by_role("navigation").get_by_role("link").all()
    paths = ["/", *(str(link.get_attribute("href")) for link in links)]
    assert {"/accounts", "/roles", "/sessions", "/step-up"} < set(paths)
    for path in paths:
        page.goto(f"{app_url}{path}")
        assert page.url == f"{app_url}{path}"
        page.get_by_text("The code behind it").evaluate_all("all => all[0]?.click()")
        for width in (320, 390, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@in_redis
def test_times_are_the_visitors(app_url: str, chromium: Chromium) -> None:
    page = chromium.tab()
    session = chromium.context.new_cdp_session(page)
    session.send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Kathmandu"})
    log_in(page, app_url)
    shown = page.locator("time").first
    utc = datetime.fromisoformat(str(shown.get_attribute("datetime")))
    there = utc.astimezone(timezone(timedelta(hours=5, minutes=45)))
    expect(shown).to_contain_text(f":{there:%M}")
    expect(shown).to_have_attribute("title", f"{utc:%Y-%m-%d %H:%M} UTC")
