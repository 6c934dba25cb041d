"""Logins of scripts, with a code or a factor, and the pages where they go on."""

from __future__ import annotations

import typing as t
from collections.abc import Coroutine

from ..app_state import current_state
from ..errors import Auth0Error, MfaRequired, log_failure
from ..runtime.request import this_app
from ..signals import login_failed
from .redirects import next_or_default
from .script_requests import awaited

R = t.TypeVar("R")


def log_in(call: Coroutine[t.Any, t.Any, R], next: str | None) -> tuple[R, str]:
    """Return what a call of the SDK returns that logs somebody in, and where to go on.

    :param next: the page that the script asks for.
    :raises MfaRequired: when one more factor is needed, which is no failure yet.
    :raises Auth0Error: when the login cannot go on.
    """
    try:
        found = awaited(call)
    except MfaRequired:
        raise
    except Auth0Error as error:
        log_failure("login", error)
        login_failed.send(this_app(), error=error)
        raise
    return found, next_or_default(next, current_state().config)
