"""Logins of one browser in many tabs: each ends on its page, however they mix."""

from __future__ import annotations

import typing as t

import pytest
from cachelib import FileSystemCache
from flask import Flask
from werkzeug.test import TestResponse

from flask_auth0.tenant import TenantServer
from tests.harness.visitor import HOST, NAVIGATION, MakeApp, MakeVisitor, Visitor

pytestmark = [
    pytest.mark.parametrize("tabs", [5, 8]),
    pytest.mark.parametrize("mode", ["cookie", "cachelib"]),
]


@pytest.fixture
def visitor(
    make_app: MakeApp, make_visitor: MakeVisitor, tmp_path: t.Any, mode: str
) -> Visitor:

    config = {"SESSION_TYPE": mode, "SESSION_CACHELIB": FileSystemCache(tmp_path)}
    return make_visitor(make_app(config if mode == "cachelib" else {}))


def go_on(visitor: Visitor, response: TestResponse) -> TestResponse:
    """Follow one redirect, at the tenant as well."""
    if response.location.startswith("https://"):
        return visitor.get(visitor.authorize(response))
    return visitor.get(response.location)


def paths(tabs: int, *, start: str = "/profile") -> list[str]:
    return [f"{start}?tab={number}" for number in range(tabs)]


@pytest.mark.parametrize("start", ["/profile", "/login"])
def test_tabs_in_turns(visitor: Visitor, tabs: int, start: str) -> None:
    answers = [visitor.get(path) for path in paths(tabs, start=start)]
    for _ in range(12):
        answers = [go_on(visitor, a) if a.location else a for a in answers]
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize("order", [1, -1])
def test_tabs_one_after_the_other(visitor: Visitor, tabs: int, order: int) -> None:
    """All have been sent to the tenant, and now one after the other comes back."""
    asked = [go_on(visitor, visitor.get(path)) for path in paths(tabs)][::order]
    for answer in asked:
        while answer.location:
            answer = go_on(visitor, answer)
        assert answer.status_code == 200


class Browser:
    """Sends requests at once: each has the cookies from before all of them."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}

    def at_once(self, urls: list[str]) -> list[TestResponse]:
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {**NAVIGATION, "Cookie": sent}
        client = self.app.test_client(use_cookies=False)
        answers = [client.get(url, base_url=HOST, headers=headers) for url in urls]
        for answer in answers:
            self._take(answer)
        return answers

    def _take(self, answer: TestResponse) -> None:
        for header in answer.headers.getlist("Set-Cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in header:
                del self.cookies[name]


def test_tabs_at_once(visitor: Visitor, tenant: TenantServer, tabs: int) -> None:
    browser = Browser(visitor.app)
    answers = browser.at_once(paths(tabs))
    for _ in range(12):
        going = [each for each in answers if each.location]
        urls = [
            visitor.authorize(each)
            if each.location.startswith("https://")
            else each.location
            for each in going
        ]
        answers = [each for each in answers if not each.location]
        answers += browser.at_once(urls)
    assert {answer.status_code for answer in answers} == {200}
    assert len(answers) == tabs
