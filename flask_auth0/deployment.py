"""Warnings for the operator when an app starts."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence

from flask import Flask

from .app_state import state_of
from .config import is_development, weaknesses

#: Environment variables with the number of worker processes.
_VARIABLES = ("WEB_CONCURRENCY", "UWSGI_PROCESSES", "UWSGI_WORKERS")
_OPTION = re.compile(r"(?:--workers|--processes|-w|-p)(?:[= ]?)([0-9]+)")
_SERVERS = re.compile(r"(gunicorn|uwsgi)", re.IGNORECASE)


def warn(app: Flask) -> None:
    """Log likely mistakes in the deployment of an app."""
    _warn_of_secrets(app)
    store = state_of(app).state_store
    with app.app_context():
        are_alone = store.are_in_cookies(app) and store.meeting_point(app) is None
    if are_alone:
        _warn_of_deaf_route(app)
        _warn_of_workers(app)
    _warn_of_hosts(app)


def _warn_of_secrets(app: Flask) -> None:
    """Log which secrets are too weak, where weak ones are allowed."""
    if not app.testing:
        for problem in weaknesses(vars(state_of(app).config)):
            app.logger.warning("AUTH0_SECRET %s", problem)


def _warn_of_workers(app: Flask) -> None:
    """Log that several processes without a shared back end can lose refresh tokens."""
    is_seen = are_several()
    if is_seen or "offline_access" in state_of(app).config.scope.split():
        app.logger.warning(
            "Sessions are in cookies, and %s. Where two processes use a refresh token, "
            "or change a session, at the same moment, one of them loses it: set "
            "AUTH0_REVOCATION_STORE or SESSION_TYPE.",
            "several processes serve the app"
            if is_seen
            else "refresh tokens with them",
        )


def are_several(
    environ: Mapping[str, str] = os.environ, arguments: Sequence[str] = ()
) -> bool:
    """Tell whether there are several worker processes, as far as can be known.

    :param arguments: the command line; by default, that of this process.
    """
    numbers = [environ.get(name, "") for name in _VARIABLES]
    # In uWSGI, ``sys.orig_argv`` is empty.
    program, *options = arguments or sys.orig_argv or [""]
    if any(_SERVERS.search(each) for each in (program, *options[:3])):
        numbers += _OPTION.findall(" ".join(options))
    options = shlex.split(environ.get("GUNICORN_CMD_ARGS", ""))
    numbers += _OPTION.findall(" ".join(options))
    # uWSGI embeds Python, and has a module with the number of its processes.
    numbers.append(str(getattr(sys.modules.get("uwsgi"), "numproc", "")))
    return any(number.isdigit() and int(number) > 1 for number in numbers)


def _warn_of_hosts(app: Flask) -> None:
    """Log that the sender of a request decides about the host of its callback."""
    config = state_of(app).config
    is_known = config.redirect_uri or app.config["TRUSTED_HOSTS"]
    if is_known or is_development(vars(config), app.config):
        return
    if not (app.subdomain_matching and app.config["SERVER_NAME"]):
        app.logger.warning(
            "Where the tenant sends the browser after a login is the Host of the "
            "request, which its sender chooses: set TRUSTED_HOSTS to the hosts of this "
            "app, or AUTH0_REDIRECT_URI."
        )


def _warn_of_deaf_route(app: Flask) -> None:
    """Log that the tenant cannot end sessions that are in cookies alone."""
    if state_of(app).config.backchannel_logout_path:
        app.logger.warning(
            "Back-channel logout does not work with sessions in cookies: set "
            "SESSION_TYPE or AUTH0_REVOCATION_STORE, or turn the route off with an "
            "empty AUTH0_BACKCHANNEL_LOGOUT_PATH."
        )
