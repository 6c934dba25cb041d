"""The guard of a whole app, and the views that it leaves open."""

from __future__ import annotations

import typing as t
import weakref
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import MapAdapter, RequestRedirect

from ..app_state import state_of
from ..config import Config
from ..runtime.logger import logger_of
from ..runtime.request import CurrentRequest, current_request
from .authorization import NOTHING_MORE, refusal_of_user
from .guard_mistakes import is_cached_for_all
from .guarded import refusal_of
from .guards_in_use import guards_of, wrappers
from .refused_forms import keep_form

Open = t.TypeVar("Open")

#: The views, classes of views and blueprints that are open to everybody.
_public: weakref.WeakSet[t.Any] = weakref.WeakSet()


def public(view: Open) -> Open:
    """Leave a view open to everybody, where ``AUTH0_PROTECT_APP`` guards the app.

    .. code-block:: python

        @app.get("/about")
        @public
        def about(): ...

        public(status_blueprint)

    It stands above or below the route, sync or async, on a function, on a class of
    views, or on a blueprint: that one is open as a whole, with its static files. Guards
    of its own stay.

    :raises TypeError: for the name of an endpoint: those are in
        ``AUTH0_PUBLIC_ENDPOINTS``.

    .. versionadded:: 0.2
    """
    if isinstance(view, str):
        raise TypeError(
            f"public() takes a view or a blueprint. For the endpoint {view!r}, set "
            f"AUTH0_PUBLIC_ENDPOINTS={view}."
        )
    _public.add(view)
    return view


def set_up(app: Flask, config: Config) -> None:
    """Guard all requests of an app, if the configuration says so."""
    if config.protect_app:
        app.before_request(_refusal)


def warn_of_unknown_endpoints(app: Flask, config: Config) -> None:
    """Log the endpoints that the configuration opens and the app does not have."""
    for each in config.public_endpoints:
        if each not in app.view_functions:
            logger_of(app).warning(
                "AUTH0_PUBLIC_ENDPOINTS names '%s', which the app does not have.", each
            )


def _refusal() -> t.Any:
    current = current_request()
    if _is_open(current):
        return None
    answer = refusal_of(lambda current: refusal_of_user(NOTHING_MORE, current))
    if answer is not None and _keeps_forms(current):
        keep_form(current)
    return answer


def _keeps_forms(current: CurrentRequest) -> bool:
    """Tell whether the view has a guard that would have kept the form."""
    view = current.app.view_functions.get(current.request.endpoint or "")
    return view is not None and any(each.keeps_forms for each in guards_of(view))


def _is_open(current: CurrentRequest) -> bool:
    app, endpoint = current.app, _endpoint(current)
    if endpoint is None:
        return False
    if endpoint in state_of(app).config.public_endpoints:
        return True
    view = app.view_functions.get(endpoint)
    if any(each in _public for each in _parts(app, endpoint, view)):
        return True
    return view is not None and _takes_tokens(view)


def _parts(app: Flask, endpoint: str, view: t.Any) -> Iterator[t.Any]:
    """Yield all that can have been marked: a view, its class, and its blueprints."""
    for each in wrappers(view):
        yield each
        yield getattr(each, "view_class", None)
    name = endpoint.rpartition(".")[0]
    while name:
        yield app.blueprints.get(name)
        name = name.rpartition(".")[0]


def _takes_tokens(view: t.Any) -> bool:
    """Tell whether a view has a guard that programs with access tokens may pass."""
    takes_tokens = any(each.takes_tokens for each in guards_of(view))
    return takes_tokens and not is_cached_for_all(view)


def _endpoint(current: CurrentRequest) -> str | None:
    """Return the endpoint of a request, also where Flask answers in its place.

    A slash at the end that lacks, and a method that there is not, are matters of the
    view that the URL is of.
    """
    error = current.request.routing_exception
    if error is None:
        return current.request.endpoint
    adapter = current.app.create_url_adapter(current.request)
    if adapter is None:
        return None
    try:
        return _match(adapter, error)
    except HTTPException:
        return None


def _match(adapter: MapAdapter, error: HTTPException) -> str | None:
    if isinstance(error, RequestRedirect):
        path = unquote(urlsplit(error.new_url).path)
        mount = adapter.script_name.rstrip("/")
        return str(adapter.match(path.removeprefix(mount))[0])
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        return str(adapter.match(method=next(iter(error.valid_methods)))[0])
    return None
