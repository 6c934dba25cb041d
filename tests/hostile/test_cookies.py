"""No mixture of cookies, whole or damaged, is a login that was not there."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.visitor import NAVIGATION

from .cases import CASES
from .homes import PEOPLE, Cookies, Home
from .mutations import TEXTS, damaged

# These tests have a full form.
pytestmark = pytest.mark.usefixtures("rounds")

#: Beside the real ones: pieces that nobody has, and what only looks like ours.
NAMES = ["session", "session_a0_loop", "session_a0_tx_", "session_a0_tx_ä", "other"]
NAMES += [f"session_a0_{part}{n}" for part in ("head", "body") for n in range(3)]
NAMES += ["session_a0_head", "session_a0_head00", "session_a0_body99", "Session"]
PAGES = ["/protected", "/token", "/keep", "/login", "/callback?code=c&state=s"]
PAGES += ["/logout"]


class Drawn(t.NamedTuple):
    """A cookie of a mixture, and whose it was."""

    name: str
    value: str
    owner: str | None


@st.composite
def mixtures(draw: st.DrawFn, home: Home) -> list[Drawn]:
    """Cookies of one, of the other, of nobody; damaged, doubled, in any order."""
    mixture = [
        Drawn(name, home.cookies[owner][name], owner)
        for name in home.cookies["ada"]
        for owner in draw(st.lists(st.sampled_from(PEOPLE), max_size=2))
    ]
    for _ in range(draw(st.integers(0, 4))):
        mixture.append(draw(strange_cookies(home)))
    dropped = draw(st.lists(st.integers(0, 9), max_size=2))
    mixture = [each for n, each in enumerate(mixture) if n not in dropped]
    return draw(st.permutations(mixture)) if draw(st.booleans()) else mixture


@st.composite
def strange_cookies(draw: st.DrawFn, home: Home) -> Drawn:
    owner = draw(st.sampled_from(PEOPLE))
    own = home.cookies[owner]
    name = draw(st.sampled_from(list(own)))
    value = own[name]
    kind = draw(st.sampled_from(["damaged", "misnamed", "foreign"]))
    if kind == "damaged":
        return Drawn(name, draw(damaged(value)), owner)
    if kind == "misnamed":
        return Drawn(draw(st.sampled_from(NAMES)), value, owner)
    return Drawn(draw(st.sampled_from(NAMES)), draw(TEXTS), None)


def owners(mixture: list[Drawn], prefix: str) -> set[str | None]:
    """Who has something to do with the cookies of these names."""
    return {each.owner for each in mixture if each.name.startswith(prefix)}


@CASES
@given(data=st.data())
def test_no_mixture_is_a_login(home: Home, data: st.DataObject) -> None:
    home.restore()
    mixture = data.draw(mixtures(home))
    cookies: Cookies = [(each.name, each.value) for each in mixture]
    found = home.look(cookies)
    possible = owners(mixture, "session")
    if home.interface is None:
        possible &= owners(mixture, "session_a0_head")
    if found.sub is not None:
        person = found.sub.partition("|")[2]
        assert person in possible
        assert found.mark == person
        # A browser that lost its tokens on the way has no session to show.
        assert found.whole in (None, home.seen[person].whole)
    page = data.draw(st.sampled_from(PAGES))
    answer = home.visit(page, cookies, headers=NAVIGATION)
    assert answer.status_code < 500


@CASES
@given(data=st.data())
def test_whole_cookies_are_one(home: Home, data: st.DataObject) -> None:
    """Whatever stands beside them, unless it names another session."""
    home.restore()
    person = data.draw(st.sampled_from(PEOPLE))
    strange = data.draw(st.lists(strange_cookies(home), max_size=4))
    others: Cookies = [(each.name, each.value) for each in strange]
    cookies = data.draw(st.permutations([*home.cookies[person].items()]))
    found = home.look([*cookies, *others])
    sessions = {home.cookies[each]["session"] for each in PEOPLE if each != person}
    if sessions.intersection(value for name, value in others if name == "session"):
        assert (found.sub, found.mark, found.whole) == (None, None, None)
    else:
        assert (found.sub, found.mark) == (f"auth0|{person}", person)
        assert found.whole == home.seen[person].whole
