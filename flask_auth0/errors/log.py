"""What the log says of a failure."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable

from flask import current_app

from ..config.problems import Problem
from .base import Auth0Error
from .logins import AuthorizationFailed


def log_failure(what: str, error: Auth0Error) -> None:
    """Log a failure that the user can do nothing about."""
    # The tenant's message has passed through the browser, so anybody can have written
    # it.
    is_said = isinstance(error, AuthorizationFailed)
    hint = error.remedy or (error.title if is_said else error.description)
    current_app.logger.warning("%s: %s. %s", what, error.error, in_one_line(hint))


class ProblemLog:
    """Tells the log what is wrong with an app that runs all the same.

    What requests find is not told again with each of them.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        #: When the log was told last, by the monotonic clock, under the code and the
        #: key of a problem.
        self._told: dict[tuple[str, str], float] = {}

    def tell(self, problem: Problem, pause: float = math.inf) -> None:
        """Log a problem, unless that was done in the last ``pause`` seconds."""
        before = self._told.get((problem.code, problem.key), -math.inf)
        if time.monotonic() - before >= pause:
            self.tell_all([problem])

    def tell_all(self, problems: Iterable[Problem]) -> None:
        """Log all of some problems."""
        for each in problems:
            self._told[each.code, each.key] = time.monotonic()
            level = logging.WARNING if each.is_warning else logging.ERROR
            self._logger.log(level, "%s.", each)


def in_one_line(text: str) -> str:
    """Return a text without line breaks, which could forge an entry of the log."""
    shown = " ".join(text.split())[:500]
    return "".join(each if each.isprintable() else "?" for each in shown)
