"""A view behind a guard: sync or async, open to requests that need no user."""

from __future__ import annotations

import functools
import inspect
import typing as t
from collections.abc import Callable

from ..config import UNGUARDED
from ..runtime.request import CurrentRequest, current_request
from . import own_urls
from .decorator_order import note_guard

View = t.TypeVar("View", bound=Callable[..., t.Any])
#: Returns the answer to a request that may not pass, or ``None``.
Refusal = Callable[[CurrentRequest], t.Any]


def guarded(view: View, refusal: Refusal) -> View:
    """Return a view that only requests reach which a guard does not refuse.

    ``OPTIONS`` requests pass, as CORS needs it, and so do the routes of a login.
    """
    if inspect.iscoroutinefunction(view):

        @functools.wraps(view)
        async def protected(*args: t.Any, **kwargs: t.Any) -> t.Any:
            refused = _ask(refusal)
            return await view(*args, **kwargs) if refused is None else refused

    else:

        @functools.wraps(view)
        def protected(*args: t.Any, **kwargs: t.Any) -> t.Any:
            refused = _ask(refusal)
            return view(*args, **kwargs) if refused is None else refused

    note_guard(view, protected)
    return t.cast(View, protected)


def _ask(refusal: Refusal) -> t.Any:
    current = current_request()
    request = current.request
    if request.method == "OPTIONS" or request.endpoint in UNGUARDED:
        return None
    if request.routing_exception is not None:
        own_urls.require_host()
    return refusal(current)
