"""The documentation as its readers have it: built, on a phone, and by the keyboard."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from flask_auth0.config import key_of
from flask_auth0.config.keys import settings
from tests.harness.chromium import Program

from .pages import ROOT

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("furo"), reason="needs the extra docs"
)

#: How the page on the configuration writes some defaults.
DEFAULTS = {
    "domain": "required",
    "redirect_uri": "none",
    "scope": "openid profile email",
    "session_rolling": "true",
    "timeout": "10",
    "url_prefix": "empty",
}
#: Pages that have all there is between them: drawings, code, tables, keys, signatures.
VARIED = ["index", "configuration", "deploying", "sessions"]
#: The parts of a page that reach out of it, but for what can be scrolled by itself.
TOO_WIDE = """[...document.querySelectorAll("article, article *")]
    .filter((part) => part.getBoundingClientRect().right > innerWidth + 1)
    .filter((part) => !part.closest(".table-wrapper, pre"))
    .map((part) => part.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with all pages, which are built without a warning."""
    folder = tmp_path_factory.mktemp("documentation")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", str(ROOT / "docs")]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, str(folder)], capture_output=True, text=True, env=environ
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def phone(browser_program: Program) -> Iterator[Page]:
    """A tab of a browser that is as narrow as a phone."""
    with browser_program.awake() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        yield page
        page.close()


def test_each_key_has_its_default_from_the_code(built: Path) -> None:
    entries = (built / "configuration.html").read_text("utf-8")
    for name in settings():
        _, found, entry = entries.partition(f'id="setting-{key_of(name)}"')
        assert found, name
        facts = re.sub("<[^>]+>", "", entry.partition("</dd>")[0])
        default = DEFAULTS.get(name, r".+")
        assert re.search(rf"Default: {default} · In code: {name}\n", facts), facts


def test_the_name_of_a_key_leads_to_its_entry(built: Path) -> None:
    page = (built / "sessions.html").read_text("utf-8")
    assert 'href="configuration.html#setting-SESSION_TYPE"' in page


def test_nothing_is_wider_than_a_phone(built: Path, phone: Page) -> None:
    for path in sorted(built.glob("*.html")):
        phone.goto(path.as_uri(), wait_until="domcontentloaded")
        assert not phone.evaluate(TOO_WIDE), path.name


@pytest.mark.parametrize("name", VARIED)
def test_everybody_can_use_it(built: Path, phone: Page, name: str) -> None:
    phone.goto((built / f"{name}.html").as_uri())
    phone.emulate_media(color_scheme="dark" if name == "deploying" else "light")
    found = Axe().run(phone, options={"resultTypes": ["violations"]})
    assert not found.response["violations"], found.generate_report()
