"""Session interfaces that tell before they save the session of a request."""

from __future__ import annotations

from flask import Request
from flask.sessions import SessionInterface
from werkzeug.wrappers import Response


class Attendant:
    """Does what comes before a session is saved.

    There is no request where an app saves a session of its own making.
    """

    def finish(self, answered: Request | None, response: Response) -> None:
        """Do what a response needs before its session is saved."""


class Attended(SessionInterface):
    """A session interface that tells before it saves the session of a request.

    Flask does that last, after all hooks of the app.
    """

    attendant: Attendant = Attendant()
