"""Take the pictures of the example app that the documentation shows.

``python -m tools.screenshots`` writes ``docs/_static/example-*.png``: run it when the
look of the example app, or of the development tenant, has changed.
"""

from __future__ import annotations

import contextlib
import threading
import typing as t
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from example_app import create_app
from tests.harness.chromium import ARGUMENTS, find_chromium

FOLDER = Path(__file__).parents[1] / "docs" / "_static"
SIZE: t.Any = {"width": 880, "height": 560}


@contextlib.contextmanager
def running_app() -> Iterator[str]:
    """Serve the example app, with a tenant of its own, and yield its URL."""
    app = create_app({"DEVELOPMENT_TENANT": "true"})
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """Run the system's Chromium until the block ends."""
    with sync_playwright() as playwright:
        program = find_chromium()
        yield playwright.chromium.launch(executable_path=program, args=ARGUMENTS)


def take(page: Page, url: str, scheme: str) -> None:
    """Log in, and take pictures of what a visitor sees on the way."""
    page.goto(f"{url}/profile")
    page.screenshot(path=FOLDER / f"example-login-{scheme}.png")
    page.get_by_role("button", name="Ada Lovelace").click()
    page.wait_for_url(f"{url}/profile")
    page.screenshot(path=FOLDER / f"example-profile-{scheme}.png")


def main() -> None:
    """Take each picture in both schemes of colours."""
    with running_app() as url, running_browser() as browser:
        for scheme in t.get_args(t.Literal["light", "dark"]):
            context = browser.new_context(viewport=SIZE, color_scheme=scheme)
            take(context.new_page(), url, scheme)
            context.close()


if __name__ == "__main__":
    main()
