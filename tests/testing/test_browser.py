"""A real browser takes the cookies of a session."""

from __future__ import annotations

from flask_auth0.testing import live_server, session_cookies
from tests.harness.chromium import Chromium

from .conftest import Shop


def test_chromium_is_logged_in(chromium: Chromium, shop: Shop) -> None:
    shop.app.add_url_rule("/favicon.ico", "favicon", lambda: "")
    with live_server(shop.app) as url:
        for cookie in session_cookies(shop.app, url=url, name="Ada"):
            chromium.context.add_cookies([{**cookie}])  # type: ignore[typeddict-item]
        tab = chromium.tab()
        tab.goto(f"{url}/greeting")
        assert tab.inner_text("body") == "Hello Ada"
