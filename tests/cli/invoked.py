"""Calls the commands as ``flask auth0 …`` does, in this process."""

from __future__ import annotations

import typing as t

from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from flask_auth0.cli import auth0


def invoke(app: Flask | str | None, *arguments: str) -> Result:
    """Call a command.

    :param app: the app, or the path of one that is to be loaded.
    """
    if isinstance(app, Flask):
        make: t.Any = lambda: app  # noqa: E731
        info = ScriptInfo(create_app=make)
    else:
        info = ScriptInfo(app_import_path=app)
    return CliRunner().invoke(auth0, arguments, obj=info)
