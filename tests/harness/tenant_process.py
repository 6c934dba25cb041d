"""Runs the development tenant in a process of its own, through its command line."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .app_server import Address
from .processes import Service, stopped_at_the_end

EXPECTED = {"AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"}
EXPECTED |= {"AUTH0_SECRET", "SSL_CERT_FILE", "AUTH0_ALLOW_DEVELOPMENT_TENANT"}


@dataclass
class TenantProcess:
    """A development tenant and what an app has to know of it."""

    environment: dict[str, str]
    service: Service

    @property
    def url(self) -> str:
        return f"https://{self.environment['AUTH0_DOMAIN']}"

    @property
    def ca_file(self) -> str:
        return self.environment["SSL_CERT_FILE"]


def exports(output: str) -> dict[str, str]:
    """The variables that a shell would have after reading the output."""
    lines = [line for line in output.splitlines() if line.startswith("export ")]
    pairs = (shlex.split(line)[1].partition("=") for line in lines)
    return {name: value for name, _, value in pairs}


@contextlib.contextmanager
def running_tenant(
    addresses: Iterable[Address], folder: Path
) -> Iterator[TenantProcess]:
    """Run ``flask auth0 tenant`` for apps at these addresses until the block ends."""
    command = [sys.executable, "-m", "flask", "--app", "tests.harness.tenant_app"]
    # All the apps are one client, of which one place at most could be told.
    command += ["auth0", "tenant", "--port", "0", "--backchannel-logout-url", ""]
    for address in addresses:
        command += ["--callback-url", address.callback_url]
        command += ["--logout-url", address.logout_url]
    service = Service("tenant", command, folder)
    with stopped_at_the_end(service):
        service.wait_until(
            lambda: exports(service.output()).keys() >= EXPECTED,
            "prints its export lines",
        )
        yield TenantProcess(exports(service.output()), service)
