"""Who has sent a form that is not kept is told so; others' forms are never kept."""

from __future__ import annotations

import secrets
import typing as t

import pytest
from redis import Redis

from tests.harness.visitor import GRACE, HOST, MakeVisitor, Visitor

from .conftest import come_back, end_session, kept, post

TOLD, TOO_LARGE = "What you sent was not kept", "too large to be kept"


@pytest.fixture
def ended(visitor: Visitor) -> Visitor:
    """Somebody at a form, whose session has ended meanwhile."""
    visitor.log_in()
    assert kept(visitor) is None
    end_session(visitor)
    return visitor


def notes(visitor: Visitor) -> list[str]:
    return [name for name in visitor.cookies() if "_a0_sent_" in name]


def test_it_is_said_where_forms_are_not_kept(ended: Visitor) -> None:
    answer = come_back(ended, post(ended, "/plain?a=1&b=<x>", {"title": "x"}))
    assert answer.status_code == 200
    assert TOLD in answer.text
    assert 'href="/plain?a=1&amp;b=' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert notes(ended) == []
    assert ended.log_in(path="/login?next=/plain").status_code == 302


def test_it_is_said_to_who_was_never_here(visitor: Visitor) -> None:
    assert TOLD in come_back(visitor, post(visitor, "/note", {"title": "x"})).text
    assert kept(visitor) is None


def test_nothing_is_said_after_another_login(ended: Visitor) -> None:
    post(ended, "/plain", {"title": "x"})
    assert ended.log_in(path="/login?next=/user").location == "/user"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
        {"Sec-Fetch-Site": "", "Origin": ""},
    ],
)
def test_a_form_of_another_site(ended: Visitor, headers: dict[str, str]) -> None:
    refused = post(ended, "/note", {"to": "mallory"}, headers=headers)
    assert notes(ended) == []
    assert come_back(ended, refused).status_code == 302
    assert kept(ended) is None


def test_a_script_is_answered_401(ended: Visitor) -> None:
    headers = {"Accept": "*/*", "Sec-Fetch-Mode": "cors"}
    assert post(ended, "/note", {"a": "b"}, headers=headers).status_code == 401
    assert notes(ended) == []


@pytest.mark.parametrize(
    "data",
    [
        {"text": "x" * 70_000},
        {f"field{n}": "x" for n in range(1000)},
        {f"field{n}": "x" for n in range(201)},
    ],
    ids=["bytes", "thousand", "fields"],
)
def test_a_form_that_is_too_large(ended: Visitor, data: dict[str, str]) -> None:
    answer = come_back(ended, post(ended, "/note", data))
    assert TOO_LARGE in answer.text
    assert kept(ended) is None


def test_the_apps_own_limit(ended: Visitor) -> None:
    ended.app.config["MAX_CONTENT_LENGTH"] = 1
    answer = come_back(ended, post(ended, "/note", {"text": "xx"}))
    assert TOO_LARGE in answer.text


def test_what_is_no_form(ended: Visitor) -> None:
    answer = post(ended, "/note", '{"a": 1}', content_type="application/json")
    text = come_back(ended, answer).text
    assert TOLD in text
    assert TOO_LARGE not in text


def test_more_than_a_cookie_holds(ended: Visitor, mode: str) -> None:
    text = secrets.token_hex(4000)
    refused = post(ended, "/note", {"text": text})
    head = sum(len(f"{k}: {v}\r\n") for k, v in refused.headers)
    assert head < 4000
    answer = come_back(ended, refused)
    if mode == "redis":
        assert kept(ended) == {"text": [text]}
    else:
        assert TOO_LARGE in answer.text


def test_cookies_are_few_and_small(ended: Visitor) -> None:
    for number in range(20):
        data = {"text": f"{number}" * 1400}
        post(ended, "/note", data, headers={"Referer": f"{HOST}/note?{number}"})
        size = sum(len(f"{k}={v}; ") for k, v in ended.cookies().items())
        assert size < 8000 - 1000
        assert len(notes(ended)) <= 4


@pytest.mark.parametrize("value", ["", "x", "{name}", "\u00e9", "A" * 4000])
def test_forged_cookies(ended: Visitor, value: str) -> None:
    refused = post(ended, "/note", {"a": "b"})
    (name,) = notes(ended)
    author = name.partition("sent_")[0] + "author"
    ended.set_cookie(name, value.format(name=name))
    ended.set_cookie(author, value.format(name=author))
    assert come_back(ended, refused).status_code == 302
    assert kept(ended) is None


def test_a_note_of_another_page(ended: Visitor) -> None:
    post(ended, "/note", {"a": "b"})
    (name,) = notes(ended)
    value = ended.cookies()[name]
    refused = post(ended, "/async-note", {"a": "c"})
    other = next(each for each in notes(ended) if each != name)
    ended.set_cookie(other, value)
    come_back(ended, refused)
    assert kept(ended, "/async-note") is None


def test_two_authors_are_none(ended: Visitor, make_visitor: MakeVisitor) -> None:
    """A sibling host may have set the second one."""
    other = make_visitor(ended.app)
    other.log_in(GRACE)
    assert kept(other) is None
    name = next(each for each in ended.cookies() if each.endswith("_a0_author"))
    planted = other.cookies()[name]
    ended.client.set_cookie(name, planted, domain="localhost", path="/note")
    refused = post(ended, "/note", {"a": "b"})
    assert TOLD in come_back(ended, refused).text
    assert kept(ended) is None


def test_records_expire_and_are_removed(
    ended: Visitor, mode: str, settings: dict[str, t.Any]
) -> None:
    if mode != "redis":
        pytest.skip("There are no records.")
    with Redis.from_url(settings["SESSION_REDIS"]) as redis:
        for number in range(3):
            refused = post(ended, "/note", {"title": f"unmistakable {number}"})
        (key,) = redis.keys("flask_auth0.form:*")
        assert 0 < redis.ttl(key) <= 900
        assert b"unmistakable" not in (redis.get(key) or b"")
        come_back(ended, refused)
        assert kept(ended) == {"title": ["unmistakable 2"]}
        assert redis.keys("flask_auth0.form:*") == []
