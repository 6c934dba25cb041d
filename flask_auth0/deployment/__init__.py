"""What is likely to be wrong with an app as it is set up and deployed.

Each check returns what it finds, and changes nothing.
"""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterator, Mapping

from flask import Flask

from ..app_state import state_of
from ..config import Problem, doubts, shared_secret, warning, weaknesses
from ..sessions.server import setup
from .no_passwords import no_passwords
from .other_distribution import other_distribution
from .own_sessions import own_sessions
from .routes import shadows, unserved_callback
from .workers import is_command_of_flask, lost_tokens


def of_settings(
    app: Flask,
    options: Mapping[str, t.Any],
    environ: Mapping[str, str] = os.environ,
) -> list[Problem]:
    """Find likely mistakes in the settings of an app, which need not be set up."""
    return [*doubts(options, app.config, environ), *setup.doubts(app, environ)]


def of_installation() -> list[Problem]:
    """Find likely mistakes in what is installed."""
    return [*other_distribution()]


def at_start(app: Flask) -> Iterator[Problem]:
    """Find likely mistakes in an app that has just been set up, for its log."""
    if not app.testing:
        for weakness in weaknesses(vars(state_of(app).config)):
            yield warning("AUTH0_SECRET", weakness, "weak_secret")
    yield from no_passwords(app)
    if not is_command_of_flask():
        yield from lost_tokens(app)


def at_first_request(app: Flask, mount: str = "") -> Iterator[Problem]:
    """Find likely mistakes in an app that has all its views and its session interface.

    :param mount: the path at which the app is mounted.
    """
    # The app may have set it only after the extension.
    secrets = state_of(app).config.secret
    yield from shared_secret([",".join(secrets), *secrets], app.secret_key)
    yield from shadows(app)
    yield from unserved_callback(app, mount)
    yield from own_sessions(app)
