"""One login comes of a callback, on whichever thread or worker it arrives at once."""

from __future__ import annotations

import random
import typing as t
from collections.abc import Callable, Iterator

import httpx
import psycopg
import pytest
import redis

from flask_auth0.tenant import TenantServer
from tests.fixtures.rounds import Rounds
from tests.harness.app_server import Address, Deployment, running_app
from tests.harness.browser import Browser

from .app import Settings
from .conftest import STATES
from .test_refresh import AtOnce, adopt, settings_of, tokens_of
from .test_refresh import tenant as tenant

#: How many requests are made at the same time.
MANY = 8
#: Seconds that the tenant takes to answer.
DELAYS = (0.0, 0.0, 0.02, 0.2)
TABLE = "callbacks"
#: The servers of an app, by where it keeps its sessions.
SERVED = {
    "cookie": "threads",
    "revocations": "workers",
    "redis": "workers",
    "postgresql": "workers",
}

Count = Callable[[], int]


@pytest.fixture(scope="module", params=list(SERVED))
def served(
    request: pytest.FixtureRequest,
    tenant: TenantServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """The app on the threads of one process, and on several with each back end."""
    env = {
        **tenant.environment(),
        **env_of(request),
        "AUTH0_SCOPE": "openid profile email offline_access",
        # A machine that is busy makes no error.
        "AUTH0_TIMEOUT": "30",
        "AUTH0_SESSION_STORE_TIMEOUT": "10",
        "AUTH0_TENANT_CONCURRENCY": "100",
    }
    folder = tmp_path_factory.mktemp(request.param)
    with Address() as address:
        address.allow_at(tenant.tenant.client)
        with running_app(SERVED[request.param], address, env, folder) as deployment:
            yield deployment


def env_of(request: pytest.FixtureRequest) -> Settings:
    """Where an app keeps its sessions, and what it knows of those in cookies."""
    if request.param == "revocations":
        return {"AUTH0_REVOCATION_STORE": request.getfixturevalue("redis_url") + "/9"}
    settings = {**settings_of(request)}
    if "SESSION_REDIS" in settings:
        settings["SESSION_REDIS"] = request.getfixturevalue("redis_url") + "/10"
    if "SESSION_SQLALCHEMY" in settings:
        settings["SESSION_SQLALCHEMY_TABLE"] = TABLE
    return settings


@pytest.fixture
def sessions(
    served: Deployment, request: pytest.FixtureRequest
) -> Iterator[Count | None]:
    """Counts what the back end has of sessions, if it has any."""
    place = request.node.callspec.params["served"]
    if place == "redis":
        url = request.getfixturevalue("redis_url")
        with redis.Redis.from_url(f"{url}/10") as client:
            yield lambda: sum(not is_note(key) for key in client.keys("*:*"))
    elif place == "postgresql":
        folder = request.getfixturevalue("postgres_folder")
        with psycopg.connect(
            host=folder, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            yield lambda: len(rows(connection))
    else:
        yield None


def rows(connection: psycopg.Connection[t.Any]) -> list[str]:
    found = connection.execute(f"SELECT session_id FROM {TABLE}")  # noqa: S608
    return [name for (name,) in found if not is_note(name.encode())]


def is_note(key: bytes) -> bool:
    """Tell what is there for a minute, or for a moment, from what is of a session."""
    return not key.startswith((b"session:", STATES.encode()))


def callback_of(browser: Browser, tenant: TenantServer) -> str:
    """Begin a login, and return the URL that the tenant sends the browser back to."""
    browser.http.cookies.clear()
    tenant.tenant.next_login = "ada@example.com"
    location = browser.fetch("/login?next=/profile").headers["Location"]
    callback = browser.http.get(location, follow_redirects=False).headers["Location"]
    assert callback.startswith(browser.app_url)
    return callback


def headers_of(answer: httpx.Response) -> list[tuple[str, str]]:
    """The content of an answer, without the server's own headers."""
    theirs = {"date", "server", "connection"}
    return sorted(
        each for each in answer.headers.multi_items() if each[0] not in theirs
    )


def outcomes(tenant: TenantServer) -> list[tuple[str, str]]:
    return [(e.grant_type, e.outcome) for e in tenant.tenant.token_requests]


def test_one_exchange_and_one_session(
    tenant: TenantServer,
    served: Deployment,
    sessions: Count | None,
    dice: random.Random,
    rounds: Rounds,
) -> None:
    """A second use of the code would end the session: the tenant revokes the grant."""
    for _ in range(rounds(short=2, full=250)):
        with served.browser() as browser:
            callback = callback_of(browser, tenant)
            tenant.tenant.token_requests.clear()
            delay = dice.choice(DELAYS)
            tenant.tenant.fail_next_token_request(status=None, delay=delay)
            before = sessions() if sessions else 0
            answers = AtOnce(browser, [callback] * MANY).answers()
            assert [each.status_code for each in answers] == [302] * MANY
            assert {each.headers["Location"] for each in answers} == {"/profile"}
            assert len({str(headers_of(each)) for each in answers}) == 1
            assert outcomes(tenant) == [("authorization_code", "ok")]
            if sessions:
                # Flask's row of the session, and the two parts of its state.
                assert sessions() == before + 3
            require_going_on(browser, tenant, dice.choice(answers))


def require_going_on(
    browser: Browser, tenant: TenantServer, answer: httpx.Response
) -> None:
    """Fail unless an answer leads to the page, and its session can be refreshed."""
    adopt(browser, answer)
    assert browser.fetch("/profile").json()["email"] == "ada@example.com"
    assert tokens_of([browser.fetch("/token?force")])
    assert outcomes(tenant)[1:] == [("refresh_token", "ok")]


def test_one_failure_for_all(
    tenant: TenantServer, served: Deployment, dice: random.Random, rounds: Rounds
) -> None:
    for _ in range(rounds(short=1, full=100)):
        with served.browser() as browser:
            callback = callback_of(browser, tenant)
            tenant.tenant.token_requests.clear()
            delay = dice.choice(DELAYS)
            tenant.tenant.fail_next_token_request(status=400, delay=delay)
            answers = AtOnce(browser, [callback] * MANY).answers()
            assert len({(each.status_code, each.text) for each in answers}) == 1
            assert answers[0].status_code >= 400
            assert len(tenant.tenant.token_requests) == 1


def test_who_asks_later_and_elsewhere_gets_the_answer_as_well(
    tenant: TenantServer, served: Deployment
) -> None:
    """Whichever worker has it, the browser's cookies may be from before the answer."""
    with served.browser() as browser:
        callback = callback_of(browser, tenant)
        tenant.tenant.token_requests.clear()
        first = AtOnce(browser, [callback]).answers()
        later = AtOnce(browser, [callback] * MANY).answers()
        assert len({str(headers_of(each)) for each in first + later}) == 1
        assert outcomes(tenant) == [("authorization_code", "ok")]


def test_another_browser_gets_no_session(
    tenant: TenantServer, served: Deployment
) -> None:
    """The other browser has not begun the login, and is refused at any time."""
    with served.browser() as browser, served.browser() as other:
        callback = callback_of(browser, tenant)
        tenant.tenant.token_requests.clear()
        tenant.tenant.fail_next_token_request(status=None, delay=0.2)
        mine = AtOnce(browser, [callback])
        theirs = AtOnce(other, [callback] * MANY).answers()
        assert mine.answers()[0].headers["Location"] == "/profile"
        for answer in theirs:
            assert "/authorize" in answer.headers["Location"]
            adopt(other, answer)
            assert other.fetch("/profile").status_code == 401
