"""Nothing brings a session back after its logout, whatever was in flight."""

from __future__ import annotations

import random
import typing as t

import pytest

from flask_auth0.tenant import TenantServer
from tests.fixtures.rounds import Rounds
from tests.harness.visitor import MakeVisitor

from .app import POINTS, Part, make_app
from .conftest import BACKENDS, Backend
from .crew import SIZE, Browser, Crew, Outcome, shuffled, threads

pytestmark = pytest.mark.parametrize("backend", BACKENDS, indirect=True)


def leading(dice: random.Random, path: str, browser: Browser) -> Part:
    """A request that ends or replaces the session amid the others."""
    point = dice.choice(["entered", "found", "amid", "leaving"])
    return Part(path, browser.cookies, point, leads=True)


def others(dice: random.Random, browser: Browser, number: int) -> list[Part]:
    """Slow requests of the same browser, half of which write to the session."""
    # One request refreshes: others would wait for it while it waits for them.
    deeds = ["write"] * (SIZE // 2) + ["refresh", "alter", "alter", "read"]
    # Anywhere, but then the first has noted that the user is active; or all where they
    # are about to find that due.
    points = dice.choice([POINTS, POINTS[:1], POINTS[:2]])
    return [
        Part(
            f"/slow/{deed}?name=late",
            browser.cookies,
            dice.choice(points),
            is_late=len(points) > 1 and dice.random() < 0.5,
        )
        for deed in deeds[:number]
    ]


def browsers_after(browser: Browser, outcomes: list[Outcome]) -> list[Browser]:
    """The browser as it was, and with what each response may have left in it."""
    found = [browser, *(browser.copy().take(each.cookies) for each in outcomes)]
    distinct = {tuple(sorted(each.cookies.items())): each for each in found}
    return list(distinct.values())


def require_nobody(browsers: list[Browser]) -> None:
    """Fail if any of the browsers is logged in."""
    assert [each.profile() for each in browsers] == [None] * len(browsers)


def require_no_inheritance(dice: random.Random, browsers: list[Browser]) -> None:
    """Fail if the next person at the browser sees what the last one left."""
    grace = dice.choice(browsers).copy().logged_in("grace")
    assert grace.profile() == {"sub": "grace", "kept": {}}


def test_logout_is_final(
    backend: Backend, browser: Browser, crew: Crew, dice: random.Random, rounds: Rounds
) -> None:
    """Also where two tabs log out at once, as in every third round."""
    for number in range(rounds(short=4, full=1500)):
        logouts = 2 if number % 3 == 2 else 1
        backend.clear()
        browser.cookies.clear()
        browser.logged_in()
        parts = [leading(dice, "/logout", browser) for _ in range(logouts)]
        parts += others(dice, browser, SIZE - logouts)
        outcomes = crew.perform(shuffled(dice, parts))
        for part, status, _ in outcomes:
            assert status == (302 if part.leads else 200), part
        assert backend.states() == 0
        left = browsers_after(browser, outcomes)
        require_nobody(left)
        require_no_inheritance(dice, left)


def log_in_amid_a_logout(
    backend: Backend, browser: Browser, crew: Crew, dice: random.Random, login: str
) -> t.Any:
    """Return the profile of the new session, of which the logout knew nothing.

    Fail if anything is left of the one before, or of the new one after its own logout.
    """
    one = backend.states()
    parts = [leading(dice, path, browser) for path in ("/logout", login)]
    parts += others(dice, browser, SIZE - 2)
    outcomes = crew.perform(shuffled(dice, parts))
    assert backend.states() == one
    (new,) = (each for each in outcomes if each.part.path == login)
    rest = browsers_after(browser, [each for each in outcomes if each != new])
    require_nobody(rest)
    begun = browser.copy().take(new.cookies)
    profile = begun.profile()
    assert begun.copy().get("/logout").status_code == 302
    assert backend.states() == 0
    require_nobody([begun, *rest])
    return profile


def test_logout_amid_a_login(
    backend: Backend, browser: Browser, crew: Crew, dice: random.Random, rounds: Rounds
) -> None:
    """The session before is over; the new one is for whoever logs in now."""
    for _ in range(rounds(short=4, full=1000)):
        sub = dice.choice(["ada", "grace"])
        backend.clear()
        browser.cookies.clear()
        browser.logged_in()
        profile = log_in_amid_a_logout(backend, browser, crew, dice, f"/begin/{sub}")
        assert profile["sub"] == sub
        assert sub == "ada" or profile["kept"] == {}


def test_logout_amid_a_callback(
    backend: Backend,
    tenant: TenantServer,
    make_visitor: MakeVisitor,
    dice: random.Random,
    rounds: Rounds,
) -> None:
    """The same where a tenant sends the browser back from a login."""
    settings = {**backend.settings, "AUTH0_DOMAIN": tenant.domain}
    browser = Browser(make_app(settings))
    visitor = make_visitor(browser.app)
    with threads(settings) as crew:
        for _ in range(rounds(short=5, full=100)):
            backend.clear()
            browser.cookies.clear()
            browser.logged_in()
            callback = visitor.authorize(browser.get("/login"))
            profile = log_in_amid_a_logout(backend, browser, crew, dice, callback)
            assert profile["sub"] != "ada"
            assert profile["kept"] == {}
