"""Starting a login, and completing it at the callback."""

from __future__ import annotations

import re
import time
import typing as t
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from auth0_server_python.auth_types import StartInteractiveLoginOptions
from flask import (
    Flask,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from . import login_loop
from .errors import (
    Action,
    Auth0Error,
    AuthorizationFailed,
    LoginFailed,
    TenantError,
    log_failure,
)
from .redirects import next_or_default
from .registry import AppState, current_state
from .sdk_errors import translated
from .sessions.jar import is_strict
from .sessions.state import KEY
from .signals import login_failed, user_logged_in
from .store_options import store_options
from .user import load_user

#: What ``/login`` hands on from its query to the authorization request.
PASSED_ON = (
    "acr_values",
    "connection",
    "connection_scope",
    "display",
    "login_hint",
    "max_age",
    "prompt",
    "screen_hint",
    "ui_locales",
)
#: A longer ``next`` is in the transaction only, not in the ``state`` as well.
LONGEST_IN_STATE = 500
#: Seconds by which clocks may differ.
LEEWAY = 60


class Relay(t.NamedTuple):
    """What comes back with the ``state``, even where the transaction is gone."""

    next: str | None = None
    #: How many logins have come back without their transaction.
    attempt: int = 0


def start(
    target: str,
    parameters: Mapping[str, t.Any],
    *,
    app_state: t.Any = None,
    attempt: int = 0,
) -> Response:
    """Redirect to the tenant, to log in and come back to a path of this app.

    :raises TenantUnavailable: when the tenant is needed and does not answer.
    :raises LoginLoop: when logins do not last.
    """
    state = current_state()
    target = next_or_default(target, state.config)
    try:
        login_loop.check()
        options = _login_options(state, target, parameters, app_state)
        with translated():
            url = state.wait(state.client.start_interactive_login(options))
    except Auth0Error as error:
        raise _failed(error, target) from error
    return redirect(_authorization_url(state, url, Relay(target, attempt)))


def complete() -> Response:
    """Answer the tenant's redirect to the callback.

    :raises Auth0Error: when the login cannot go on; it offers the ways on.
    """
    if is_strict() and request.headers.get("Sec-Fetch-Site") == "cross-site":
        # The session of a visitor arrives with the next request, not with this one.
        return _continue_to(request.full_path)
    state = current_state()
    sdk_state, relay = _split_state(state, request.args.get("state", ""))
    target = next_or_default(relay.next, state.config)
    transaction = _transaction(state, sdk_state)
    if transaction is None:
        return _without_transaction(state, target, relay)
    target = next_or_default(transaction["next"], state.config)
    try:
        user = _finish(state, sdk_state, transaction["max_age"])
    except Auth0Error as error:
        raise _failed(error, target) from error
    login_loop.note_login(state, transaction["max_age"])
    try:
        user_logged_in.send(_app(), user=user)
    except Exception:
        # A receiver that raises refuses the login.
        _end_session(state)
        raise
    return _continue_to(target)


def passed_on(query: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a query that make sense on ``/authorize``.

    Nobody may choose another organization than the one that is configured.
    """
    names = [name for name in query if name in PASSED_ON or name.startswith("ext-")]
    parameters: dict[str, t.Any] = {name: query[name] for name in names}
    if current_state().config.organization is None:
        parameters["organization"] = query.get("organization")
    parameters["invitation"] = query.get("invitation")
    if not re.fullmatch("[0-9]{1,9}", parameters.get("max_age", "0")):
        raise LoginFailed("The parameter max_age must be a number of seconds.")
    return parameters


def _login_options(
    state: AppState, target: str, parameters: Mapping[str, t.Any], app_state: t.Any
) -> StartInteractiveLoginOptions:
    parameters = dict(parameters)
    organization = parameters.pop("organization", None)
    invitation = parameters.pop("invitation", None)
    parameters["redirect_uri"] = callback_url(state)
    always = state.config.authorization_params or {}
    max_age = parameters.get("max_age", always.get("max_age"))
    remembered = {
        "next": target,
        "app_state": app_state,
        "max_age": None if max_age is None else int(max_age),
    }
    return StartInteractiveLoginOptions(
        app_state=remembered,
        authorization_params=parameters,
        organization=organization,
        invitation=invitation,
    )


def callback_url(state: AppState) -> str:
    """Return the URL that the tenant sends the browser back to."""
    return state.config.redirect_uri or url_for("auth0.callback", _external=True)


def _authorization_url(state: AppState, url: str, relay: Relay) -> str:
    """Add a ``nonce``, which the SDK does not send, and what ``state`` brings back."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    sdk_state = query["state"]
    query["nonce"] = state.sealer.tag(f"nonce {sdk_state}")
    if relay != Relay(next_or_default(None, state.config)):
        short = len(relay.next or "") <= LONGEST_IN_STATE
        relay = relay if short else Relay(None, relay.attempt)
        query["state"] += "." + state.sealer.seal(list(relay), f"relay {sdk_state}")
    return parts._replace(query=urlencode(query)).geturl()


def _split_state(state: AppState, value: str) -> tuple[str, Relay]:
    sdk_state, _, sealed = value.partition(".")
    opened = state.sealer.open(sealed, f"relay {sdk_state}") if sealed else None
    return sdk_state, Relay(*opened) if opened else Relay()


def _transaction(state: AppState, sdk_state: str) -> dict[str, t.Any] | None:
    with translated():
        found = state.wait(
            state.transaction_store.get(_key(sdk_state), store_options())
        )
    if not found:
        return None
    remembered = getattr(found, "app_state", None) or {}
    return {"next": None, "max_age": None, **remembered}


def _without_transaction(state: AppState, target: str, relay: Relay) -> Response:
    """Go on from a callback whose login this browser does not know, or no longer."""
    if load_user():
        return redirect(target)
    if not request.args.get("code") or not request.args.get("state"):
        error = LoginFailed("This is the end of a login that did not begin here.")
    elif relay.attempt == 0:
        login_loop.note_login(state, None)
        return start(target, {}, attempt=1)
    else:
        error = LoginFailed(
            "Your browser did not send back the cookie that a login needs. Allow "
            "cookies for this site, then try again.",
            error="cookies_refused",
            remedy=login_loop.why_no_cookies(callback_url(state)),
        )
    raise _failed(error, target)


def _finish(state: AppState, sdk_state: str, max_age: t.Any) -> dict[str, t.Any]:
    """Exchange the code, and keep the session if it is the one that was asked for."""
    try:
        _refuse_error()
        user = _exchange(state, sdk_state)
    finally:
        # The SDK leaves the transaction of a failed login behind.
        state.wait(state.transaction_store.delete(_key(sdk_state), store_options()))
    try:
        _check_nonce(state, sdk_state, user)
        _check_age(max_age, user)
    except Auth0Error:
        _end_session(state)
        raise
    return user


def _end_session(state: AppState) -> None:
    state.wait(state.state_store.delete(KEY, store_options()))


def _refuse_error() -> None:
    """Raise the error that the tenant answered with (RFC 6749, section 4.1.2.1)."""
    error = request.args.get("error")
    if error is None:
        return
    status, description = _AUTHORIZATION_ERRORS.get(
        error, (400, AuthorizationFailed.description)
    )
    told = request.args.get("error_description", "")[:300]
    said = f"The login service said: {told}" if told else ""
    known = error if re.fullmatch("[a-z_]{1,64}", error) else "unknown_error"
    failed = AuthorizationFailed(f"{description} {said}".strip(), error=known)
    failed.code = status
    raise failed


def _exchange(state: AppState, sdk_state: str) -> dict[str, t.Any]:
    if not request.args.get("code"):
        raise LoginFailed("The login came back without a code.")
    query = urlencode({**request.args, "state": sdk_state})
    with translated():
        completing = state.client.complete_interactive_login(
            f"{request.base_url}?{query}"
        )
        result = state.wait(completing)
    return t.cast("dict[str, t.Any]", result["state_data"]["user"])


def _check_nonce(state: AppState, sdk_state: str, user: Mapping[str, t.Any]) -> None:
    """Refuse an ID token made for another login (OpenID Connect Core, 3.1.3.7)."""
    if not state.sealer.has_tag(f"nonce {sdk_state}", str(user.get("nonce"))):
        raise TenantError(remedy="The ID token's nonce is not the one of this login.")


def _check_age(max_age: t.Any, user: Mapping[str, t.Any]) -> None:
    """Refuse a login that is older than was asked for with ``max_age``."""
    if max_age is None:
        return
    auth_time = user.get("auth_time")
    if not isinstance(auth_time, int) or time.time() - auth_time > max_age + LEEWAY:
        raise AuthorizationFailed(
            "You need to log in anew to go on.", error="login_required"
        )


def _failed(error: Auth0Error, target: str) -> Auth0Error:
    """Offer to try again and to go home, and tell the app and its operator."""
    again = url_for("auth0.login", next=target) if _has_login_route() else target
    home = request.script_root + "/"
    error.actions = [Action("Try again", again), Action("Go to the start page", home)]
    log_failure("A login failed", error)
    login_failed.send(_app(), error=error)
    return error


def _continue_to(target: str) -> Response:
    """Send the browser on with its new cookies.

    A ``SameSite=Strict`` cookie is not sent along a redirect that began at the tenant,
    so there the browser goes on from a page of this app.
    """
    if not is_strict():
        return redirect(target)
    return make_response(render_template("flask_auth0/continue.html", target=target))


def _has_login_route() -> bool:
    return "auth0.login" in current_state().routes


def _key(sdk_state: str) -> str:
    """Return the identifier under which the SDK keeps a transaction."""
    return f"_a0_tx:{sdk_state}"


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined, no-any-return]


_AUTHORIZATION_ERRORS = {
    "access_denied": (403, "The login was cancelled or refused."),
    "login_required": (401, "You are not logged in at the login service."),
    "interaction_required": (401, "The login service needs to ask you something."),
    "consent_required": (401, "You have not agreed to share your data with this app."),
    "account_selection_required": (401, "Please choose an account to log in with."),
    "server_error": (503, "The login service has a problem."),
    "temporarily_unavailable": (503, "The login service is busy."),
}
