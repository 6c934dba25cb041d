"""Guards of views for users who are logged in."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable, Sequence

from flask import redirect, request
from werkzeug.wrappers import Response

from ..app_state import AppState, state_of
from ..challenges import BEARER, challenges
from ..errors import InvalidToken, LoginRequired, NotAllowed
from ..negotiation import is_htmx, is_navigation
from ..runtime.request import CurrentRequest
from ..sessions.shapes import is_moment
from ..user import User, load_claims
from . import login
from .bearer import token_claims
from .guarded import View, guarded
from .login_urls import login_url, page_to_come_back_to, refusal_of_organization
from .organizations import are_different, is_member
from .prefetches import is_prefetch, refuse_prefetch
from .repeated_logins import has_just_asked_for, is_first_after_login_within


class LoginRequiredDecorator(t.Protocol):
    """:func:`login_required`, as a type."""

    @t.overload
    def __call__(self, view: View) -> View: ...

    @t.overload
    def __call__(
        self,
        view: None = None,
        *,
        max_age: int | None = None,
        organization: str | None = None,
        bearer: bool = False,
        **parameters: str,
    ) -> Callable[[View], View]: ...


@t.overload
def login_required(view: View) -> View: ...


@t.overload
def login_required(
    view: None = None,
    *,
    max_age: int | None = None,
    organization: str | None = None,
    bearer: bool = False,
    **parameters: str,
) -> Callable[[View], View]: ...


def login_required(
    view: Callable[..., t.Any] | None = None,
    *,
    max_age: int | None = None,
    organization: str | None = None,
    bearer: bool = False,
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

    :param max_age: seconds; a user who logged in longer ago has to log in again.
    :param organization: the organization that the user must be logged in to: its id if
        it begins with ``org_``, else its name.
    :param bearer: whether programs may come with an access token instead, as with
        :func:`bearer_required`. Where a request has one, it alone counts, good or not.
    :param parameters: of the authorization request, such as ``connection``: those that
        ``/login`` takes.
    :raises TypeError: when there is no such parameter.
    :raises ValueError: when the organization is blank.
    """
    unknown = [name for name in parameters if not login.is_passed_on(name)]
    if unknown:
        raise TypeError(f"login_required() cannot ask for {', '.join(unknown)}.")
    needs: dict[str, t.Any] = {**parameters}
    if max_age is not None:
        needs["max_age"] = max_age
    if organization is not None:
        needs["organization"] = _not_blank(organization)
    refusal = functools.partial(_refusal_of_any if bearer else _refusal, needs)
    if view is None:
        return functools.partial(guarded, refusal=refusal)
    return guarded(view, refusal)


def _not_blank(organization: str) -> str:
    if not organization.strip():
        raise ValueError("login_required() needs an organization that is not blank.")
    return organization.strip()


def _refusal_of_any(needs: dict[str, t.Any], current: CurrentRequest) -> t.Any:
    """Return the answer to a request that may not pass with a token or a session."""
    state = state_of(current.app)
    claims = token_claims(current, state)
    if claims is None:
        return _refusal(needs, current, challenges(BEARER))
    _refuse_token(needs, User(claims), state)
    return None


def _refuse_token(needs: dict[str, t.Any], user: User, state: AppState) -> None:
    """Refuse an access token that does not satisfy the needs of a view.

    :raises InvalidToken: when its user logged in too long ago (RFC 9470, section 3).
    :raises NotAllowed: when its user is not a member of the organization.
    """
    if not _is_member(user, needs):
        raise NotAllowed("This is for another organization.")
    max_age = needs.get("max_age")
    if max_age is not None and not _has_logged_in_within(state, user, max_age):
        error = InvalidToken(
            "The user has logged in too long ago, or the token does not say when.",
            error="insufficient_user_authentication",
        )
        error.parameters = {"max_age": str(max_age)}
        raise error


def _refusal(
    needs: dict[str, t.Any], current: CurrentRequest, told: Sequence[str] = ()
) -> t.Any:
    """Return the answer to a request that may not pass, or ``None``.

    :param told: the challenges for programs.
    """
    state = state_of(current.app)
    claims = load_claims(current, state)
    if claims and not needs:
        return None
    user = User(claims)
    if user and _is_recent(current, state, user, needs) and _is_member(user, needs):
        return None
    _refuse_in_vain(current, state, user, needs)
    custom = state.unauthorized()
    return _ask_to_log_in(needs, told) if custom is None else custom


def _refuse_in_vain(
    current: CurrentRequest, state: AppState, user: User, needs: dict[str, t.Any]
) -> None:
    """Raise an error if no login can satisfy the needs of a view."""
    ours, wanted = state.config.organization, needs.get("organization")
    if ours is not None and wanted is not None and are_different(ours, wanted):
        raise refusal_of_organization(None)
    # A configured organization is the one that every login asks for.
    asked_for = wanted if ours is None else ours
    is_other = bool(user) and not _is_member(user, needs)
    if is_other and has_just_asked_for(current, state, user, asked_for):
        raise refusal_of_organization(asked_for)


def _is_recent(
    current: CurrentRequest, state: AppState, user: User, needs: dict[str, t.Any]
) -> bool:
    if "max_age" not in needs:
        return True
    if is_first_after_login_within(current, state, needs["max_age"]):
        return True
    return _has_logged_in_within(state, user, needs["max_age"])


def _has_logged_in_within(state: AppState, user: User, max_age: int) -> bool:
    auth_time: t.Any = user.get("auth_time")
    return is_moment(auth_time) and state.clock.time() - auth_time <= max_age


def _is_member(user: User, needs: dict[str, t.Any]) -> bool:
    wanted = needs.get("organization")
    return wanted is None or is_member(user, wanted)


def _ask_to_log_in(needs: dict[str, t.Any], told: Sequence[str]) -> Response:
    if is_prefetch(request):
        # The browser would keep the redirect for its user, who may be logged in by
        # then.
        return refuse_prefetch()
    page = page_to_come_back_to(request)
    if is_navigation(request):
        response = _redirect_to_login(page, needs)
        if request.method not in {"GET", "HEAD"}:
            response.status_code = 303
        response.headers["Cache-Control"] = "no-store"
        response.vary.update(["Cookie", "Accept", "Sec-Fetch-Mode"])
        return response
    required = LoginRequired()
    required.challenges = told
    required.login_url = login_url(page, needs)
    if is_htmx(request) and required.login_url:
        return required.get_response()
    raise required


def _redirect_to_login(page: str, needs: dict[str, t.Any]) -> Response:
    url = login_url(page, needs)
    return redirect(url, 302) if url else login.start(page, needs)
