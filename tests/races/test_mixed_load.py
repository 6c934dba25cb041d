"""Several people and workers, and a back end that fails again and again under them."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import httpx
import pytest

from flask_auth0.tenant import TenantServer
from tests.fixtures.rounds import Rounds
from tests.harness.app_server import Address, Deployment, running_app
from tests.harness.browser import FETCH
from tests.harness.processes import until
from tests.harness.proxy import Proxy, proxied, unix_socket

#: Seconds that a request may wait for the back end.
LIMIT = 1
#: Seconds after the last fault within which everything has to work again.
SETTLING = 60
TENANT = "flask_auth0_development_tenant"


@pytest.fixture(scope="module")
def tenant() -> Iterator[TenantServer]:
    with TenantServer() as server:
        server.tenant.next_login = "ada@example.com"
        yield server


@pytest.fixture(params=["redis", "postgresql"])
def way(request: pytest.FixtureRequest) -> Iterator[tuple[Proxy, dict[str, str]]]:
    """The way to a back end, and the configuration that uses it."""
    if request.param == "redis":
        port = int(request.getfixturevalue("redis_url").rpartition(":")[2])
        with proxied(lambda _: socket.create_connection(("127.0.0.1", port))) as proxy:
            url = f"redis://127.0.0.1:{proxy.port}/9"
            yield proxy, {"SESSION_TYPE": "redis", "SESSION_REDIS": url}
        return
    folder = request.getfixturevalue("postgres_folder")
    with proxied(lambda _: unix_socket(f"{folder}/.s.PGSQL.5432")) as proxy:
        url = f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres"
        table = {"SESSION_SQLALCHEMY_TABLE": "mixed"}
        yield proxy, {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url, **table}


@pytest.fixture
def served(
    tenant: TenantServer,
    way: tuple[Proxy, dict[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """The app on four worker processes."""
    env = {
        **tenant.environment(),
        **way[1],
        "AUTH0_SCOPE": "openid profile email offline_access",
        "AUTH0_SESSION_STORE_TIMEOUT": str(LIMIT),
        "AUTH0_TENANT_CONCURRENCY": "100",
    }
    with Address() as address:
        address.allow_at(tenant.tenant.client)
        folder = tmp_path_factory.mktemp("mixed")
        factory = "tests.races.serving:create_app()"
        with running_app("workers", address, env, folder, factory) as deployment:
            yield deployment


class Person:
    """Somebody who uses the app, and notes what should not have happened."""

    def __init__(self, served: Deployment, dice: random.Random) -> None:
        self.browser = served.browser()
        self.dice = dice
        #: The cookies of sessions that they have logged out of.
        self.dead: list[dict[str, str]] = []
        self.is_in = False
        self.statuses: Counter[str] = Counter()
        self.wrong: list[str] = []

    def use(self, until_then: Callable[[], bool]) -> None:
        """Do one thing after the other."""
        while not until_then():
            if not self.is_in:
                self.log_in()
            deeds = [self.look, self.look, self.refresh, self.call, self.try_old]
            self.dice.choice([*deeds * 4, self.log_out])()
            time.sleep(self.dice.random() * 0.05)

    def log_in(self) -> None:
        """Try once; with a back end that is down, it may not work."""
        for cookie in list(self.browser.http.cookies.jar):
            if not cookie.name.startswith(TENANT):
                self.browser.http.cookies.delete(cookie.name)
        page = self.browser.get("/profile")
        self.is_in = page.status_code == 200
        self.note("login", page, {200, 503})

    def look(self) -> None:
        if self.is_in:
            self.note("page", self.browser.fetch("/profile"), {200, 503})

    def call(self) -> None:
        if self.is_in:
            self.note("token", self.browser.fetch("/token"), {200, 503})

    def refresh(self) -> None:
        """Have the token refreshed, in several requests at once."""
        if not self.is_in:
            return
        cookies = "; ".join(f"{k}={v}" for k, v in self.cookies().items())
        url = f"{self.browser.app_url}/token?force"
        answers: list[httpx.Response] = []

        def ask() -> None:
            with httpx.Client(trust_env=False, timeout=30) as http:
                answers.append(http.get(url, headers={**FETCH, "Cookie": cookies}))

        threads = [
            threading.Thread(target=ask) for _ in range(self.dice.choice([1, 3]))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for answer in answers:
            self.note("refresh", answer, {200, 503})

    def log_out(self) -> None:
        """Try until it is said to be done: an answer that is lost says nothing."""
        cookies = self.cookies()
        answer = self.browser.fetch("/logout")
        while answer.status_code == 503:
            self.note("logout", answer, {503})
            answer = self.browser.fetch("/logout")
        self.note("logout", answer, {302})
        if self.is_in:
            self.dead.append(cookies)
        self.is_in = False

    def try_old(self) -> None:
        """Use the cookies of a session that has ended."""
        if self.dead:
            cookies = self.dice.choice(self.dead)
            cookie = "; ".join(f"{k}={v}" for k, v in cookies.items())
            with httpx.Client(trust_env=False, timeout=30) as http:
                url = f"{self.browser.app_url}/profile"
                answer = http.get(url, headers={**FETCH, "Cookie": cookie})
            self.note("old", answer, {401, 503})

    def has_all(self) -> bool:
        """Whether what they should have is there, now that all is well."""
        if not self.is_in:
            return True
        answers = [self.browser.fetch(path) for path in ("/profile", "/token?force")]
        return all(answer.status_code == 200 for answer in answers)

    def cookies(self) -> dict[str, str]:
        return {
            k: v for k, v in self.browser.cookies().items() if not k.startswith(TENANT)
        }

    def note(self, deed: str, answer: httpx.Response, right: set[int]) -> None:
        self.statuses[f"{deed} {answer.status_code}"] += 1
        if answer.status_code not in right:
            self.wrong.append(f"{deed}: {answer.status_code} {answer.text[:300]}")


def disturb(proxy: Proxy, dice: random.Random, until_then: Callable[[], bool]) -> None:
    """Let the back end be away for a while, again and again."""
    while not until_then():
        time.sleep(dice.uniform(0.5, 2))
        begin, end = dice.choice(
            [(proxy.freeze, proxy.thaw), (proxy.cut, proxy.restore)]
        )
        begin()
        time.sleep(dice.choice([0.2, 1, 3]))
        end()


@pytest.fixture
def people(
    served: Deployment, dice: random.Random, rounds: Rounds
) -> Iterator[list[Person]]:
    with contextlib.ExitStack() as stack:
        found = [Person(served, dice) for _ in range(rounds(short=4, full=8))]
        for person in found:
            stack.enter_context(person.browser)
        yield found


def test_nobody_is_in_out_or_without_a_token_by_accident(
    tenant: TenantServer,
    way: tuple[Proxy, dict[str, str]],
    people: list[Person],
    dice: random.Random,
    rounds: Rounds,
) -> None:
    tenant.tenant.token_requests.clear()
    ends_at = time.monotonic() + rounds(short=4, full=600)

    def is_over() -> bool:
        # On a busy machine it takes longer until anything has worked.
        return time.monotonic() > ends_at and {"refresh 200", "page 503"} <= seen()

    def seen() -> set[str]:
        return {each for person in people for each in list(person.statuses)}

    threads = [threading.Thread(target=person.use, args=[is_over]) for person in people]
    for thread in threads:
        thread.start()
    disturb(way[0], dice, is_over)
    for thread in threads:
        thread.join()
    statuses: Counter[str] = sum((each.statuses for each in people), Counter())
    print(dict(sorted(statuses.items())))
    assert [wrong for person in people for wrong in person.wrong] == []
    for person in people:
        until(person.has_all, "everybody has a token again", within=SETTLING)
    outcomes = Counter(each.outcome for each in tenant.tenant.token_requests)
    assert set(outcomes) == {"ok"}, outcomes
