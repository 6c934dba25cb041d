"""Sessions in cookies, of several processes that meet in the revocation store."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from flask_auth0.tenant import TenantServer
from tests.fixtures.rounds import Rounds
from tests.harness.app_server import Address, Deployment, running_app
from tests.harness.browser import Browser

from .test_refresh import AtOnce, adopt, cookies_of, logged_in, outcomes, tokens_of
from .test_refresh import asked as asked
from .test_refresh import tenant as tenant

#: Requests of each session at the same time.
PARALLEL = 6


@pytest.fixture(scope="module", params=["pair", "workers"])
def served(
    request: pytest.FixtureRequest,
    tenant: TenantServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """The app under gunicorn, with four workers, and in the full form with two."""
    if request.param == "pair" and not request.config.getoption("soak"):
        pytest.skip("It is in the full form.")
    env = {
        **tenant.environment(),
        "AUTH0_REVOCATION_STORE": request.getfixturevalue("redis_url") + "/4",
        "AUTH0_SCOPE": "openid profile email offline_access",
        # A machine that is busy makes no error.
        "AUTH0_TIMEOUT": "30",
        "AUTH0_SESSION_STORE_TIMEOUT": "10",
    }
    folder = tmp_path_factory.mktemp(request.param)
    with Address() as address:
        address.allow_at(tenant.tenant.client)
        with running_app(request.param, address, env, folder) as deployment:
            yield deployment


def test_one_refresh_for_each_session(
    tenant: TenantServer, asked: threading.Event, served: Deployment, rounds: Rounds
) -> None:
    """Rotation with reuse detection is on: a second use would end the session."""
    assert tenant.tenant.rotation
    number = rounds(short=4, full=100)
    with ExitStack() as stack:
        browsers = [stack.enter_context(served.browser()) for _ in range(number)]
        for browser in browsers:
            logged_in(browser, tenant, asked)
        with ThreadPoolExecutor(number) as pool:
            list(pool.map(refresh_at_once, browsers))
        assert outcomes(tenant) == ["ok"] * number
        for browser in browsers:
            assert tokens_of([browser.fetch("/token?force")])
        assert outcomes(tenant) == ["ok"] * 2 * number


def refresh_at_once(browser: Browser) -> None:
    answers = AtOnce(browser, ["/token"] * PARALLEL).answers()
    assert len(answers) == PARALLEL
    (token,) = tokens_of(answers)
    # Whichever answer the browser takes last.
    adopt(browser, answers[-1])
    assert tokens_of([browser.fetch("/token")]) == {token}


def test_no_copy_is_good_in_any_process_after_a_logout(
    tenant: TenantServer, asked: threading.Event, served: Deployment
) -> None:
    with served.browser() as browser:
        logged_in(browser, tenant, asked)
        before = cookies_of(browser)
        assert browser.fetch("/logout").status_code == 302
        browser.http.cookies.update(t.cast(t.Any, before))
        answers = AtOnce(browser, ["/profile"] * 12).answers()
        assert {each.status_code for each in answers} == {401}
