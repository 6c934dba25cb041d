"""Session interfaces that tell when they save the session of a request."""

from __future__ import annotations

from flask import Request
from flask.sessions import SessionInterface
from werkzeug.wrappers import Response


class Attendant:
    """Does what comes around the saving of a session.

    There is no request where an app saves a session of its own making.
    """

    def finish(self, answered: Request | None, response: Response) -> None:
        """Do what a response needs before its session is saved."""

    def complete(self, answered: Request | None, response: Response) -> None:
        """Do what waits until it has been saved."""

    def use_hooks(self) -> None:
        """Do without the interface, where Flask has no key and saves no session."""


class Attended(SessionInterface):
    """A session interface that tells when it saves the session of a request.

    Flask does that last, after all hooks of the app.
    """

    attendant: Attendant = Attendant()
