"""The settings of an app are wrong."""

from __future__ import annotations

import typing as t

from flask import current_app, has_request_context
from werkzeug.wrappers import Response

from ..config.problems import Problem
from ..pages import Text
from ..runtime.logger import logger_of
from ..runtime.request import current_request
from .base import Auth0Error


class ConfigurationError(Auth0Error):
    """The settings of an app are wrong or missing; it names all of them at once.

    Where it answers a request, outside debug mode, only the log has their names.
    """

    code: int | None = 500
    error = "configuration_error"
    reason = "configuration_error"
    title: str = Text("This app is not set up")
    is_lasting = True

    def __init__(self, *problems: Problem | str) -> None:
        #: Each wrong or missing setting, with its remedy.
        self.problems = problems
        super().__init__()

    @property
    def description(self) -> str:
        """The problems in debug mode; visitors are told to turn to the operator."""
        if has_request_context() and not current_app.debug:
            return Text("Whoever runs this app finds the reason in its log.")
        return str(self)

    @description.setter
    def description(self, description: str) -> None:
        """Ignore a text: the problems are the description."""

    def get_response(self, environ: t.Any = None, scope: t.Any = None) -> Response:
        """Return the response of the base class, and log the problems."""
        if has_request_context() and not self.is_logged:
            self.is_logged = True
            logger = logger_of(current_request().app)
            logger.error("%s", self, extra={"reason": self.reason})
        return super().get_response(environ, scope)

    def __str__(self) -> str:
        lines = [
            each if isinstance(each, str) else f"{each.key} {each.remedy}"
            for each in self.problems
        ]
        many = "\n  - ".join(["The settings for Auth0 are not right:", *lines])
        return lines[0] if len(lines) == 1 else many
