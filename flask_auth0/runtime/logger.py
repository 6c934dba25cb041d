"""The logger ``flask_auth0``, whose records go where those of the app go as well."""

from __future__ import annotations

import logging
import typing as t
from collections.abc import Iterator, Mapping

from flask import Flask

NAME = "flask_auth0"


class AppLogger(logging.Logger):
    """The logger ``flask_auth0``, as one app has it.

    Its handlers and those above it get each record. So do the handlers of
    ``app.logger``, as many apps configure no other one, unless the logger does not
    propagate: then somebody has decided where its records go.
    """

    def __init__(self, app: Flask) -> None:
        super().__init__(NAME)
        self._named = logging.getLogger(NAME)
        self.parent: logging.Logger | None = self._named
        self._app = app

    def getEffectiveLevel(self) -> int:  # the name is logging's
        """Return the level of ``flask_auth0``, or that of the app if it has none."""
        return self._named.level or self._app.logger.getEffectiveLevel()

    def isEnabledFor(self, level: int) -> bool:
        """Tell whether a record of a level is of interest to somebody."""
        # What the base class remembers is forgotten for registered loggers alone.
        return self.manager.disable < level >= self.getEffectiveLevel()

    def makeRecord(
        self,
        name: str,
        level: int,
        fn: str,
        lno: int,
        msg: object,
        args: t.Any,
        exc_info: t.Any,
        func: str | None = None,
        extra: Mapping[str, object] | None = None,
        sinfo: str | None = None,
    ) -> logging.LogRecord:
        """Return a record with the fields of ``extra``, which replace no other ones.

        The base class raises an error where an app's own factory has made such a field.
        """
        given = (name, level, fn, lno, msg, args, exc_info, func, None, sinfo)
        record = super().makeRecord(*given)
        for field, value in (extra or {}).items():
            vars(record).setdefault(field, value)
        return record

    def handle(self, record: logging.LogRecord) -> None:
        """Hand a record on, unless ``flask_auth0`` is disabled or filters it out."""
        if not self._named.disabled and self._named.filter(record):
            self.callHandlers(record)

    def callHandlers(self, record: logging.LogRecord) -> None:
        """Hand a record to all handlers, to each of them once."""
        named, apps = self._named, self._app.logger
        if not named.hasHandlers() and named.propagate:
            apps.handle(record)
            return
        named.callHandlers(record)
        if not named.propagate or apps.disabled or not apps.filter(record):
            return
        told = {*_handlers(named)}
        for each in _handlers(apps):
            if each not in told and record.levelno >= each.level:
                each.handle(record)


def logger_of(app: Flask) -> logging.Logger:
    """Return the logger of the extension for an app."""
    return AppLogger(app)


def logger_for(app: Flask, level: int) -> logging.Logger | None:
    """Return the logger of the extension, if a record of a level is of interest."""
    logger = AppLogger(app)
    return logger if logger.isEnabledFor(level) else None


def _handlers(logger: logging.Logger) -> Iterator[logging.Handler]:
    """Yield the handlers that a logger's records reach."""
    while True:
        yield from logger.handlers
        if not logger.propagate or logger.parent is None:
            return
        logger = logger.parent
