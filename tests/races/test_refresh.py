"""One refresh reaches the tenant, from all threads and worker processes of an app."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import threading
import time
import typing as t
from collections.abc import Iterator, Sequence

import httpx
import pytest

from flask_auth0.sessions.stores.lease import LEASE
from flask_auth0.tenant import TenantServer
from tests.fixtures.rounds import Rounds
from tests.harness.app_server import Address, Deployment, running_app
from tests.harness.browser import FETCH, Browser
from tests.harness.processes import until

from .app import Settings

#: How many requests are made at the same time.
MANY = 50
#: Seconds that the tenant takes to answer, so that the others come amid a refresh.
DELAYS = (0.0, 0.0, 0.05, 0.3)
TIMEOUT = 10
SERVED = {"cookie": "threads", "redis": "workers", "postgresql": "workers"}

Answers = list[httpx.Response]


@pytest.fixture(scope="module")
def tenant() -> Iterator[TenantServer]:
    """The tenant of all the deployments."""
    with TenantServer() as server:
        yield server


@pytest.fixture(scope="module", params=list(SERVED))
def served(
    request: pytest.FixtureRequest,
    tenant: TenantServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """The app on the threads of one process, and on several with each back end."""
    env = {
        **tenant.environment(),
        **settings_of(request),
        "AUTH0_SCOPE": "openid profile email offline_access",
        "AUTH0_TIMEOUT": str(TIMEOUT),
        # A machine that is busy makes no error.
        "AUTH0_SESSION_STORE_TIMEOUT": str(TIMEOUT),
    }
    folder = tmp_path_factory.mktemp(request.param)
    factory = "tests.races.serving:create_app()"
    with Address() as address:
        address.allow_at(tenant.tenant.client)
        kind = SERVED[request.param]
        with running_app(kind, address, env, folder, factory) as deployment:
            yield deployment


def settings_of(request: pytest.FixtureRequest) -> Settings:
    """The place of an app's sessions."""
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        return {"SESSION_TYPE": "redis", "SESSION_REDIS": f"{url}/8"}
    if request.param == "postgresql":
        folder = request.getfixturevalue("postgres_folder")
        url = f"postgresql://postgres@/postgres?host={folder}"
        table = {"SESSION_SQLALCHEMY_TABLE": "refreshes"}
        return {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url, **table}
    return {}


