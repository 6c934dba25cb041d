"""A form that a login comes in between, in a real browser."""

from __future__ import annotations

import os
import typing as t

import pytest
from playwright.sync_api import Page, expect

from tests.harness.app_server import Deployment
from tests.harness.chromium import Chromium

SCHEMES: t.Final[tuple[t.Literal["light", "dark"], ...]] = ("light", "dark")
TEXT = "</textarea><script>document.title = 'run'</script> \N{PARTY POPPER}"
in_both_modes = pytest.mark.parametrize(
    "deployment",
    [("werkzeug", "cookie"), ("preload", "redis")],
    indirect=True,
    ids="-".join,
)


def choose(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def end_session(chromium: Chromium) -> None:
    """Drop all cookies but the one that outlasts a session."""
    found = chromium.context.cookies()
    left = [each for each in found if each["name"].endswith("_a0_author")]
    assert left
    chromium.context.clear_cookies()
    chromium.context.add_cookies(t.cast(t.Any, left))


def write(page: Page, url: str, text: str) -> None:
    page.goto(f"{url}/note?draft=1")
    if page.get_by_role("button", name="Ada Lovelace").count():
        choose(page, "Ada Lovelace")
    page.locator("textarea").fill(text)
    page.locator("input").fill("secret")


@in_both_modes
def test_it_comes_back(deployment: Deployment, chromium: Chromium) -> None:
    page, url = chromium.tab(), f"{deployment.url}/note?draft=1"
    write(page, deployment.url, TEXT)
    end_session(chromium)
    choose(page, "Send")
    choose(page, "Ada Lovelace")
    page.wait_for_url(url)
    expect(page.locator("textarea")).to_have_value(TEXT)
    expect(page.locator("input")).to_have_value("")
    expect(page).to_have_title("Note")
    choose(page, "Send")
    expect(page.locator("body")).to_have_text(f"received {TEXT}")
    page.goto(url)
    expect(page.locator("textarea")).to_have_value("")


@in_both_modes
def test_somebody_else_does_not_see_it(
    deployment: Deployment, chromium: Chromium
) -> None:
    page, url = chromium.tab(), f"{deployment.url}/note?draft=1"
    write(page, deployment.url, TEXT)
    end_session(chromium)
    choose(page, "Send")
    choose(page, "Grace Hopper")
    expect(page.get_by_role("heading")).to_have_text("What you sent was not kept")
    page.get_by_role("link", name="Go back").press("Enter")
    page.wait_for_url(url)
    expect(page.locator("textarea")).to_have_value("")


@pytest.mark.parametrize(
    "deployment", [("werkzeug", "cookie")], indirect=True, ids="-".join
)
def test_the_page_that_says_so(deployment: Deployment, chromium: Chromium) -> None:
    page = chromium.tab()
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(f"{deployment.url}/form")
    choose(page, "Send")
    choose(page, "Ada Lovelace")
    expect(page.get_by_role("heading")).to_be_focused()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/not-kept-{scheme}.png")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Go back")).to_be_focused()
    page.reload()
    page.wait_for_url(f"{deployment.url}/form")
