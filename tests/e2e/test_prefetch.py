"""A browser that prefetches what its user points at, and the click that follows."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page

from tests.harness.app_server import Deployment
from tests.harness.chromium import Chromium

pytestmark = pytest.mark.parametrize(
    "deployment", [("werkzeug", "cookie")], indirect=True, ids="-".join
)


def prefetch(page: Page, url: str, path: str) -> None:
    """Open a page with a link that Chromium follows ahead of its user."""
    page.goto(url)
    rule = {"source": "list", "urls": [path], "eagerness": "immediate"}
    with page.context.expect_event(
        "response", lambda response: response.url == f"{url}{path}"
    ):
        page.evaluate(
            """([path, rules]) => {
                const script = document.createElement("script");
                script.type = "speculationrules";
                script.textContent = rules;
                const link = document.createElement("a");
                link.href = path;
                link.textContent = "Go";
                document.body.append(link, script);
            }""",
            [path, json.dumps({"prefetch": [rule]})],
        )


def test_clicks_go_on(deployment: Deployment, chromium: Chromium) -> None:
    page = chromium.tab()
    for path in ["/profile", "/login?next=/profile"]:
        prefetch(page, deployment.url, path)
        page.get_by_text("Go").click()
        page.get_by_role("button", name="Ada Lovelace").click()
        page.wait_for_url(f"{deployment.url}/profile")

        prefetch(page, deployment.url, "/logout")
        page.goto(f"{deployment.url}/profile")
        assert "ada@example.com" in page.content()
        prefetch(page, deployment.url, "/logout")
        page.get_by_text("Go").click()
        page.wait_for_url(f"{deployment.url}/")
        assert "False" in page.content()
    chromium.forgive("503")
