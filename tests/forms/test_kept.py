"""A form that a login came in between comes back, to the user who has sent it."""

from __future__ import annotations

import io

import pytest

from tests.harness.clock import Clock
from tests.harness.visitor import GRACE, HOST, NAVIGATION, Visitor

from .conftest import come_back, end_session, kept, post

FIELDS = {"title": "Notes", "tag": ["a", "b"], "text": "<script>alert(1)</script>"}
KEPT = {**FIELDS, "title": ["Notes"], "text": ["<script>alert(1)</script>"]}


@pytest.fixture
def ended(visitor: Visitor) -> Visitor:
    """Somebody at a form, whose session has ended meanwhile."""
    visitor.log_in()
    assert kept(visitor) is None
    end_session(visitor)
    return visitor


@pytest.mark.parametrize("page", ["/note", "/async-note"])
def test_a_form_comes_back_once(ended: Visitor, page: str) -> None:
    answer = come_back(ended, post(ended, page, FIELDS))
    assert (answer.status_code, answer.location) == (302, page)
    again = ended.get(page)
    assert again.json == {"kept": KEPT, "sent": {}}
    assert again.headers["Cache-Control"] == "no-store"
    assert kept(ended, page) is None
    assert post(ended, page, FIELDS).json == {"kept": None, "sent": KEPT}


def test_a_form_comes_back_where_a_login_is_too_old(
    visitor: Visitor, clock: Clock
) -> None:
    visitor.log_in(path="/login?next=/recent&max_age=300")
    clock.offset = 400
    refused = post(visitor, "/recent", FIELDS)
    clock.offset = 0
    answer = come_back(visitor, refused)
    assert answer.location == "/recent"
    assert kept(visitor, "/recent") == KEPT


def test_the_fields_of_multipart_come_back_without_files(ended: Visitor) -> None:
    data = {**FIELDS, "file": (io.BytesIO(b"content"), "file.txt")}
    come_back(ended, post(ended, "/note", data, content_type="multipart/form-data"))
    assert kept(ended) == KEPT


def test_secrets_are_not_kept(ended: Visitor) -> None:
    names = ("password", "new-Passwd", "csrf_token", "otp", "card_number", "cc-number")
    more = ("pin", "user_pin", "pin_code", "newPin", "pass", "user_pass", "pass2")
    secret = dict.fromkeys((*names, *more, "security_code"), "secret")
    come_back(ended, post(ended, "/note", {**FIELDS, **secret}))
    assert kept(ended) == KEPT


def test_what_only_sounds_secret_is_kept(ended: Visitor) -> None:
    fields = {name: [name] for name in ("passport", "compass", "shipping", "opinion")}
    come_back(ended, post(ended, "/note", fields))
    assert kept(ended) == fields


def test_nobody_else_gets_it(ended: Visitor) -> None:
    answer = come_back(ended, post(ended, "/note", FIELDS), GRACE)
    assert "was not kept" in answer.text
    assert kept(ended) is None
    ended.get("/logout")
    ended.log_in()
    assert kept(ended) is None


def test_nobody_else_gets_it_from_a_login_elsewhere(ended: Visitor) -> None:
    post(ended, "/note", FIELDS)
    ended.log_in(GRACE, "/login?next=/")
    assert not [name for name in ended.cookies() if "_a0_sent_" in name]
    assert kept(ended) is None
    ended.get("/logout")
    ended.log_in()
    assert kept(ended) is None


def test_who_has_logged_out_gets_nothing_of_the_next_user(visitor: Visitor) -> None:
    """Somebody else may fill a form in that is on a public page."""
    visitor.log_in()
    assert kept(visitor) is None
    visitor.get("/logout")
    answer = come_back(visitor, post(visitor, "/note", FIELDS))
    assert "was not kept" in answer.text
    assert kept(visitor) is None


def test_who_was_here_before_gets_nothing_of_the_next_user(ended: Visitor) -> None:
    ended.log_in(GRACE)
    # No page has shown her a form that would be kept.
    end_session(ended)
    answer = come_back(ended, post(ended, "/note", FIELDS))
    assert "was not kept" in answer.text
    assert kept(ended) is None


def test_it_stays_with_its_page(ended: Visitor) -> None:
    come_back(ended, post(ended, "/note", FIELDS))
    assert kept(ended, "/async-note") is None
    assert kept(ended, "/note?other=1") is None
    assert kept(ended, "/note") == KEPT


def test_two_tabs(ended: Visitor) -> None:
    first = post(ended, "/note", {"title": "first"})
    second = post(ended, "/async-note", {"title": "second"})
    come_back(ended, first)
    assert kept(ended, "/note") == {"title": ["first"]}
    come_back(ended, second)
    assert kept(ended, "/async-note") == {"title": ["second"]}


def test_two_tabs_of_one_page(ended: Visitor) -> None:
    post(ended, "/note", {"title": "first"})
    come_back(ended, post(ended, "/note", {"title": "second"}))
    assert kept(ended) == {"title": ["second"]}
    assert kept(ended) is None


def test_it_is_gone_after_minutes(ended: Visitor, clock: Clock) -> None:
    refused = post(ended, "/note", FIELDS)
    clock.offset += 1000
    assert "was not kept" in come_back(ended, refused).text
    assert kept(ended) is None


def test_a_prefetch_does_not_take_it(ended: Visitor) -> None:
    come_back(ended, post(ended, "/note", FIELDS))
    headers = {**NAVIGATION, "Sec-Purpose": "prefetch"}
    answer = ended.client.get("/note", base_url=HOST, headers=headers)
    assert answer.json is not None
    assert answer.json["kept"] is None
    assert kept(ended) == KEPT


def test_strange_fields(ended: Visitor) -> None:
    body = "a=%ED%A0%80&%00=%00&=&b=%F0%9F%8E%89"
    form = "application/x-www-form-urlencoded"
    come_back(ended, post(ended, "/note", body, content_type=form))
    found = kept(ended)
    assert found["b"] == ["\N{PARTY POPPER}"]
    assert found["\0"] == ["\0"]
