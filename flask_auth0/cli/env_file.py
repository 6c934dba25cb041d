"""A file of settings, which ``flask`` and other programs read into the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click
from dotenv import dotenv_values

from ..config import read_config

HEAD = """\
# The settings of Auth0 for this app, which flask reads. Keep them to yourself.
"""
#: The line of a secret, with a place for it.
SEALING = """\
# Seals the sessions. To rotate it, put the new one in front: new,old
AUTH0_SECRET={}
"""
EMPTY = """\
# Applications > your Regular Web Application > Settings, in the Auth0 dashboard.
AUTH0_DOMAIN=
AUTH0_CLIENT_ID=
AUTH0_CLIENT_SECRET=
"""


def write(path: Path, text: str) -> None:
    """Write a new file that nobody else can read.

    :raises click.ClickException: when it is there already, or cannot be written.
    """
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        told = f"{path} cannot be written: {error.strerror}."
        raise click.ClickException(told) from error


def read(path: Path) -> dict[str, str]:
    """Return the settings of a file that are not empty."""
    return {key: value for key, value in dotenv_values(path).items() if value}


def problems_in(path: Path) -> Iterator[str]:
    """Yield what is missing or wrong in a file of settings, without its values."""
    for each in read_config({}, {}, read(path))[1]:
        yield str(each).replace("is missing in config and environment", "is missing")
