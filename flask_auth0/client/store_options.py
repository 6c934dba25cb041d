"""The SDK's options for stores: the request, and a response that collects cookies."""

from __future__ import annotations

import copy
import typing as t

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict

from ..runtime.collecting_response import CollectingResponse
from ..runtime.request import CurrentRequest


def store_options(current: CurrentRequest) -> dict[str, t.Any]:
    """Return the SDK's ``store_options`` for a request."""
    if current.collected is None:
        current.collected = CollectingResponse()
    response = current.collected
    return {"request": _request_after(current.request, response), "response": response}


def bring_up_to_date(options: dict[str, t.Any] | None, current: CurrentRequest) -> None:
    """Give options the cookies that other calls of the request have set meanwhile.

    Otherwise a call that waited for its turn would write back what it had found before.
    """
    response = current.collected
    if options is None or response is None:
        return
    is_ours = options.get("response") is response
    if is_ours:
        options["request"] = _request_after(current.request, response)


def _request_after(current: Request, response: CollectingResponse) -> Request:
    """Return the request, with its cookies as the browser will have them.

    A store finds its session in the request's cookies only. Without those of the
    response, a session that this request has begun could neither be ended nor
    refreshed.
    """
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
