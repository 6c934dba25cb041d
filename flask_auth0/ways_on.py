"""Where a user can go from a request that cannot go on."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from flask import Request, request, url_for

from .errors import Action, Auth0Error, LoginRequired, log_failure
from .negotiation import is_navigation
from .redirects import here, is_local_path, next_or_default, page_of
from .registry import current_state


def offer_way_on(error: Auth0Error) -> None:
    """Add the ways on to an error of a call that a view made."""
    page = page_to_come_back_to(request)
    if isinstance(error, LoginRequired):
        error.offer_login(login_url(page, error.parameters))
    elif not error.actions:
        log_failure("A call to the tenant failed", error)
        error.actions = [Action("Try again", page), start_page()]


def start_page() -> Action:
    """Return the way to the app's root."""
    return Action("Go to the start page", request.script_root + "/")


def login_url(page: str, parameters: Mapping[str, t.Any]) -> str | None:
    """Return where to log in, unless the app has turned that route off."""
    if "auth0.login" not in current_state().routes:
        return None
    return url_for("auth0.login", next=page, **parameters)


def page_to_come_back_to(request: Request) -> str:
    """Return the page the user is on.

    What htmx or a script asks for is a part of a page, and what a form posts to may not
    be one: there it is the page that the request came from.
    """
    if is_navigation(request) and request.method in {"GET", "HEAD"}:
        return here(request)
    came_from = request.headers.get("HX-Current-URL") or request.referrer
    page = page_of(request, came_from)
    if page is not None and is_local_path(page):
        return page
    return next_or_default(None, current_state().config)
