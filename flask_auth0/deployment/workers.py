"""What several worker processes do that share no back end."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence

from flask import Flask

from ..app_state import state_of
from ..config import Problem, warning
from ..runtime.logger import logger_of
from ..runtime.request import this_app

#: Environment variables with the number of worker processes.
_VARIABLES = ("WEB_CONCURRENCY", "UWSGI_PROCESSES", "UWSGI_WORKERS")
_OPTION = re.compile(r"(?:--workers|--processes|-w|-p)(?:[= ]?)([0-9]+)")
_SERVERS = re.compile(r"(gunicorn|uwsgi)", re.IGNORECASE)


def lost_tokens(app: Flask) -> Iterator[Problem]:
    """Find that processes without a shared back end can lose refresh tokens."""
    state, is_seen = state_of(app), are_several()
    with app.app_context():
        store = state.state_store
        are_alone = store.are_in_cookies(app) and store.meeting_point(app) is None
    if are_alone and (is_seen or "offline_access" in state.config.scope.split()):
        who = "several processes serve the app" if is_seen else "refresh tokens too"
        yield warning(
            "SESSION_TYPE",
            f"is not set, so that sessions are in cookies, and {who}. Where two "
            "processes use a refresh token, or change a session, at the same moment, "
            "one of them loses it: set AUTH0_REVOCATION_STORE or SESSION_TYPE",
            "refresh_tokens_in_cookies",
        )


def is_command_of_flask(environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether this is a command of ``flask``, which is one process."""
    return environ.get("FLASK_RUN_FROM_CLI") == "true"


def warn_of_proofs() -> None:
    """Log that several processes do not tell each other of proofs that were used."""
    if are_several():
        logger_of(this_app()).warning(
            "Each process remembers by itself which DPoP proofs were used, so that "
            "whoever has recorded one can use it at another process: set "
            "AUTH0_REVOCATION_STORE or SESSION_TYPE."
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
