"""Checks of the settings, and of how they reach the app."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dotenv import dotenv_values

from ... import deployment
from ...config import EXTENSION
from ...deployment.workers import lost_tokens
from ...errors import ConfigurationError
from ..loading import sentence_of
from .examination import Check
from .findings import WARNING, Verdict, of_problem, ok, warning, wrong
from .subject import Subject, stand_in


def _loads(subject: Subject) -> Iterator[Verdict]:
    if isinstance(subject.error, ConfigurationError):
        yield wrong("The app does not load: its settings for Auth0 are not right.")
    elif subject.error is not None:
        hint = "'flask routes' shows the whole error."
        yield wrong(sentence_of(subject.error), hint)
    elif subject.app is not None and EXTENSION not in subject.app.extensions:
        told = f"The app '{subject.app.name}' has no Auth0."
        yield wrong(told, "Call Auth0(app), or init_app(app) of your Auth0().")
    elif subject.app is not None:
        yield ok(f"The app '{subject.app.name}' loads.")


def _settings(subject: Subject) -> Iterator[Verdict]:
    """Tell what is wrong with the settings, and what is likely to be."""
    is_known = isinstance(subject.error, ConfigurationError) or subject.set_up
    found = [*map(of_problem, subject.problems), *_doubts(subject)]
    for each in dict.fromkeys(found):
        if is_known:
            yield each
        else:
            remedy = "The environment alone is known here."
            yield each._replace(level=WARNING, remedy=remedy)
    if not found:
        yield ok("The keys AUTH0_… and SESSION_… make sense.")


def _doubts(subject: Subject) -> Iterator[Verdict]:
    """Find what the start of the app warns of."""
    options = subject.set_up.options if subject.set_up else {}
    app = subject.app or stand_in(subject)
    found = deployment.of_settings(app, options, subject.environ)
    if subject.app is not None and EXTENSION in subject.app.extensions:
        found += deployment.at_start(subject.app)
        # The app may be served by other programs than this command.
        found += lost_tokens(subject.app)
    yield from map(of_problem, found)


def _env_file(subject: Subject) -> Iterator[Verdict]:
    """Find values of .env that another value of the environment hides."""
    file = Path(".env")
    if not file.is_file():
        return
    hidden = [
        key
        for key, value in dotenv_values(file).items()
        if key.startswith(("AUTH0_", "SESSION_", "SSL_CERT_", "SECRET_KEY"))
        and subject.environ.get(key, value) != value
    ]
    if hidden:
        told = f"{', '.join(hidden)} in .env is not in use: the shell has another value"
        yield warning(f"{told}.", "Unset it in the shell, or remove it from .env.")
    else:
        yield ok("No variable of the shell hides one of .env.")


CHECKS = (
    Check("app", _loads),
    Check("configuration", _settings),
    Check("configuration.env-file", _env_file),
)
