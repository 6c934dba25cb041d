"""A clean environment for every test, and where its fixtures come from."""

from __future__ import annotations

import gc
import os
import resource
import tempfile
from pathlib import Path

import certifi
import pytest

from tests.fixtures.combinations import origin, sparse

# The assertions of what tests inherit and call explain themselves as well.
pytest.register_assert_rewrite(
    "tests.config.reading",
    "tests.contracts",
    "tests.cookies.host_prefix",
    "tests.harness",
    "tests.hostile.answered",
    "tests.hooks.hooked_app",
    "tests.login.repeating",
    "tests.logout.leaver",
    "tests.responses.sizes",
    "tests.tokens.refreshing",
)

pytest_plugins = [
    "flask_auth0.tenant.fixtures",
    "tests.fixtures.apps",
    "tests.fixtures.back_ends",
    "tests.fixtures.clock",
    "tests.fixtures.deployments",
    "tests.fixtures.provider",
    "tests.fixtures.rounds",
    "tests.fixtures.servers",
    "tests.fixtures.starts",
]

#: The most open files that all tests together need in one process.
_FILES = 8192

# The fixtures that start a server, a browser or a tenant.
SERVERS = {
    "auth0_tenant",
    "browser_program",
    "cluster",
    "deployment",
    "dynamodb_url",
    "memcached_port",
    "postgres_folder",
    "redis_binary",
    "redis_url",
    "server",
    "start_app",
    "tenant",
    "tenant_process",
    "tenant_server",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what tests that try something many times ask for, and a quick choice."""
    group = parser.getgroup("flask_auth0")
    group.addoption(
        "--soak",
        action="store_true",
        help="run the full form of the tests that have one, and nothing else",
    )
    group.addoption(
        "--fast", action="store_true", help="leave out the tests that need a server"
    )
    group.addoption("--seed", help="repeat the choices of a run that failed")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out the tests that the options of this run have no use for."""
    few = sparse(items)
    if config.getoption("soak"):
        spread = {origin(item) for item in items if item not in few}
        chosen = {i for i in items if origin(i) in spread or _needs(i, {"rounds"})}
    else:
        chosen = few
    if config.getoption("fast"):
        chosen = {item for item in chosen if not _needs(item, SERVERS)}
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = [item for item in items if item in chosen]


def _needs(item: pytest.Item, fixtures: set[str]) -> bool:
    return not fixtures.isdisjoint(getattr(item, "fixturenames", ()))


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays to the end.

    It would look through thousands of tests again and again, a quarter of a second each
    time, and through the apps of all that are over, which the extension keeps. Young
    objects are looked through as ever. Nothing is frozen, since Hypothesis asks the
    collector who holds its random numbers.
    """
    gc.set_threshold(10_000, 50, 1_000)


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
    _allow_files()


def _allow_files() -> None:
    """Allow this process more open files than the 1024 that many systems begin with.

    Apps keep their connections as long as the process lives, and each test makes some.
    """
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    allowed = _FILES if most == unlimited else min(most, _FILES)
    if before != unlimited:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(before, allowed), most))


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
