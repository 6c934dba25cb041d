"""The output of commands: tables for people, JSON for programs."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable, Iterable, Iterator, Sequence

import click

F = t.TypeVar("F", bound="Callable[..., t.Any]")


def as_json(command: F) -> F:
    """Give a command the option that asks for an answer for programs."""
    option = click.option("--json", "is_json", is_flag=True, help="Answer with JSON.")
    return option(command)


def echo_json(value: t.Any) -> None:
    """Write a value as JSON."""
    click.echo(json.dumps(value, indent=2))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, without the control characters that a browser or the
    tenant has sent.
    """
    lines = [header, *([printable(each) for each in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(cells).rstrip()


def printable(text: str) -> str:
    """Return a text without the characters that play with a terminal."""
    return "".join(filter(str.isprintable, text))
