"""A view behind a guard: sync or async, open to requests that need no user."""

from __future__ import annotations

import functools
import inspect
import typing as t
from collections.abc import Callable, Sequence

from ..config import UNGUARDED
from ..errors import Auth0Error, log_failure
from ..runtime.request import CurrentRequest, current_request
from . import own_urls
from .guards_in_use import Guard, note_guard
from .needs import Need

View = t.TypeVar("View", bound=Callable[..., t.Any])
#: Returns the answer to a request that may not pass, or ``None``.
Refusal = Callable[[CurrentRequest], t.Any]


def guarded(
    view: View,
    refusal: Refusal,
    needs: Sequence[Need],
    *,
    takes_tokens: bool,
    keeps_forms: bool = False,
) -> View:
    """Return a view that only requests reach which a guard does not refuse.

    ``OPTIONS`` requests pass, as CORS needs it, and so do the routes of a login.

    :param needs: what the guard asks for.
    :param takes_tokens: whether it lets access tokens pass.
    :param keeps_forms: whether it keeps the forms that it refuses.
    """
    if inspect.iscoroutinefunction(view):

        @functools.wraps(view)
        async def protected(*args: t.Any, **kwargs: t.Any) -> t.Any:
            refused = refusal_of(refusal)
            return await view(*args, **kwargs) if refused is None else refused

    else:

        @functools.wraps(view)
        def protected(*args: t.Any, **kwargs: t.Any) -> t.Any:
            refused = refusal_of(refusal)
            return view(*args, **kwargs) if refused is None else refused

    note_guard(view, protected, Guard(needs, takes_tokens, keeps_forms))
    return t.cast(View, protected)


def refusal_of(refusal: Refusal) -> t.Any:
    """Return the answer to the current request, unless it may pass.

    :raises BadRequest: at a host that Flask does not trust.
    """
    current = current_request()
    request = current.request
    if request.routing_exception is not None:
        # Who is not logged in does not learn which URLs there are, by OPTIONS either.
        own_urls.require_host()
    elif request.method == "OPTIONS" or request.endpoint in UNGUARDED:
        return None
    try:
        return refusal(current)
    except Auth0Error as error:
        log_failure("guard", error)
        raise
