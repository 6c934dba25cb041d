"""Responses whose cookies are too large for the buffer of a proxy."""

from __future__ import annotations

from collections.abc import Collection

from werkzeug.wrappers import Response

from ..app_state import AppState
from ..config import Config
from ..errors import ResponseTooLarge, log_failure
from ..runtime import error_handlers
from ..runtime.cookie_jar import CookieJar
from ..runtime.request import CurrentRequest
from ..sessions.cookies.host_prefix import transaction_prefix
from ..sessions.cookies.response_size import OF_FORMER, cookies_size, head_size
from ..sessions.cookies.storage import SENT, VISIT
from .login_urls import start_page, try_again


def fit(current: CurrentRequest, response: Response, state: AppState) -> None:
    """Refuse a response that our cookies make too large for a proxy.

    The response is complete, so that its size is known. One that is too large without
    our cookies is sent, since the app's proxy may take it.
    """
    jar, limit = current.jar, state.config.response_header_limit
    size = _size(response, jar)
    if size <= limit:
        return
    others = size - cookies_size(jar.written.values())
    if others > limit and not _is_login(jar, state.config):
        return
    # The visit cookie can wait: the next response notes the activity as well.
    _leave_out(response, [jar.prefix + VISIT])
    if _size(response, jar) > limit:
        # The login goes on without what was sent before it.
        forms = [name for name in jar.written if name.startswith(jar.prefix + SENT)]
        _leave_out(response, forms)
    if _size(response, jar) > limit:
        if jar.is_for_login:
            state.state_store.end_unsent(current)
        _refuse(current, response, state.config, size)


def _size(response: Response, jar: CookieJar) -> int:
    """Return the size of the head, with the deletions of former names to come."""
    return head_size(response) + OF_FORMER * len(jar.former)


def _is_login(jar: CookieJar, config: Config) -> bool:
    """Tell whether a response begins or completes a login."""
    transactions = transaction_prefix(jar, config)
    is_begun = any(name.startswith(transactions) for name in jar.written)
    return is_begun or jar.is_for_login


def _leave_out(response: Response, names: Collection[str]) -> None:
    lines = response.headers.getlist("Set-Cookie")
    kept = [line for line in lines if line.partition("=")[0] not in names]
    response.headers.setlist("Set-Cookie", kept)


def _refuse(
    current: CurrentRequest, response: Response, config: Config, size: int
) -> None:
    """Turn a response into an error page.

    The page has room for the cookies of a session that goes on, so that no token is
    lost. A login does not begin.
    """
    app, jar = current.app, current.jar
    error = ResponseTooLarge(size, config.response_header_limit)
    error.actions = [start_page()]
    if not _is_login(jar, config):
        error.actions = [try_again(), *error.actions]
    log_failure("response", error)
    error_handlers.become(
        response, app.make_response(error_handlers.answer(app, error))
    )
    transactions = transaction_prefix(jar, config)
    for name, line in jar.written.items():
        is_new = jar.is_for_login or name.startswith(transactions)
        if name in jar.deleted or not is_new:
            response.headers.add("Set-Cookie", line)
