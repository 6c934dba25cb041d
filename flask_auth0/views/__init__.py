"""The blueprints: logins and logouts, JSON for scripts, and the look of the pages."""

from __future__ import annotations

import importlib
import typing as t
from collections.abc import Callable

from flask import Blueprint, request
from werkzeug.wrappers import Response as BaseResponse

from ..config import ROUTES, Config
from ..runtime.request import ATTRIBUTE, CurrentRequest
from . import backchannel, callback, login, logout, stylesheet
from .own_urls import HOST_VALUE, add_host
from .prefetches import for_visitors

View = Callable[[], BaseResponse]

#: The blueprints for logins, and for what is no part of one.
OWN = ("auth0", "auth0_pages")
#: The templates are beside the modules of the package.
_PACKAGE = "flask_auth0"


def make_blueprints(config: Config, *, for_all_hosts: bool) -> list[Blueprint]:
    """Return the blueprints ``auth0`` and ``auth0_pages``, with the routes that are on.

    What the second one has is no part of a login, and is for everybody to keep.

    :param for_all_hosts: whether the app matches hosts, all of which get the routes.
    """
    blueprint, pages = (_make(each, config) for each in OWN)
    if for_all_hosts:
        for each in (blueprint, pages):
            each.url_defaults(add_host)
            each.url_value_preprocessor(_drop_host)
    blueprint.after_request(_forbid_storing)
    blueprint.teardown_request(_end)
    return [blueprint, pages]


def _make(name: str, config: Config) -> Blueprint:
    prefix = config.url_prefix or None
    made = Blueprint(name, _PACKAGE, template_folder="templates", url_prefix=prefix)
    # Flask ignores it unless the app matches hosts.
    host = f"<{HOST_VALUE}>"
    for each, path in config.paths.items():
        route = ROUTES[each]
        if route.blueprint == name:
            view = _view_of(each)
            view = for_visitors(view) if route.is_visited else view
            made.add_url_rule(path, each, view, methods=route.methods, host=host)
    return made


def backchannel_logout_view() -> BaseResponse:
    """End sessions that the tenant has ended."""
    return backchannel.receive()


_VIEWS: dict[str, View] = {
    "login": login.answer,
    "callback": callback.complete,
    "logout": logout.answer,
    "backchannel_logout": backchannel_logout_view,
    "stylesheet": stylesheet.stylesheet,
}
#: The views for scripts, by their modules. Most apps have no path for them, and need
#: not wait at their start for the models of requests.
_FOR_SCRIPTS = {
    "profile": "profile.profile",
    "access_token": "script_tokens.access_token",
    "passwordless_start": "passwordless.start",
    "passwordless_verify": "passwordless.verify",
    "mfa_authenticators": "mfa.authenticators",
    "mfa_associate": "mfa.associate",
    "mfa_challenge": "mfa.challenge",
    "mfa_verify": "mfa.verify",
    "connect": "connecting.connect",
    "connect_accounts": "connecting.accounts",
    "connect_forget": "connecting.forget",
}


def _view_of(route: str) -> View:
    if route in _VIEWS:
        return _VIEWS[route]
    module, _, function = _FOR_SCRIPTS[route].partition(".")
    found: View = getattr(importlib.import_module(f".{module}", __name__), function)
    return found


def views_without_forms(config: Config) -> list[View]:
    """Return the views that take no form of a page, with a token against forgery.

    The tenant signs what it sends, and scripts send JSON, which no other site can.
    """
    posted = (ROUTES[each] for each in config.paths if "POST" in ROUTES[each].methods)
    return [_view_of(each.name) for each in posted if not each.is_visited]


def _drop_host(endpoint: str | None, values: dict[str, t.Any] | None) -> None:
    if values is not None:
        values.pop(HOST_VALUE, None)


def _end(error: BaseException | None) -> None:
    """Call the functions for the end of a request, also without a response."""
    current: CurrentRequest | None = getattr(request, ATTRIBUTE, None)
    for each in current.at_the_end if current is not None else ():
        each()


def _forbid_storing(response: BaseResponse) -> BaseResponse:
    response.headers["Cache-Control"] = "no-store"
    # The callback's URL has a code in it, which other sites must not learn.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
