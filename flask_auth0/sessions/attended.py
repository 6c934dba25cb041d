"""Session interfaces that tell before they save the session of a request."""

from __future__ import annotations

from collections.abc import Callable

from flask import Request
from flask.sessions import SessionInterface
from werkzeug.wrappers import Response


class Attended(SessionInterface):
    """A session interface that tells before it saves the session of a request.

    Flask does that last, after all hooks of the app.
    """

    #: Called with the response, and with the request; there is none where an app saves
    #: a session of its own making.
    before_saving: Callable[[Request | None, Response], None] | None = None
