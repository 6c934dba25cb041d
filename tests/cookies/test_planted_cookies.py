"""Cookies that a host beside the app has set."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from .host_prefix import HOST, URL, Make, cookies_of, header_of, logged_in, who


def plant(client: FlaskClient, other: FlaskClient) -> None:
    """Set what a host beside the app can: any names without the prefix."""
    for name, value in cookies_of(other).items():
        client.set_cookie(name.removeprefix("__Host-"), value, domain=HOST)


@pytest.mark.parametrize("prefix", ["true", "migrate"])
def test_what_another_host_plants_beside_a_session(make: Make, prefix: str) -> None:
    app = make(prefix, logout_strategy="v2")
    client, mallory = logged_in(app, sub="ada"), logged_in(app, sub="mallory")
    plant(client, mallory)
    for _ in range(3):
        assert who(client) == "ada"
    client.get("/logout", base_url=URL)
    assert who(client) is None


def test_what_another_host_plants_in_an_empty_browser(make: Make) -> None:
    app = make("true")
    client = app.test_client()
    plant(client, logged_in(app, sub="mallory"))
    assert who(client) is None
    assert client.get("/count", base_url=URL).text == "1"


def test_two_sessions_of_the_former_name_are_none(make: Make) -> None:
    app = make("migrate")
    ada, grace = logged_in(make(), sub="ada"), logged_in(make(), sub="grace")
    header = f"{header_of(ada)}; {header_of(grace)}"
    answer = app.test_client(use_cookies=False).get(
        "/user", base_url=URL, headers={"Cookie": header}
    )
    assert answer.json is None
    lines = answer.headers.getlist("Set-Cookie")
    assert lines
    assert all("Max-Age=0" in line for line in lines)
