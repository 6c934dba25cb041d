"""What another site can make a real browser do to a session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.harness.app_server import Deployment
from tests.harness.chromium import Chromium

pytestmark = pytest.mark.parametrize(
    "deployment", [("werkzeug", "cookie")], indirect=True, ids="-".join
)


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], str]]:
    """A page of another site, with content that a test chooses; returns its URL."""
    content = ""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *args: object) -> None: ...

    def show(new: str) -> str:
        nonlocal content
        content = new
        # Another name is another site, though the machine is the same.
        return f"http://localhost:{server.server_port}/"

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield show
        server.shutdown()


def test_a_link_asks_and_an_image_does_nothing(
    deployment: Deployment, chromium: Chromium, elsewhere: Callable[[str], str]
) -> None:
    page = chromium.tab()
    page.goto(f"{deployment.url}/profile")
    page.get_by_role("button", name="Ada Lovelace").click()
    page.wait_for_url(f"{deployment.url}/profile")

    logout = f"{deployment.url}/logout"
    link = f"<a href='{logout}'>Win a prize</a>"
    page.goto(elsewhere(f"<img src='{logout}'><iframe src='{logout}'></iframe>{link}"))
    page.get_by_text("Win a prize").click()
    expect(page.get_by_role("heading", name="Do you want to log out?")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{deployment.url}/")
    assert "True" in page.content()

    page.goto(elsewhere(link))
    page.get_by_text("Win a prize").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{deployment.url}/")
    assert "False" in page.content()
    chromium.forgive("403")
