"""Fixtures for every test: a clean environment, servers, browsers, and their logs."""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NoReturn, Protocol

import certifi
import pytest

from flask_auth0.tenant import TenantServer
from tests.harness import postgres_server
from tests.harness.app_server import SERVERS, Address, Deployment, running_app
from tests.harness.chromium import Chromium, find_chromium, running_chromium
from tests.harness.processes import Service
from tests.harness.redis_server import find_binary, running_redis
from tests.harness.tenant_process import TenantProcess, running_tenant

pytest_plugins = ["flask_auth0.tenant.fixtures"]

MODES = ("cookie", "redis")
COMBINATIONS = [(server, mode) for server in SERVERS for mode in MODES]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what tests that try something many times ask for."""
    group = parser.getgroup("flask_auth0")
    group.addoption(
        "--soak",
        action="store_true",
        help="run the full form of the tests that have one, and nothing else",
    )
    group.addoption("--seed", help="repeat the choices of a run that failed")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """With ``--soak``, leave out the tests that are always as long."""
    if not config.getoption("soak"):
        return
    chosen = [item for item in items if "rounds" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[i for i in items if i not in chosen])
    items[:] = chosen


def pytest_configure(config: pytest.Config) -> None:
    """Forget the configuration of the person who runs the tests."""
    for key in list(os.environ):
        if key.startswith(("AUTH0_", "SESSION_")):
            del os.environ[key]
    os.environ["FLASK_SKIP_DOTENV"] = "1"
    if config.getoption("soak"):
        # For tests whose number of cases is fixed when they are collected.
        os.environ["HYPOTHESIS_PROFILE"] = "soak"
    _trust_few(config)


def _trust_few(config: pytest.Config) -> None:
    """Trust one public root, to which each tenant's bundle adds its own authority.

    No test leaves this machine, and to read all of them takes longer than most tests.
    """
    end = "-----END CERTIFICATE-----\n"
    first = Path(certifi.where()).read_text("utf-8").partition(end)[0] + end
    descriptor, path = tempfile.mkstemp(prefix="flask-auth0-tests-", suffix=".pem")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(first)
    os.environ["SSL_CERT_FILE"] = path
    config.add_cleanup(lambda: Path(path).unlink(missing_ok=True))


def pytest_runtest_setup() -> None:
    """Let what the servers say from here on belong to this test."""
    for service in Service.running:
        service.mark()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[
    None, pytest.TestReport, pytest.TestReport
]:
    """Show what the running servers said beside a failure."""
    report = yield
    if report.failed:
        for service in Service.running:
            report.sections.append((f"Output of {service.name}", service.recent()))
    return report


def missing(what: str, remedy: str) -> NoReturn:
    """Skip a test for want of a program, or fail where it was promised."""
    variable = f"FLASK_AUTH0_REQUIRE_{what.upper()}"
    if os.environ.get(variable):
        pytest.fail(f"{variable} is set, but {remedy}")
    pytest.skip(remedy)


class Rounds(Protocol):
    """Says how often to try: a few times in every run, many times with ``--soak``."""

    def __call__(self, *, short: int, full: int) -> int: ...


@pytest.fixture(scope="session")
def rounds(pytestconfig: pytest.Config) -> Rounds:
    """How often to try something; whatever asks for it has a full form."""

    def choose(*, short: int, full: int) -> int:
        return full if pytestconfig.getoption("soak") else short

    return choose


@pytest.fixture
def dice(pytestconfig: pytest.Config) -> random.Random:
    """Choices that can be repeated: a failure shows the option that does so."""
    seed = pytestconfig.getoption("seed") or os.urandom(4).hex()
    print(f"--seed={seed}")
    return random.Random(seed)  # noqa: S311


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis."""
    binary = find_binary()
    if binary is None:
        missing("redis", "there is no redis-server: apt-get install redis-server")
    with running_redis(binary, tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL: the folder of its socket."""
    if not postgres_server.is_installed():
        missing("postgresql", "there is no PostgreSQL: pip install pgserver")
    folder = tmp_path_factory.mktemp("postgres")
    with postgres_server.running_postgres(folder) as socket_folder:
        yield socket_folder


def session_settings(mode: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment that puts an app's sessions where the mode says."""
    if mode == "cookie":
        return {}
    url: str = request.getfixturevalue("redis_url")
    return {
        "SESSION_TYPE": "redis",
        "SESSION_REDIS": f"{url}/0",
        # Many logins at once may keep a small machine busy for longer than by default.
        "AUTH0_SESSION_STORE_TIMEOUT": "10",
    }


@pytest.fixture(scope="session")
def addresses() -> Iterator[dict[tuple[str, str], Address]]:
    """An address for each deployment, known before the tenant starts."""
    with contextlib.ExitStack() as stack:
        yield {
            combination: stack.enter_context(Address()) for combination in COMBINATIONS
        }


@pytest.fixture(scope="session")
def tenant_process(
    addresses: dict[tuple[str, str], Address], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TenantProcess]:
    """The development tenant in a process of its own, over TLS."""
    folder = tmp_path_factory.mktemp("tenant")
    with running_tenant(addresses.values(), folder) as tenant:
        yield tenant


@pytest.fixture(scope="session", params=COMBINATIONS, ids="-".join)
def deployment(
    request: pytest.FixtureRequest,
    addresses: dict[tuple[str, str], Address],
    tenant_process: TenantProcess,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """The test app in a process of its own: each server, each home of sessions."""
    server, mode = request.param
    env = tenant_process.environment | session_settings(mode, request)
    env["AUTH0_SCOPE"] = "openid profile email offline_access"
    folder = tmp_path_factory.mktemp(f"{server}-{mode}")
    with running_app(server, addresses[request.param], env, folder) as app:
        yield app


class StartApp(Protocol):
    """Starts the test app, with the tenant that runs in this process."""

    def __call__(
        self, server: str = "werkzeug", mode: str = "cookie", **env: str
    ) -> Deployment: ...


@pytest.fixture
def start_app(
    request: pytest.FixtureRequest, auth0_tenant: TenantServer, tmp_path: Path
) -> Iterator[StartApp]:
    """Start the test app where a test turns the tenant's switches from Python."""
    with contextlib.ExitStack() as stack:

        def start(
            server: str = "werkzeug", mode: str = "cookie", **env: str
        ) -> Deployment:
            address = stack.enter_context(Address())
            address.allow_at(auth0_tenant.tenant.client)
            settings = auth0_tenant.environment() | session_settings(mode, request)
            return stack.enter_context(
                running_app(server, address, settings | env, tmp_path)
            )

        yield start


@pytest.fixture
def chromium() -> Iterator[Chromium]:
    """Headless Chromium; an error on its console fails the test."""
    executable = find_chromium()
    if executable is None:
        missing("browser", "there is no Chromium: apt-get install chromium")
    with running_chromium(executable) as browser:
        yield browser
        assert browser.errors == []
