"""What the SDK hands to stores: the request, and a response that collects cookies."""

from __future__ import annotations

import copy
import inspect
import typing as t

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.wrappers import Response

from ..runtime.contexts import this_request
from ..runtime.per_request import if_made, per_request

#: A cookie as :meth:`werkzeug.wrappers.Response.set_cookie` takes it.
Cookie = dict[str, t.Any]

_SET_COOKIE = inspect.signature(Response.set_cookie)


class CollectingResponse(Response):
    """A response that nobody sees, for what stores set on it.

    Of each cookie, what was set last counts, and nothing else reaches the browser: a
    login may be refused after its session has been kept.
    """

    def __init__(self) -> None:
        super().__init__()
        #: By name, path and domain, as browsers tell them apart.
        self.collected: dict[tuple[str, t.Any, t.Any], Cookie] = {}

    def set_cookie(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Collect a cookie."""
        bound = _SET_COOKIE.bind(self, *args, **kwargs)
        bound.apply_defaults()
        cookie = {k: v for k, v in bound.arguments.items() if k != "self"}
        self.collected[cookie["key"], cookie["path"], cookie["domain"]] = cookie

    def copy_to(self, response: Response) -> None:
        """Put what was collected on the response that is sent."""
        for name, value in self.headers:
            if name not in {"Content-Type", "Content-Length"}:
                response.headers.add(name, value)
        for cookie in self.collected.values():
            response.set_cookie(**cookie)


class Collector:
    """What the stores have set in the current request."""

    def __init__(self) -> None:
        self.response = CollectingResponse()


def store_options() -> dict[str, t.Any]:
    """Return the SDK's ``store_options`` for the current request."""
    response = per_request(Collector).response
    return {"request": _request_after(response), "response": response}


def copy_collected(response: Response) -> None:
    """Put what stores have set on the response that is sent."""
    collector = if_made(Collector)
    if collector is not None:
        collector.response.copy_to(response)


def _request_after(response: CollectingResponse) -> Request:
    """Return the request, with its cookies as the browser will have them.

    A store looks for its session in the request only. It would not find one that has
    begun with this request, and could neither end it nor use a token twice.
    """
    current = this_request()
    if not response.collected:
        return current
    cookies = current.cookies.to_dict()
    for cookie in response.collected.values():
        if 0 in (cookie["max_age"], cookie["expires"]):
            cookies.pop(cookie["key"], None)
        else:
            cookies[cookie["key"]] = cookie["value"]
    changed = copy.copy(current)
    changed.cookies = ImmutableMultiDict(cookies)
    return changed
