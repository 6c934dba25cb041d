"""The pages in a real browser: their look, with a keyboard, and what axe finds."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from flask_auth0.tenant.live_server import serving
from tests.harness.chromium import Chromium
from tests.pages.shown import make_app, paths

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RUN = """async () => (await axe.run()).violations.map(
    each => [each.id, each.nodes.map(node => node.html)])"""
#: The least height of a control, in CSS pixels (WCAG 2.2, target size, enhanced).
TARGET = 44


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = make_app()
    app.debug = True
    with serving(app) as url:
        yield url


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    tab = chromium.tab()
    tab.set_viewport_size({"width": 320, "height": 700})
    yield tab
    # The status of the page itself.
    chromium.forgive("the server responded with a status of")


def is_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.parametrize("path", paths())
def test_a_page(page: Page, url: str, path: str) -> None:
    page.goto(f"{url}{path}?lang=de")
    assert page.locator("html").get_attribute("lang") == "de"
    page.evaluate(AXE)
    for scheme in t.get_args(t.Literal["light", "dark"]):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(RUN) == []
    assert not is_wide(page)
    card = page.locator("main")
    assert card.evaluate("each => getComputedStyle(each).borderRadius") == "14px"
    heights = page.locator(".action").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().height)"
    )
    assert heights
    assert min(heights) >= TARGET


def test_the_heading_is_read_first_and_the_best_way_on_comes_next(
    page: Page, url: str
) -> None:
    page.goto(f"{url}/error/store-down")
    # Chromium sets it with the first frame, which may come after the load.
    expect(page.locator("h1")).to_be_focused()
    for name in ("Try again", "Go to the start page"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.innerText") == name


def test_focus_and_buttons_are_seen_in_forced_colors(page: Page, url: str) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(f"{url}/page/log-out")
    page.keyboard.press("Tab")
    style = page.evaluate(
        """(({outlineStyle, outlineWidth, borderTopWidth, borderTopColor}) =>
        [outlineStyle, outlineWidth, borderTopWidth, borderTopColor])(
        getComputedStyle(document.activeElement))"""
    )
    assert style[:3] == ["solid", "3px", "1px"]
    assert style[3] != "rgba(0, 0, 0, 0)"
