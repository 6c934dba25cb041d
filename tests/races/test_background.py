"""Tasks in processes of their own refresh tokens together with requests, and once."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor

import pytest
from flask import Flask

from flask_auth0 import Auth0, Auth0Error
from flask_auth0.tenant import TenantServer
from tests.fixtures.rounds import Rounds
from tests.harness import app as harness
from tests.harness.app_server import Address, Deployment, running_app
from tests.harness.browser import Browser

from .crew import CONTEXT
from .test_refresh import (
    AtOnce,
    cookies_of,
    logged_in,
    outcomes,
    settings_of,
    tokens_of,
)
from .test_refresh import asked as asked
from .test_refresh import browser as browser
from .test_refresh import tenant as tenant

#: How many processes do tasks, and how many tasks and requests begin at the same time.
PROCESSES, TASKS, REQUESTS = 3, 6, 12
DELAYS = (0.0, 0.05, 0.3)
TIMEOUT = 10


class Workers:
    """Processes that do tasks, and have never seen a request."""

    def __init__(self, executor: ProcessPoolExecutor) -> None:
        self._executor = executor

    def begin(self, id: str, *, force: bool = False, count: int = TASKS) -> list[Task]:
        """Begin tasks that want a token for the user of a session."""
        return [self._executor.submit(_token, id, force) for _ in range(count)]


#: The fingerprint of a token, or the code of the error in its place.
Task = Future[str]

_app: Flask


def _join(env: Mapping[str, str]) -> None:
    global _app
    os.environ.update(env)
    _app = harness.create_app()


def _token(id: str, force: bool) -> str:
    try:
        with _app.app_context():
            session = Auth0().sessions.get(id)
            assert session.user.sub == "auth0|ada"
            return harness.fingerprint(session.get_access_token(force_refresh=force))
    except Auth0Error as error:
        return error.error


# What locks a session is the same as between requests, tried on PostgreSQL as well.
@pytest.fixture(scope="module", params=["redis"])
def env(request: pytest.FixtureRequest, tenant: TenantServer) -> Mapping[str, str]:
    """The environment of all processes."""
    return {
        **tenant.environment(),
        **settings_of(request),
        "AUTH0_SCOPE": "openid profile email offline_access",
        "AUTH0_TIMEOUT": str(TIMEOUT),
        "AUTH0_SESSION_STORE_TIMEOUT": str(TIMEOUT),
    }


@pytest.fixture(scope="module")
def served(
    env: Mapping[str, str],
    tenant: TenantServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """The app in two processes, for its users."""
    factory = "tests.races.serving:create_app()"
    folder = tmp_path_factory.mktemp("background")
    with Address() as address:
        address.allow_at(tenant.tenant.client)
        with running_app("pair", address, env, folder, factory) as deployment:
            yield deployment


@pytest.fixture(scope="module")
def workers(env: Mapping[str, str], served: Deployment) -> Iterator[Workers]:
    """The processes for tasks."""
    with ProcessPoolExecutor(PROCESSES, CONTEXT, _join, (dict(env),)) as executor:
        yield Workers(executor)


def id_of(browser: Browser) -> str:
    found = browser.fetch("/id").json()["id"]
    assert isinstance(found, str)
    return found


def test_tasks_and_requests_refresh_once(
    tenant: TenantServer,
    asked: threading.Event,
    browser: Browser,
    workers: Workers,
    dice: random.Random,
    rounds: Rounds,
) -> None:
    assert tenant.tenant.rotation
    for _ in range(rounds(short=2, full=200)):
        logged_in(browser, tenant, asked)
        id = id_of(browser)
        delay = dice.choice(DELAYS)
        tenant.tenant.fail_next_token_request(status=None, delay=delay)
        tasks = workers.begin(id)
        answers = AtOnce(browser, ["/token"] * REQUESTS).answers()
        tokens = {each.result() for each in tasks}
        assert tokens == tokens_of(answers)
        assert len(tokens) == 1
        assert outcomes(tenant) == ["ok"]
        # The token that was rotated is in the session: all can go on with it.
        (forced,) = workers.begin(id, force=True, count=1)
        assert {forced.result()} == tokens_of([browser.fetch("/token")]) != tokens
        assert tokens_of([browser.fetch("/token?force")]) != {forced.result()}
        assert outcomes(tenant) == ["ok"] * 3


def test_a_logout_amid_a_refresh_of_a_task_is_final(
    tenant: TenantServer,
    asked: threading.Event,
    browser: Browser,
    workers: Workers,
    dice: random.Random,
    rounds: Rounds,
) -> None:
    for _ in range(rounds(short=1, full=100)):
        logged_in(browser, tenant, asked)
        id, before = id_of(browser), cookies_of(browser)
        tenant.tenant.fail_next_token_request(status=None, delay=0.3)
        tasks = workers.begin(id)
        assert asked.wait(TIMEOUT)
        time.sleep(dice.choice(DELAYS))
        assert browser.fetch("/logout").status_code == 302
        told = {each.result() for each in tasks}
        # Some may have had their token before, all of them the same.
        assert len(told - {"login_required"}) <= 1
        assert outcomes(tenant) == ["ok"]
        (late,) = workers.begin(id, force=True, count=1)
        assert late.result() == "login_required"
        assert outcomes(tenant) == ["ok"]
        browser.http.cookies.update(before)
        assert browser.fetch("/profile").status_code == 401
