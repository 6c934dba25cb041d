"""Requests that browsers send ahead of their users, who may never come."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from flask import Request, Response, request
from werkzeug.wrappers import Response as BaseResponse

#: The headers of prefetches, as WSGI names them: browsers set Sec-Purpose and Purpose;
#: scripts may not, and set others.
_PURPOSES = (
    "HTTP_SEC_PURPOSE",
    "HTTP_PURPOSE",
    "HTTP_X_SEC_PURPOSE",
    "HTTP_X_PURPOSE",
    "HTTP_X_MOZ",
)
#: What they say of a page that is asked for ahead of its user.
_AHEAD = re.compile("prefetch|prerender|preview")


def is_prefetch(request: Request) -> bool:
    """Tell whether a browser, or a script on its page, prefetches a page."""
    environ = request.environ
    if environ.get("HTTP_HX_PRELOADED") == "true":
        return True
    said = " ".join([environ[name] for name in _PURPOSES if name in environ]).lower()
    return _AHEAD.search(said) is not None


def refuse_prefetch() -> Response:
    """Return a response that no browser keeps.

    Chromium shows a prefetched success to the click that follows, even with
    ``Cache-Control: no-store``. After an error it sends a new request.
    """
    return Response(status=503, headers={"Cache-Control": "no-store"})


def answer_unasked(request: Request) -> Response | None:
    """Return the answer to a prefetch or a HEAD request, which no user waits for."""
    if is_prefetch(request):
        return refuse_prefetch()
    if request.method == "HEAD":
        return Response(status=204, headers={"Cache-Control": "no-store"})
    return None


def for_visitors(view: Callable[[], BaseResponse]) -> Callable[[], BaseResponse]:
    """Let no request reach a view that a browser sends ahead of its user."""

    @functools.wraps(view)
    def answer() -> BaseResponse:
        return answer_unasked(request) or view()

    return answer
