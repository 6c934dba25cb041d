"""Session interfaces that tell when they have saved a session."""

from __future__ import annotations

from collections.abc import Callable

from flask.sessions import SessionInterface
from werkzeug.wrappers import Response


class Attended(SessionInterface):
    """A session interface that tells when it has saved the session of a request.

    Flask saves it last, after all hooks of the app.
    """

    #: Called with the response.
    after_saving: Callable[[Response], None] | None = None
