"""Many people log in at one process, one after the other and all at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fixtures.rounds import Rounds
from tests.harness.app_server import Deployment
from tests.harness.browser import Browser

pytestmark = pytest.mark.parametrize(
    "deployment",
    [("gthread", "cookie"), ("gevent", "redis")],
    indirect=True,
    ids="-".join,
)
PEOPLE = [f"person{number}@example.com" for number in range(50)]


def log_in_and_look(browser: Browser, email: str) -> tuple[str, str, str]:
    """Log in and return who the app, the API and the token say it is."""
    profile = browser.login(email)
    assert profile.status_code == 200, profile.text
    api = browser.get("/api")
    assert api.status_code == 200, api.text
    token = browser.get("/token").json()["token"]
    return profile.json()["email"], api.json()["email"], token


def log_in_alone(deployment: Deployment, email: str) -> tuple[str, str, str]:
    """The same, in a browser that nobody used before."""
    with deployment.browser() as browser:
        return log_in_and_look(browser, email)


def check(people: list[str], seen: list[tuple[str, str, str]]) -> None:
    """Everybody got themselves, and a token that nobody else got."""
    assert [profile for profile, _, _ in seen] == people
    assert [api for _, api, _ in seen] == people
    assert len({token for _, _, token in seen}) == len(people)


def test_one_after_the_other(deployment: Deployment, rounds: Rounds) -> None:
    people = PEOPLE[: rounds(short=5, full=50)]
    check(people, [log_in_alone(deployment, email) for email in people])


def test_all_at_once(deployment: Deployment, rounds: Rounds) -> None:
    people = PEOPLE[: rounds(short=25, full=50)]
    with ThreadPoolExecutor(len(people)) as pool:
        seen = pool.map(lambda email: log_in_alone(deployment, email), people)
        check(people, list(seen))
