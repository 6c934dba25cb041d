"""Concurrent changes of requests are all kept."""

from __future__ import annotations

import random

from tests.fixtures.rounds import Rounds

from .app import POINTS, Part, make_app
from .conftest import Backend
from .crew import SIZE, Browser, Crew, shuffled, threads


def parts_of(dice: random.Random, browser: Browser, name: str) -> list[Part]:
    """A request that writes, one that changes the tokens, and many that only read.

    The first ones that read note that the user is active. Late ones do all else when
    the tokens have changed.
    """
    change = dice.choice(["alter", "refresh"])
    path = f"/slow/{{}}?name={name}"
    # Anywhere, or all where they are about to find that there is something to note.
    points = dice.choice([POINTS, POINTS[:1], POINTS[:2]])
    parts = [
        Part(path.format(change), browser.cookies, dice.choice(points), leads=True)
    ]
    for deed in ["write"] + ["read"] * (SIZE - 2):
        is_late = dice.random() < 0.5
        point = dice.choice(points)
        parts.append(Part(path.format(deed), browser.cookies, point, is_late))
    return parts


def require_all_kept(
    crew: Crew, dice: random.Random, browser: Browser, number: int
) -> None:
    """Fail if a change is lost once a browser has their responses, in any order."""
    name = str(number)
    browser.logged_in()
    outcomes = crew.perform(shuffled(dice, parts_of(dice, browser, name)))
    assert {each.status for each in outcomes} == {200}
    for each in dice.sample(outcomes, SIZE):
        browser.take(each.cookies)
    assert browser.profile() == {"sub": "ada", "kept": {"written": name}}
    tokens = {"access": f"access-{name}", "refresh": f"refresh-{name}"}
    assert browser.tokens() == tokens


def test_on_the_server(
    backend: Backend, browser: Browser, crew: Crew, dice: random.Random, rounds: Rounds
) -> None:
    for number in range(rounds(short=4, full=1000)):
        backend.clear()
        browser.cookies.clear()
        require_all_kept(crew, dice, browser, number)


def test_in_cookies(dice: random.Random, rounds: Rounds) -> None:
    """Responses to one browser keep each other's changes, whatever their order."""
    browser = Browser(make_app({}))
    with threads({}) as crew:
        for number in range(rounds(short=4, full=1000)):
            browser.cookies.clear()
            require_all_kept(crew, dice, browser, number)
