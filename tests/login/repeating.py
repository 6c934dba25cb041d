"""A browser that asks several times at once."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from werkzeug.test import TestResponse

from tests.harness.visitor import HOST, NAVIGATION, Visitor

#: How many requests a browser sends at once.
MANY = 6


def outcomes(requests: list[t.Any]) -> list[tuple[str, str]]:
    return [(each.grant_type, each.outcome) for each in requests]


def ask(app: Flask, path: str, cookies: Mapping[str, str]) -> TestResponse:
    """Ask for a path with these cookies, whatever is answered to others."""
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    client = app.test_client(use_cookies=False)
    return client.get(path, base_url=HOST, headers={**NAVIGATION, "Cookie": cookie})


def ask_at_once(visitor: Visitor, path: str, count: int = MANY) -> list[TestResponse]:
    """Ask for a path several times, as one browser with the same cookies."""
    barrier, cookies = threading.Barrier(count), visitor.cookies()

    def one(_: int) -> TestResponse:
        barrier.wait()
        return ask(visitor.app, path, cookies)

    with ThreadPoolExecutor(count) as executor:
        return list(executor.map(one, range(count)))


def cookies_of(answer: TestResponse) -> dict[str, str]:
    """The cookies that a browser has after an answer."""
    pairs = [
        line.partition(";")[0].partition("=")
        for line in answer.headers.getlist("Set-Cookie")
        if "Max-Age=0" not in line
    ]
    return {name: value for name, _, value in pairs}


def headers_of(answer: TestResponse) -> list[tuple[str, str]]:
    return sorted(answer.headers.items())
