"""Logs in visitors of public pages who are logged in at the tenant already."""

from __future__ import annotations

import functools
import inspect
import itertools
import re
import typing as t
import weakref
from collections.abc import Callable

from flask import Flask, Request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ..app_state import AppState, state_of
from ..client.translation import translated
from ..errors import SessionStoreUnavailable, TenantUnavailable
from ..negotiation import is_navigation
from ..runtime import loop
from ..runtime.logger import logger_of
from ..runtime.request import CurrentRequest, current_request
from ..sessions.lazy import overlook_outage
from ..user import load_user
from . import login, own_urls
from .credentials import may_have_token
from .guarded import View
from .guards_in_use import wrappers
from .prefetches import is_prefetch
from .redirects import next_or_default

#: Seconds after a question before the tenant is asked about the same browser again.
PAUSE = 600
#: Seconds after a logout before it is.
AFTER_LOGOUT = 3600
#: Seconds that the page of a visitor waits for the tenant.
PATIENCE = 2
#: The end of the name of the cookie that is in a browser meanwhile.
NOTE = "silent"
#: The parameter of a page that is not to ask, for browsers without cookies.
UNASKED = "_a0_silent"

#: Programs that read pages for others, and log in nowhere. Those of search engines are
#: browsers otherwise.
_BOT = (
    r"(?i)bot\b|bot[/_-]|crawl|spider|slurp|preview|facebookexternalhit|lighthouse"
    r"|headless|monitor|scan|fetch|curl|wget|python|java/|go-http"
)
_views: weakref.WeakSet[Callable[..., t.Any]] = weakref.WeakSet()


def silent_login(view: View) -> View:
    """Log visitors of a public page in who are logged in at the tenant, sync or async.

    The tenant is asked once, with ``prompt=none``, so that it shows nothing: who is
    logged in there, by another app for example, comes back as ``current_user``.
    Everybody else stays anonymous, and sees the page. So do all visitors while the
    tenant does not answer.

    .. code-block:: python

        @app.get("/")
        @silent_login
        def home(): ...

    Only a browser that navigates to the page is led to the tenant: no script, form,
    frame, prefetch or bot. It is asked again after ten minutes at the earliest, and
    after an hour if the visitor has logged out.
    """
    if inspect.iscoroutinefunction(view):

        @functools.wraps(view)
        async def asking(*args: t.Any, **kwargs: t.Any) -> t.Any:
            question = _question(current_request())
            return await view(*args, **kwargs) if question is None else question

    else:

        @functools.wraps(view)
        def asking(*args: t.Any, **kwargs: t.Any) -> t.Any:
            question = _question(current_request())
            return view(*args, **kwargs) if question is None else question

    _views.add(asking)
    return t.cast(View, asking)


def note_logout(current: CurrentRequest) -> None:
    """Let no page log the browser in again right after a logout."""
    if _is_in_use(current.app):
        _note(current, AFTER_LOGOUT)


def page_without_question(current: CurrentRequest, page: str) -> str:
    """Return a page's URL for a browser that comes back from the tenant.

    A browser without cookies cannot be told that it has been asked.
    """
    if _has_note(current):
        return page
    return f"{page}{'&' if '?' in page else '?'}{UNASKED}=0"


def _question(current: CurrentRequest) -> Response | None:
    """Return the redirect to the tenant, if it is to be asked."""
    if not _may_be_asked(current.request) or _has_note(current):
        return None
    state = state_of(current.app)
    try:
        if load_user(current, state):
            return None
        return _redirect(current, state)
    except SessionStoreUnavailable:
        overlook_outage(current)
    except HTTPException:
        # The page is public, whatever a login would have to say.
        logger_of(current.app).debug("No silent login could begin.", exc_info=True)
    return None


def _redirect(current: CurrentRequest, state: AppState) -> Response | None:
    page = own_urls.current_page()
    if next_or_default(page, state.config) != page:
        # The login could not lead back here.
        return None
    _require_tenant(current, state)
    response = login.start_silently(page)
    response.vary.update(["Cookie", "Accept", "Sec-Fetch-Mode", "Sec-Fetch-Dest"])
    _note(current, PAUSE)
    return response


def _require_tenant(current: CurrentRequest, state: AppState) -> None:
    """Refuse to send a browser to a tenant that does not answer.

    :raises TenantUnavailable: when it does not, or has not a moment ago.
    """
    domain = state.domains.of(current)
    state.client.require_token_endpoint(domain)
    try:
        with translated():
            # What the tenant has published is known, or else looked up.
            loop.run(state.client.end_session_endpoint(), PATIENCE)
    except TimeoutError as error:
        raise TenantUnavailable() from error


def _may_be_asked(request: Request) -> bool:
    """Tell whether somebody looks at this page, in a window of its own."""
    return (
        request.method == "GET"
        and is_navigation(request)
        and request.headers.get("Sec-Fetch-Dest", "document") == "document"
        and not is_prefetch(request)
        and not may_have_token(request)
        and UNASKED not in request.args
        and not _is_bot(request.user_agent.string)
    )


def _is_bot(name: str) -> bool:
    return not name or re.search(_BOT, name) is not None


def _has_note(current: CurrentRequest) -> bool:
    return bool(current.jar.values.get(current.jar.prefix + NOTE))


def _note(current: CurrentRequest, seconds: int) -> None:
    # Without it, the redirect of the tenant would lead to the next question.
    current.jar.set(current.jar.prefix + NOTE, "1", seconds, crosses_sites=True)


def _is_in_use(app: Flask) -> bool:
    before = itertools.chain.from_iterable(app.before_request_funcs.values())
    views = itertools.chain(app.view_functions.values(), before)
    return any(each in _views for view in views for each in wrappers(view))
