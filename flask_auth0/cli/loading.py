"""The app of a command; one that does not load is a sentence, and no traceback."""

from __future__ import annotations

import functools
import os
import traceback
import typing as t
from collections.abc import Callable

import click
from flask import Flask, current_app
from flask.cli import ScriptInfo

from ..errors import ConfigurationError

R = t.TypeVar("R")
P = t.ParamSpec("P")


def with_app(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command run in the context of the app, as a decorator."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        context = click.get_current_context()
        if not current_app:
            context.with_resource(_load(context).app_context())
        return command(*args, **kwargs)

    return run


def sentence_of(error: BaseException) -> str:
    """Return a sentence about an app that does not load.

    The message of an error may have a secret in it: the app's own errors are told by
    their class and place alone.
    """
    if isinstance(error, ConfigurationError):
        return str(error)
    cause = error.__cause__ or error.__context__
    if isinstance(error, click.ClickException):
        # Flask has the whole traceback of a failed import in its message.
        is_import = isinstance(cause, ImportError)
        return _told(cause) if is_import else error.format_message()
    return _told(error)


def _told(error: BaseException | None) -> str:
    # Python names the module where it has written the message itself.
    is_pythons = isinstance(error, ImportError) and error.name is not None
    what = str(error) if is_pythons else type(error).__name__
    return f"The app does not load: {what}{_place(error)}."


#: What the modules of an app raise where they give up; the command goes on.
FAILURES = (Exception, SystemExit)


def _load(context: click.Context) -> Flask:
    try:
        return context.ensure_object(ScriptInfo).load_app()
    except FAILURES as error:
        hint = "'flask auth0 doctor' tells more."
        raise click.ClickException(f"{sentence_of(error)}\n{hint}") from error


def _place(error: BaseException | None) -> str:
    """Return where in the app an error was raised, if that is known."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" in {os.path.relpath(error.filename)}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__ if error else None)
    own = [each for each in frames if each.filename.startswith(os.getcwd())]
    if not own:
        return ""
    return f" in {os.path.relpath(own[-1].filename)}, line {own[-1].lineno}"
