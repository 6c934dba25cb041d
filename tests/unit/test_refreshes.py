"""What is remembered of refreshes shows nothing, and does not grow for ever."""

from __future__ import annotations

import time
import traceback
import typing as t

import pytest
from msgspec.structs import replace

from flask_auth0.client import refreshes
from flask_auth0.client.refreshes import PastRefresh, PastRefreshes
from flask_auth0.runtime import clock as clocks
from flask_auth0.sessions.token_sets import Refresh, Wanted
from tests.harness.clock import Clock

WANTED = ("https://api", "openid")


def tokens(name: str, **more: t.Any) -> dict[str, t.Any]:
    return {"access_token": f"access-{name}", "expires_in": 600, **more}


def test_no_token_is_shown() -> None:
    entry = PastRefresh("family", 0.0)
    entry.successor = "secret"
    entry.answers["", ""] = (0.0, tokens("secret"))
    entry.failure = ValueError("secret")
    assert "secret" not in repr(entry)


def test_the_newest_token_and_what_it_brought() -> None:
    known = PastRefreshes(clocks.machine)
    known.note("a", WANTED, tokens("1", refresh_token="b"))
    known.note("b", WANTED, tokens("2", refresh_token="c"))
    assert [known.newest(each) for each in "abcd"] == ["c", "c", "c", "d"]
    assert len({known.family(each) for each in "abc"}) == 1
    assert known.family("d") != known.family("a")
    found = known.answer("a", WANTED, None)
    assert found
    assert found["access_token"] == "access-2"
    assert known.answer("a", ("https://other", "openid"), None) is None


def test_a_tenant_that_gives_an_old_token_again_sends_nobody_round_in_a_circle() -> (
    None
):
    known = PastRefreshes(clocks.machine)
    known.note("a", WANTED, tokens("1", refresh_token="b"))
    known.note("b", WANTED, tokens("2", refresh_token="a"))
    assert known.newest("a") == known.newest("b") == "a"
    assert known.answer("b", WANTED, None)


def test_a_failure_is_told_to_those_who_waited_for_it_alone() -> None:
    known = PastRefreshes(clocks.machine)
    waiting = Refresh(Wanted("https://api"), time.monotonic(), False)
    error = ValueError()
    known.note_failure("a", error)
    depths = []
    for _ in range(5):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            known.answer("a", WANTED, waiting)
        depths.append(len(traceback.extract_tb(caught.value.__traceback__)))
    # The error keeps no frames alive of those that raised it before.
    assert set(depths) == {depths[0]}
    later = replace(waiting, began_at=time.monotonic())
    assert known.answer("a", WANTED, later) is None


def test_old_exchanges_and_answers_are_forgotten(clock: Clock) -> None:
    known = PastRefreshes(clocks.machine)
    known.note("a", WANTED, tokens("1", refresh_token="b"))
    # Without rotation, one token gets them all.
    for number in range(100):
        clock.passed += 10
        known.note("kept", (f"https://{number}", ""), tokens("2"))
    assert known.newest("a") == "a"
    assert known.answer("kept", ("https://0", ""), None) is None
    assert known.answer("kept", ("https://99", ""), None)
    (entry,) = known._known.values()
    assert len(entry.answers) < 10


def test_there_are_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshes, "_MOST_REFRESHES", 10)
    known = PastRefreshes(clocks.machine)
    for number in range(20):
        known.note(str(number), WANTED, tokens("1"))
    assert len(known._known) == 10
    assert known.answer("0", WANTED, None) is None
    assert known.answer("19", WANTED, None)
