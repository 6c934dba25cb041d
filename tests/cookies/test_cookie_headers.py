"""A header with cookies that comes again is not parsed again, and leaks nowhere."""

from __future__ import annotations

import importlib
import typing as t

import pytest
from flask import Flask, Request, request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import ImmutableMultiDict

from flask_auth0.runtime import cookie_jar
from flask_auth0.runtime.recent import Recent
from flask_auth0.runtime.request import current_request

TWICE = "a=1; b=2; a=3; a=1"


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> Recent[str, t.Any]:
    """Return what a process remembers, which is nothing yet."""
    recent: Recent[str, t.Any] = Recent(cookie_jar.REMEMBERED)
    monkeypatch.setattr(cookie_jar, "_parsed", recent)
    return recent


@pytest.fixture
def parsed(
    remembered: Recent[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Return what has been parsed."""
    seen: list[str] = []
    werkzeugs: t.Any = importlib.import_module("werkzeug.sansio.request")
    original = werkzeugs.parse_cookie

    def parse_cookie(header: str, **options: t.Any) -> t.Any:
        seen.append(header)
        return original(header, **options)

    monkeypatch.setattr(werkzeugs, "parse_cookie", parse_cookie)
    return seen


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def sent() -> t.Any:
        return current_request().jar.values

    return app


def ask(app: Flask, header: str) -> t.Any:
    client = app.test_client(use_cookies=False)
    return client.get("/", headers={"Cookie": header}).json


def test_it_is_parsed_once(app: Flask, parsed: list[str]) -> None:
    for _ in range(3):
        assert ask(app, TWICE) == {"a": ["1", "3"], "b": ["2"]}
    assert parsed == [TWICE]
    assert ask(app, "a=1; b=2; a=3; a=4") == {"a": ["1", "3", "4"], "b": ["2"]}


def test_an_app_sees_its_own(app: Flask, parsed: list[str]) -> None:
    @app.get("/own")
    def own() -> t.Any:
        assert current_request().jar.values
        return request.cookies.to_dict(flat=False)

    client = app.test_client(use_cookies=False)
    for _ in range(2):
        found = client.get("/own", headers={"Cookie": TWICE})
        assert found.json == {"a": ["1", "3", "1"], "b": ["2"]}


def test_what_one_request_changes_no_other_sees(
    app: Flask, remembered: Recent[str, t.Any]
) -> None:
    @app.get("/change")
    def change() -> str:
        jar = current_request().jar
        jar.set("b", "changed", None)
        jar.delete("a")
        for values in jar.sent.lists():
            values[1].clear()
        # These lists are those of the request itself.
        for each in request.cookies.listvalues():
            each.append("changed")
        return ""

    client = app.test_client(use_cookies=False)
    client.get("/change", headers={"Cookie": TWICE})
    client.get("/change", headers={"Cookie": TWICE})
    assert ask(app, TWICE) == {"a": ["1", "3"], "b": ["2"]}


def test_it_does_not_remember_without_end(
    app: Flask, remembered: Recent[str, t.Any]
) -> None:
    for number in range(cookie_jar.REMEMBERED + 10):
        ask(app, f"a={number}")
    assert 0 < len(remembered) <= cookie_jar.REMEMBERED


@pytest.mark.parametrize(
    "header",
    [
        "a=" + "x" * cookie_jar.LONGEST,
        ";".join(f"a{number}=" for number in range(cookie_jar.MOST_COOKIES + 1)),
        ";" * cookie_jar.MOST_COOKIES,
    ],
)
def test_large_ones_are_not_remembered(
    app: Flask, remembered: Recent[str, t.Any], header: str
) -> None:
    ask(app, header)
    assert len(remembered) == 0
    ask(app, "a=1")
    assert len(remembered) == 1


def test_an_app_whose_requests_have_other_cookies_has_its_own(
    app: Flask, remembered: Recent[str, t.Any]
) -> None:
    class OtherRequest(Request):
        cookies: t.Any = ImmutableMultiDict({"a": "other"})

    other = Flask(__name__)
    other.request_class = OtherRequest
    other.add_url_rule("/", view_func=app.view_functions["sent"])
    for _ in range(2):
        assert ask(app, "a=1") == {"a": ["1"]}
        assert ask(other, "a=1") == {"a": ["other"]}


def test_so_has_a_request_whose_cookies_an_app_has_replaced(
    app: Flask, remembered: Recent[str, t.Any]
) -> None:
    @app.get("/replaced")
    def replace() -> t.Any:
        mine: t.Any = request
        mine.cookies = ImmutableMultiDict({"a": "replaced"})
        return current_request().jar.values

    assert ask(app, "a=1") == {"a": ["1"]}
    client = app.test_client(use_cookies=False)
    found = client.get("/replaced", headers={"Cookie": "a=1"})
    assert found.json == {"a": ["replaced"]}
    assert ask(app, "a=1") == {"a": ["1"]}


def test_threads_of_one_request_change_the_same_cookies(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them may be the first that looks at them."""
    original = cookie_jar._parse
    with app.test_request_context(headers={"Cookie": "a=1"}):
        jar = current_request().jar

        def slow(sent: t.Any) -> t.Any:
            monkeypatch.setattr(cookie_jar, "_parse", original)
            jar.set("a", "of another thread", None)
            return original(sent)

        monkeypatch.setattr(cookie_jar, "_parse", slow)
        assert jar.values["a"] == ("of another thread",)


@given(st.text('ab=;" \t\\é\xa0,', max_size=12) | st.text("ab=; ", max_size=16))
def test_a_header_is_parsed_as_werkzeug_parses_it(header: str) -> None:
    request = Request({"HTTP_COOKIE": header, "REQUEST_METHOD": "GET"})
    found = cookie_jar._parse(request)
    theirs = request.cookies.to_dict(flat=False)
    assert found == {name: (*dict.fromkeys(each),) for name, each in theirs.items()}


def test_a_header_of_a_browser_needs_no_regular_expressions(
    app: Flask, parsed: list[str], remembered: Recent[str, t.Any]
) -> None:
    assert ask(app, "a=1; b=; c=x=y") == {"a": ["1"], "b": [""], "c": ["x=y"]}
    assert parsed == []
