"""Calls the commands as ``flask auth0 …`` does, in this process."""

from __future__ import annotations

import inspect
import typing as t
from dataclasses import dataclass

from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from flask_auth0.cli import auth0

#: Older releases of click mix both streams unless they are told not to.
_APART: t.Any = (
    {"mix_stderr": False}
    if "mix_stderr" in inspect.signature(CliRunner).parameters
    else {}
)


@dataclass
class Invoked:
    """What a command has written, and how it has ended."""

    exit_code: int
    stdout: str
    stderr: str
    exception: BaseException | None

    @property
    def output(self) -> str:
        """All that it has written."""
        return self.stdout + self.stderr


def invoke(app: Flask | str | None, *arguments: str) -> Invoked:
    """Call a command.

    :param app: the app, or the path of one that is to be loaded.
    """
    if isinstance(app, Flask):
        make: t.Any = lambda: app  # noqa: E731
        info = ScriptInfo(create_app=make)
    else:
        info = ScriptInfo(app_import_path=app)
    found = CliRunner(**_APART).invoke(auth0, arguments, obj=info)
    return Invoked(found.exit_code, found.stdout, found.stderr, found.exception)
