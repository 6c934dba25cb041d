"""Starts logins."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from auth0_server_python.auth_types import StartInteractiveLoginOptions
from flask import request
from werkzeug.wrappers import Response

from ..app_state import AppState, current_state
from ..client.state_parameter import Relay, checked_app_state
from ..client.translation import translated
from ..config import RESERVED_PARAMETERS
from ..errors import Auth0Error, LoginFailed, log_event, log_failure
from ..runtime.request import current_request, this_app
from ..runtime.telemetry import traced
from ..signals import login_failed
from ..user import load_claims
from . import addresses, own_urls, repeated_logins
from .departures import lead_to
from .login_urls import offer_another_login
from .prefetches import answer_unasked
from .redirects import next_or_default

#: Parameters that ``/login`` hands on from its query to the authorization request.
PASSED_ON = (
    "acr_values",
    "connection",
    "display",
    "invitation",
    "login_hint",
    "max_age",
    "organization",
    "prompt",
    "screen_hint",
    "ui_locales",
)
#: Further parameters of a view, which override a key of the configuration.
_PER_LOGIN = {"scope", "audience", "organization"}


def answer() -> Response:
    """Begin a login; ``next`` is the path to come back to."""
    return start(request.args.get("next"), passed_on(request.args))


def start(
    target: str | None,
    parameters: Mapping[str, t.Any],
    *,
    app_state: Mapping[str, t.Any] | None = None,
    attempt: int = 0,
) -> Response:
    """Redirect to the tenant, to log in and come back to a page of this app.

    A prefetch starts no login.

    :param target: the page to come back to, if it is one of this app.
    :param app_state: data of the app's own, for its hooks after the login.
    :raises BadRequest: at a host that Flask does not trust.
    :raises TypeError: for a parameter that only the configuration may set.
    :raises TenantUnavailable: when the tenant is needed and does not answer.
    :raises LoginLoop: when the last logins did not last, or were not enough.
    """
    own_urls.require_host()
    unasked = answer_unasked(request)
    if unasked is not None:
        return unasked
    state = current_state()
    _refuse_reserved(parameters)
    own = checked_app_state(app_state or {})
    target = state.flows.page(target or own.get("next"))
    next_ = None if target == next_or_default(None, state.config) else target
    relay = Relay(next_, attempt, _asked_for(parameters), app_state=own)
    try:
        url = _authorization_url(state, target, parameters, relay)
    except Auth0Error as error:
        report(error, target, parameters)
        raise
    return lead_to(url)


def start_silently(page: str) -> Response:
    """Redirect to the tenant, which is to show nothing, and come back to a page.

    :param page: a page of this app.
    :raises Auth0Error: when the login cannot begin; nobody is told.
    """
    own_urls.require_host()
    state = current_state()
    parameters: dict[str, str | int] = {"prompt": "none"}
    relay = Relay(page, parameters=parameters, is_silent=True)
    target = state.flows.page(page)
    return lead_to(_authorization_url(state, target, parameters, relay))


def is_passed_on(name: str) -> bool:
    """Tell whether ``/login`` hands a parameter on to the authorization request."""
    return name in PASSED_ON or name.startswith("ext-")


def passed_on(query: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a query that make sense on ``/authorize``.

    A configured organization cannot be overridden.
    """
    parameters = {name: query[name] for name in query if is_passed_on(name)}
    if current_state().config.organization is not None:
        parameters.pop("organization", None)
    if not re.fullmatch("[0-9]{1,9}", parameters.get("max_age", "0")):
        raise LoginFailed("The parameter max_age must be a number of seconds.")
    return parameters


def _refuse_reserved(parameters: Mapping[str, t.Any]) -> None:
    reserved = parameters.keys() & (RESERVED_PARAMETERS.keys() - _PER_LOGIN)
    if reserved:
        names = ", ".join(sorted(reserved))
        raise TypeError(f"A login cannot be given {names}, which it decides itself.")


@traced("login")
def _authorization_url(
    state: AppState, target: str, parameters: Mapping[str, t.Any], relay: Relay
) -> str:
    """Begin a login, and return the URL at the tenant where it goes on."""
    current = current_request()
    addresses.tell(current, state)
    state.state_store.expect_available(current.app)
    purpose = repeated_logins.purpose_of(state, target, _asked_for(parameters))
    repeated_logins.check(current, state, purpose)
    always = state.config.authorization_params or {}
    departure = state.flows.departure(
        relay,
        load_claims(current, state),
        page=target,
        purpose=purpose,
        asked={**always, **parameters},
    )
    with translated():
        url = state.logins.start(current, _login_options(parameters), departure)
    # The tenant refuses an address on a page of its own, and tells nobody here.
    asked = {"redirect_uri": departure.redirect_uri, "endpoint": url.partition("?")[0]}
    log_event(current, "login_begun", event="login", **asked)
    return url


def _login_options(parameters: Mapping[str, t.Any]) -> StartInteractiveLoginOptions:
    parameters = dict(parameters)
    organization = parameters.pop("organization", None)
    invitation = parameters.pop("invitation", None)
    return StartInteractiveLoginOptions(
        authorization_params=parameters,
        organization=organization,
        invitation=invitation,
    )


def report(
    error: Auth0Error,
    target: str,
    parameters: Mapping[str, t.Any],
    *,
    is_refusal: bool = False,
) -> None:
    """Add links to the error of a login, send ``login_failed``, and log the error.

    :param parameters: the parameters of the login; those of ``/login`` are repeated.
    :param is_refusal: whether the app has refused the user.
    """
    asked = _asked_for(parameters)
    offer_another_login(error, target, asked, is_refusal=is_refusal)
    log_failure("login", error, reason="refused_by_app" if is_refusal else None)
    login_failed.send(this_app(), error=error)


def _asked_for(parameters: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the parameters of ``/login`` that repeat a login."""
    return {k: v for k, v in parameters.items() if v and is_passed_on(k)}
