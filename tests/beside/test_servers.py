"""A login, tokens and a logout behind the servers that others have written."""

from __future__ import annotations

import os
import shutil
import sys
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from flask_auth0.tenant import TenantServer
from tests.harness.app import create_app
from tests.harness.app_server import Address, answers
from tests.harness.browser import Browser
from tests.harness.missing import missing
from tests.harness.processes import Service, stopped_at_the_end

from .served import ADAPTERS, GATEWAY, SERVERS, Gateway

FACTORY = "tests.harness.app:create_app()"


@pytest.fixture
def address(auth0_module_tenant: TenantServer) -> Iterator[Address]:
    with Address() as address:
        auth0_module_tenant.allow(address.url)
        yield address


@pytest.fixture
def env(auth0_module_tenant: TenantServer) -> dict[str, str]:
    scope = "openid profile email offline_access"
    return {**auth0_module_tenant.environment(), "AUTH0_SCOPE": scope}


@pytest.fixture
def app(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> t.Any:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return create_app()


def visit(browser: Browser) -> None:
    """Log in, use a token in both kinds of views, get another one, and log out."""
    page = browser.login("auth0|ada")
    assert page.json()["sub"] == "auth0|ada", page.text
    token = browser.fetch("/token").json()["token"]
    assert browser.fetch("/async").json() == {"sub": "auth0|ada", "token": token}
    assert browser.fetch("/token?force=1").json()["token"] != token
    assert browser.fetch("/async").json()["token"] != token
    assert browser.logout().text.endswith("False")
    answer = browser.fetch("/profile")
    assert answer.status_code == 401
    assert answer.json()["login_url"] == "/login?next=/"


@pytest.mark.parametrize("name", SERVERS)
def test_servers(name: str, app: t.Any, address: Address, env: dict[str, str]) -> None:
    browser = Browser(address.url, env["SSL_CERT_FILE"])
    with SERVERS[name](app, address), browser:
        visit(browser)


@pytest.mark.parametrize("name", ADAPTERS)
def test_adapters_for_lambda(
    name: str, app: t.Any, auth0_module_tenant: TenantServer, env: dict[str, str]
) -> None:
    auth0_module_tenant.allow(GATEWAY)
    make_event, make_handler = ADAPTERS[name]
    gateway = Gateway(make_event, make_handler(app))
    with Browser(GATEWAY, env["SSL_CERT_FILE"], {GATEWAY: gateway}) as browser:
        visit(browser)


def gunicorn(descriptor: int) -> list[str]:
    options = [f"--bind=fd://{descriptor}", "--worker-class=sync", "--workers=1"]
    return [sys.executable, "-m", "gunicorn", *options, FACTORY]


def uwsgi(descriptor: int) -> list[str]:
    program = shutil.which("uwsgi", path=f"{Path(sys.executable).parent}:{os.defpath}")
    if program is None:
        missing("uwsgi", "there is no uWSGI: tox run -e beside")
    options = ["--master", "--die-on-term", "--need-app", "--threads=2"]
    socket = f"--http11-socket=fd://{descriptor}"
    return [program, socket, *options, f"--module={FACTORY}"]


@pytest.mark.parametrize("command", [gunicorn, uwsgi])
def test_programs(
    command: t.Callable[[int], list[str]],
    address: Address,
    env: dict[str, str],
    tmp_path: Path,
) -> None:
    """The other workers of gunicorn are in the tests of whole deployments."""
    descriptor = address.socket.fileno()
    line = command(descriptor)
    service = Service(command.__name__, line, tmp_path, env, [descriptor])
    with stopped_at_the_end(service):
        service.wait_until(lambda: answers(address.url), "serves its home page")
        with Browser(address.url, env["SSL_CERT_FILE"]) as browser:
            visit(browser)
        service.check_quiet()