@pytest.fixture
def asked(tenant: TenantServer, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when a token request has reached the tenant."""
    event = threading.Event()
    original = tenant.tenant.take_failure

    def take_failure() -> t.Any:
        event.set()
        return original()

    monkeypatch.setattr(tenant.tenant, "take_failure", take_failure)
    return event


@pytest.fixture
def browser(served: Deployment) -> Iterator[Browser]:
    with served.browser() as browser:
        yield browser


def logged_in(browser: Browser, tenant: TenantServer, asked: threading.Event) -> None:
    """Log in anew, and get a token that has expired on arrival."""
    browser.http.cookies.clear()
    tenant.tenant.next_login = "ada@example.com"
    before = tenant.tenant.lifetimes.access_token
    tenant.tenant.lifetimes.access_token = 0
    assert browser.get("/profile").status_code == 200
    tenant.tenant.lifetimes.access_token = before
    tenant.tenant.token_requests.clear()
    asked.clear()


def cookies_of(browser: Browser) -> dict[str, str]:
    """The cookies of the browser at the app, and not those at the tenant."""
    theirs = "flask_auth0_development_tenant"
    return {k: v for k, v in browser.cookies().items() if not k.startswith(theirs)}


class AtOnce:
    """Requests with the same cookies that are made on a thread of their own."""

    def __init__(self, browser: Browser, paths: Sequence[str]) -> None:
        self._url = browser.app_url
        cookies = "; ".join(f"{k}={v}" for k, v in cookies_of(browser).items())
        self._headers = {**FETCH, "Cookie": cookies}
        self._paths = paths
        self._outcomes: list[httpx.Response | BaseException] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._ask()))
        self._thread.start()

    def answers(self) -> Answers:
        """Wait for them all; those are left out whose worker has been killed."""
        self._thread.join()
        return [each for each in self._outcomes if isinstance(each, httpx.Response)]

    async def _ask(self) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(
            base_url=self._url,
            headers=self._headers,
            limits=limits,
            timeout=60,
            trust_env=False,
        ) as http:
            asking = [http.get(path) for path in self._paths]
            self._outcomes = await asyncio.gather(*asking, return_exceptions=True)


def tokens_of(answers: Answers) -> set[str]:
    """The tokens that requests have got; fail if one has got an error instead."""
    wrong = [each.text for each in answers if each.status_code != 200]
    assert wrong == []
    return {each.json()["token"] for each in answers}


def outcomes(tenant: TenantServer) -> list[str]:
    """The outcomes of the refreshes that have reached the tenant."""
    requests = tenant.tenant.token_requests
    return [e.outcome for e in requests if e.grant_type == "refresh_token"]


def adopt(browser: Browser, answer: httpx.Response) -> None:
    """Let a browser take the cookies of a response."""
    domain = httpx.URL(browser.app_url).host
    for cookie in answer.cookies.jar:
        browser.http.cookies.delete(cookie.name)
        browser.http.cookies.set(cookie.name, cookie.value or "", domain, "/")


def require_going_on(
    browser: Browser, tenant: TenantServer, answers: Answers, token: str
) -> None:
    """Fail unless the session has the token, and a refresh token that is good."""
    adopt(browser, answers[-1])
    assert outcomes(tenant) == ["ok"]
    assert tokens_of([browser.fetch("/token")]) == {token}
    assert outcomes(tenant) == ["ok"]
    assert tokens_of([browser.fetch("/token?force")]) != {token}
    assert outcomes(tenant) == ["ok", "ok"]


def test_many_requests_refresh_once(
    tenant: TenantServer,
    asked: threading.Event,
    browser: Browser,
    dice: random.Random,
    rounds: Rounds,
) -> None:
    """Each refresh token is good once, and a second use would end the session."""
    assert tenant.tenant.rotation
    for _ in range(rounds(short=2, full=200)):
        logged_in(browser, tenant, asked)
        delay = dice.choice(DELAYS)
        tenant.tenant.fail_next_token_request(status=None, delay=delay)
        answers = AtOnce(browser, ["/token"] * MANY).answers()
        assert len(answers) == MANY
        (token,) = tokens_of(answers)
        require_going_on(browser, tenant, dice.sample(answers, MANY), token)


@pytest.mark.parametrize("served", ["postgresql"], indirect=True)
def test_the_others_go_on_when_a_worker_is_killed_amid_a_refresh(
    tenant: TenantServer,
    asked: threading.Event,
    served: Deployment,
    browser: Browser,
    dice: random.Random,
    rounds: Rounds,
) -> None:
    for number in range(rounds(short=1, full=20)):
        logged_in(browser, tenant, asked)
        # The tenant fails this request, long after the process has died.
        tenant.tenant.fail_next_token_request(status=503, delay=LEASE + 3)
        first = AtOnce(browser, [f"/token?name=first-{number}"])
        assert asked.wait(TIMEOUT)
        others = AtOnce(browser, ["/token"] * 20)
        worker = re.search(
            rf"worker (\d+) has first-{number}\.", served.service.output()
        )
        assert worker
        time.sleep(dice.choice(DELAYS))
        os.kill(int(worker[1]), signal.SIGKILL)
        killed_at = time.monotonic()
        # Those whose worker is gone have no answer, and may be all: they ask again.
        again = AtOnce(browser, ["/token"] * 20)
        answers = others.answers() + again.answers()
        (token,) = tokens_of(answers)
        assert time.monotonic() - killed_at < min(LEASE + 3, TIMEOUT)
        assert first.answers() == []
        require_going_on(browser, tenant, answers, token)
        until(lambda: len(outcomes(tenant)) == 3, "the tenant has failed")
        assert sorted(outcomes(tenant)) == ["ok", "ok", "server_error"]


@pytest.mark.parametrize("served", ["redis"], indirect=True)
def test_the_others_wait_while_a_worker_stands_still_amid_a_refresh(
    tenant: TenantServer,
    asked: threading.Event,
    served: Deployment,
    browser: Browser,
    rounds: Rounds,
) -> None:
    """What it has asked for may have been done, and is not asked for once more."""
    for number in range(rounds(short=1, full=20)):
        logged_in(browser, tenant, asked)
        tenant.tenant.fail_next_token_request(status=None, delay=0.3)
        first = AtOnce(browser, [f"/token?name=still-{number}"])
        assert asked.wait(TIMEOUT)
        worker = re.search(
            rf"worker (\d+) has still-{number}\.", served.service.output()
        )
        assert worker
        os.kill(int(worker[1]), signal.SIGSTOP)
        going_on = threading.Timer(LEASE - 2, os.kill, (int(worker[1]), signal.SIGCONT))
        going_on.start()
        others = AtOnce(browser, ["/token"] * 20)
        answers = [*first.answers(), *others.answers()]
        going_on.join()
        (token,) = tokens_of(answers)
        require_going_on(browser, tenant, answers, token)


def test_no_session_comes_back_from_a_logout_amid_a_refresh(
    tenant: TenantServer,
    asked: threading.Event,
    browser: Browser,
    dice: random.Random,
    rounds: Rounds,
) -> None:
    for _ in range(rounds(short=2, full=50)):
        logged_in(browser, tenant, asked)
        tenant.tenant.fail_next_token_request(status=None, delay=0.3)
        # The logout needs one thread of the only process.
        late = AtOnce(browser, ["/token"] * 6)
        assert asked.wait(TIMEOUT)
        time.sleep(dice.choice(DELAYS))
        before = cookies_of(browser)
        assert browser.fetch("/logout").status_code == 302
        answers = late.answers()
        # Some have their token from before, and some find that nobody is logged in.
        assert {each.status_code for each in answers} <= {200, 401}
        assert outcomes(tenant) == ["ok"]
        for answer in dice.sample(answers, len(answers)):
            adopt(browser, answer)
            assert browser.fetch("/profile").status_code == 401
        if len(before) == 1:
            # The session was on the server: not even the old cookie has it back.
            browser.http.cookies.update(before)
            assert browser.fetch("/profile").status_code == 401
