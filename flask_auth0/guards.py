"""Views for users who are logged in, and what everybody else gets."""

from __future__ import annotations

import functools
import inspect
import time
import typing as t
from collections.abc import Callable

from flask import Request, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response

from . import login
from .errors import (
    Action,
    Auth0Error,
    AuthorizationFailed,
    LoginRequired,
    log_failure,
)
from .login_loop import FreshLogin
from .negotiation import is_htmx, is_navigation
from .per_request import if_made
from .redirects import here, is_local_path, page_of
from .registry import current_state
from .user import User, load_user

View = t.TypeVar("View", bound=Callable[..., t.Any])


@t.overload
def login_required(view: View) -> View: ...


@t.overload
def login_required(
    view: None = None,
    *,
    max_age: int | None = None,
    organization: str | None = None,
    **parameters: str,
) -> Callable[[View], View]: ...


def login_required(
    view: Callable[..., t.Any] | None = None,
    *,
    max_age: int | None = None,
    organization: str | None = None,
    **parameters: str,
) -> t.Any:
    """Let only users who are logged in reach a view, sync or async.

    A browser is redirected to log in, and comes back. Anything else gets status 401
    and JSON with a ``login_url``. OPTIONS requests pass, as CORS needs it.

    .. code-block:: python

        @app.get("/profile")
        @login_required
        def profile(): ...

        @app.post("/transfer")
        @login_required(max_age=300)
        def transfer(): ...

    On a blueprint, decorate an empty function for ``before_request``; on a class-based
    view, put it into ``decorators``.

    :param max_age: seconds; who logged in longer ago has to log in again.
    :param organization: the id or name of the organization that the user must be
        logged in to.
    :param parameters: of the authorization request, such as ``connection``.
    """
    needs: dict[str, t.Any] = {**parameters}
    if max_age is not None:
        needs["max_age"] = max_age
    if organization is not None:
        needs["organization"] = organization
    if view is None:
        return functools.partial(_protect, needs=needs)
    return _protect(view, needs=needs)


def _protect(
    view: Callable[..., t.Any], *, needs: dict[str, t.Any]
) -> Callable[..., t.Any]:
    if inspect.iscoroutinefunction(view):

        @functools.wraps(view)
        async def protected(*args: t.Any, **kwargs: t.Any) -> t.Any:
            refused = _refusal(needs)
            return await view(*args, **kwargs) if refused is None else refused

    else:

        @functools.wraps(view)
        def protected(*args: t.Any, **kwargs: t.Any) -> t.Any:
            refused = _refusal(needs)
            return view(*args, **kwargs) if refused is None else refused

    return protected


def _refusal(needs: dict[str, t.Any]) -> t.Any:
    """Return the answer to a request that may not pass, or ``None``."""
    # Guarding every request of an app must not shut the way to the login.
    if request.method == "OPTIONS" or request.endpoint in current_state().routes:
        return None
    user = load_user()
    if user and _is_recent(user, needs) and _is_member(user, needs):
        return None
    _refuse_other_organizations(needs)
    custom = current_state().unauthorized()
    return _ask_to_log_in(needs) if custom is None else custom


def _refuse_other_organizations(needs: dict[str, t.Any]) -> None:
    """Raise an error where no login could ever satisfy what a view needs."""
    ours = current_state().config.organization
    if ours is not None and needs.get("organization", ours) != ours:
        error = AuthorizationFailed("This page is for another organization.")
        error.code = 403
        raise error


def _is_recent(user: User, needs: dict[str, t.Any]) -> bool:
    if "max_age" not in needs:
        return True
    fresh = if_made(FreshLogin)
    if fresh and fresh.max_age is not None and fresh.max_age <= needs["max_age"]:
        # The callback has checked it. Were clocks to differ, to ask again would go on
        # for ever.
        return True
    auth_time = user.get("auth_time")
    return isinstance(auth_time, int) and time.time() - auth_time <= needs["max_age"]


def _is_member(user: User, needs: dict[str, t.Any]) -> bool:
    wanted = needs.get("organization")
    name = str(user.get("org_name", "")).lower()
    return wanted is None or wanted == user.get("org_id") or wanted.lower() == name


def _ask_to_log_in(needs: dict[str, t.Any]) -> Response:
    page = _page_to_come_back_to(request)
    if is_navigation(request):
        response = _redirect_to_login(page, needs)
        response.status_code = 302 if request.method in {"GET", "HEAD"} else 303
        response.headers["Cache-Control"] = "no-store"
        response.vary.update(["Cookie", "Accept", "Sec-Fetch-Mode"])
        return response
    login_url = _login_url(page, needs)
    required = LoginRequired()
    required.offer_login(login_url)
    if not is_htmx(request) or login_url is None:
        raise required
    response = jsonify(required.to_dict())
    response.status_code = 401
    response.headers["HX-Redirect"] = login_url
    response.headers["Cache-Control"] = "no-store"
    return response


def with_way_on(error: Auth0Error) -> Auth0Error:
    """Add the ways on to an error of a call that a view made."""
    page = _page_to_come_back_to(request)
    if isinstance(error, LoginRequired):
        error.offer_login(_login_url(page, {}))
    elif not error.actions:
        log_failure("A call to the tenant failed", error)
        home = request.script_root + "/"
        error.actions = [
            Action("Try again", page),
            Action("Go to the start page", home),
        ]
    return error


def _redirect_to_login(page: str, needs: dict[str, t.Any]) -> Response:
    login_url = _login_url(page, needs)
    return redirect(login_url) if login_url else login.start(page, needs)


def _login_url(page: str, needs: dict[str, t.Any]) -> str | None:
    """Return where to log in, unless the app has turned that route off."""
    if "auth0.login" not in current_state().routes:
        return None
    return url_for("auth0.login", next=page, **needs)


def _page_to_come_back_to(request: Request) -> str:
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
    return current_state().config.post_login_redirect
