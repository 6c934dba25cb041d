"""A response that collects cookies and headers of stores, for the one that is sent."""

from __future__ import annotations

import inspect
import typing as t

from werkzeug.wrappers import Response

#: A cookie as :meth:`werkzeug.wrappers.Response.set_cookie` takes it.
Cookie = dict[str, t.Any]

_SET_COOKIE = inspect.signature(Response.set_cookie)


class CollectingResponse(Response):
    """A response that collects cookies and headers, and is never sent.

    Only the last value of each cookie reaches the browser: a login may be refused after
    its session has been kept.
    """

    def __init__(self) -> None:
        super().__init__()
        #: The cookies by name, path and domain, as browsers tell them apart.
        self.collected: dict[tuple[str, t.Any, t.Any], Cookie] = {}

    def set_cookie(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Collect a cookie."""
        bound = _SET_COOKIE.bind(self, *args, **kwargs)
        bound.apply_defaults()
        cookie = {k: v for k, v in bound.arguments.items() if k != "self"}
        self.collected[cookie["key"], cookie["path"], cookie["domain"]] = cookie

    def copy_to(self, response: Response) -> None:
        """Copy the cookies and headers to the response that is sent."""
        for name, value in self.headers:
            if name not in {"Content-Type", "Content-Length"}:
                response.headers.add(name, value)
        for cookie in self.collected.values():
            response.set_cookie(**cookie)
