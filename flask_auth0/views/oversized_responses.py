"""Responses that a proxy would not let through for the cookies that they set."""

from __future__ import annotations

from collections.abc import Collection

from flask import request
from werkzeug.wrappers import Response

from ..errors import Action, ResponseTooLarge, log_failure
from ..runtime import error_handlers
from ..runtime.contexts import this_app
from ..runtime.per_request import if_made
from ..sessions.cookies.jar import CookieJar, cookie_name, transaction_name
from ..sessions.cookies.response_size import OF_FORMER, cookies_size, head_size, limit
from ..sessions.session_store import SessionStore
from .error_links import page_to_come_back_to, start_page


def fit(response: Response, store: SessionStore) -> None:
    """Refuse a response that is too large for a proxy with the cookies of ours.

    It is complete, so that its size is known. A page that is too large without them
    gets through all the same, as far as anybody can tell.
    """
    jar = if_made(CookieJar)
    if jar is None or not jar.written or _size(response, jar) <= limit():
        return
    size = _size(response, jar)
    others = size - cookies_size(jar.written.values())
    if others > limit() and not _is_login(jar):
        return
    # That a user is active is noted with the next page.
    _leave_out(response, [cookie_name("visit")])
    if _size(response, jar) > limit():
        if jar.is_for_login:
            store.end_unsent()
        _refuse(response, jar, size)


def _size(response: Response, jar: CookieJar) -> int:
    """Return how large a head will be once former names are deleted."""
    return head_size(response) + OF_FORMER * len(jar.former)


def _is_login(jar: CookieJar) -> bool:
    """Tell whether a login begins or ends with a response."""
    is_begun = any(n.startswith(transaction_name()) for n in jar.written)
    return is_begun or jar.is_for_login


def _leave_out(response: Response, names: Collection[str]) -> None:
    lines = response.headers.getlist("Set-Cookie")
    kept = [line for line in lines if line.partition("=")[0] not in names]
    response.headers.setlist("Set-Cookie", kept)


def _refuse(response: Response, jar: CookieJar, size: int) -> None:
    """Turn a response into a page that says so.

    That page has room for a session that goes on, so that no token is lost. Of a login,
    nothing begins.
    """
    error = ResponseTooLarge(size, limit())
    error.actions = [start_page()]
    if not _is_login(jar):
        error.actions = [
            Action("Try again", page_to_come_back_to(request)),
            *error.actions,
        ]
    log_failure("A response was refused", error)
    app = this_app()
    error_handlers.become(
        response, app.make_response(error_handlers.answer(app, error))
    )
    for name, line in jar.written.items():
        is_new = jar.is_for_login or name.startswith(transaction_name())
        if name in jar.deleted or not is_new:
            response.headers.add("Set-Cookie", line)
