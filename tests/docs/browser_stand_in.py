"""Stands for pytest-playwright, which the tests of a page ask for a browser."""

from __future__ import annotations

import typing as t

import httpx
import pytest


class Context:
    """A browser with an empty profile."""

    def __init__(self) -> None:
        self.http = httpx.Client(follow_redirects=True)

    def add_cookies(self, cookies: list[dict[str, t.Any]]) -> None:
        for each in cookies:
            assert {*each} <= {
                *("name", "value", "domain", "path"),
                *("httpOnly", "secure", "sameSite"),
            }
            self.http.cookies.set(each["name"], each["value"], path=each["path"])


class Page:
    """A tab of it."""

    def __init__(self) -> None:
        self.context = Context()
        self._text = ""

    def goto(self, url: str) -> None:
        self._text = self.context.http.get(url).text

    def inner_text(self, selector: str) -> str:
        return self._text


@pytest.fixture
def page() -> t.Iterator[Page]:
    page = Page()
    yield page
    page.context.http.close()
