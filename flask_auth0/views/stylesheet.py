"""The stylesheet of the extension's own pages, at a URL that changes with it."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from werkzeug.wrappers import Response

from ..app_state import current_state
from ..config import ROUTES
from . import own_urls

ENDPOINT = ROUTES["stylesheet"].endpoint
#: Seconds for which browsers and proxies keep it: a year.
MAX_AGE = 31_536_000

_FILE = Path(__file__).parents[1] / "static" / "pages.css"


def stylesheet() -> Response:
    """Answer with the stylesheet, for everybody and for long."""
    response = Response(_content(), mimetype="text/css")
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE}, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def url() -> str | None:
    """Return the URL of the stylesheet, or ``None`` if its route is turned off."""
    if ENDPOINT not in current_state().routes or own_urls.refusal_of_host() is not None:
        return None
    return own_urls.url_of(ENDPOINT, v=_version())


@functools.cache
def _content() -> bytes:
    return _FILE.read_bytes()


@functools.cache
def _version() -> str:
    return hashlib.sha256(_content()).hexdigest()[:12]
