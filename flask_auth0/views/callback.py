"""Completing a login, when the tenant sends the browser back."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlencode

from flask import current_app, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from ..app_state import AppState, current_state
from ..client import repeated_callbacks
from ..client.dispatch import store_options
from ..client.repeated_callbacks import Callback, Completion
from ..client.translation import failure_of_hook, translated
from ..errors import Auth0Error, AuthorizationFailed, LoginFailed
from ..runtime import app_functions
from ..runtime.request import CurrentRequest, current_request
from ..sessions.hidden_tokens import with_hidden_tokens
from ..sessions.lifetime import CLOCK_LEEWAY
from ..sessions.shapes import is_moment, without_none
from ..sessions.storage_contract import KEY
from ..signals import user_logged_in
from ..user import load_claims
from . import login, own_urls, remembered_logins, repeated_logins, state_parameter
from .authorization_response import check_response
from .lost_transactions import again, go_on_without_transaction
from .redirects import next_or_default
from .remembered_logins import Remembered
from .state_parameter import Relay

#: Parameters that a response may have once (RFC 6749, section 3.1).
_PARAMETERS = ("code", "state", "iss", "error", "error_description")


@dataclass(frozen=True)
class _Login:
    """A login that has come back to the browser in which it began."""

    #: The SDK's part of its ``state``.
    name: str
    #: Whether the whole ``state`` is the one that was sent.
    is_whole: bool
    relayed: Relay
    remembered: Remembered
    #: The page that the login leads to.
    target: str


def complete() -> Response:
    """Answer the tenant's redirect to the callback.

    :raises Auth0Error: when the login cannot go on; it offers the ways on.
    """
    current = current_request()
    if current.jar.is_strict and request.headers.get("Sec-Fetch-Site") == "cross-site":
        # A ``SameSite=Strict`` session comes with the next request, not with this one.
        query = request.query_string.decode("ascii", "replace")
        return _continue_to(current, f"{own_urls.current_path()}?{query}")
    state = current_state()
    said = _content(state)
    name, known = state_parameter.split(request.args.get("state", ""), state.sealer)
    login_ = _returned(current, state, name, known)
    if login_ is None:
        return go_on_without_transaction(current, state, known)
    return _answer(current, state, login_, said)


def _returned(
    current: CurrentRequest, state: AppState, name: str, known: Relay | None
) -> _Login | None:
    """Return the login, if it has come back to the browser in which it began.

    :param known: the relayed data of a ``state`` that this app has made.
    """
    remembered = remembered_logins.find(current, state, name)
    if remembered is None:
        return None
    target = next_or_default(remembered.next, state.config)
    return _Login(name, known is not None, known or Relay(), remembered, target)


def _answer(
    current: CurrentRequest, state: AppState, login_: _Login, said: str
) -> Response:
    """Complete a login, or answer as another request has that completed it."""
    place = state.state_store.meeting_point(current.app)
    try:
        begun = state.callback_answers.begin(current, said, login_.target, place)
        if isinstance(begun, Completion):
            user = _log_in(current, state, login_, begun)
    except Auth0Error as error:
        is_refusal = failure_of_hook(error) is not None
        asked = again(login_.relayed)
        login.report(error, login_.target, asked, is_refusal=is_refusal)
        raise
    if isinstance(begun, Callback):
        return _repeat(current, state, login_, begun)
    return _welcome(current, state, login_, user)


def _repeat(
    current: CurrentRequest, state: AppState, login_: _Login, before: Callback
) -> Response:
    """Answer a repeated callback like the first one of this browser.

    With a store of the app's own, other browsers may have access to the transaction.
    """
    if before.answer is not None and state.transaction_store.is_private:
        return repeated_callbacks.repeat(current, before.answer)
    remembered_logins.forget(current, state, login_.name)
    known = login_.relayed if login_.is_whole else None
    return go_on_without_transaction(current, state, known)


def _log_in(
    current: CurrentRequest, state: AppState, login_: _Login, completion: Completion
) -> dict[str, t.Any]:
    """Log the user in, if the session's back end and the tenant answer."""
    # While its code is not spent, the login can be completed later.
    state.client.transports.breaker.require_closed()
    # This writes to the back end of sessions, if there is one: a code is not spent on a
    # session that cannot be kept.
    completion.spend()
    current.login_begun_at = login_.remembered.begun_at
    try:
        if not login_.is_whole:
            raise LoginFailed("The login came back with the state of another one.")
        check_response(state)
        return _exchange(state, login_)
    except Exception as error:
        # The SDK deletes the transaction of a login only if that succeeds.
        remembered_logins.forget(current, state, login_.name)
        if failure_of_hook(error) is not None:
            # The user asked for another login, so the session before must not go on.
            _end_session(current, state)
        raise


def _welcome(
    current: CurrentRequest, state: AppState, login_: _Login, user: dict[str, t.Any]
) -> Response:
    """Tell the app who has logged in, and send the browser on."""
    claims = load_claims(current, state) or {}
    repeated_logins.note_login(current, state, claims.get("sub"), login_.remembered)
    answer = None
    try:
        if state.hooks.after_login:
            answer = _after_login(state, login_)
            # A hook may have changed the claims.
            claims = load_claims(current, state) or {}
        user_logged_in.send(current.app, user=without_none(claims or user))
    except Exception as error:
        # An error of a hook or a receiver refuses the login.
        repeated_logins.forget(current)
        _end_session(current, state)
        if isinstance(error, Auth0Error) and not error.actions:
            asked = again(login_.relayed)
            login.report(error, login_.target, asked, is_refusal=True)
        raise
    return _continue_to(current, login_.target) if answer is None else answer


def _after_login(state: AppState, login_: _Login) -> Response | None:
    """Call the app's hooks, and return the first response of one."""
    asked_for = {"max_age": login_.remembered.max_age, "next": login_.target}
    known = MappingProxyType(without_none({**login_.relayed.parameters, **asked_for}))
    for hook in state.hooks.after_login:
        # Each hook gets the session anew, since an earlier one may have changed it.
        with translated():
            session = with_hidden_tokens(state.wait(state.client.get_session()))
        user = MappingProxyType(session.get("user") or {})
        shown = MappingProxyType({**session, "user": user})
        answer = app_functions.call(hook, shown, known)
        if answer is not None:
            return t.cast(Response, current_app.make_response(answer))
    return None


def _content(state: AppState) -> str:
    """Return the parameters of the response, by which a repeated one is recognized.

    :raises LoginFailed: for a parameter that is there twice, with perhaps two values.
    """
    repeated = [name for name in _PARAMETERS if len(request.args.getlist(name)) > 1]
    if repeated:
        error = LoginFailed(f"The login came back with more than one {repeated[0]}.")
        login.report(error, next_or_default(None, state.config), {})
        raise error
    return json.dumps([request.args.get(name) for name in _PARAMETERS])


def _end_session(current: CurrentRequest, state: AppState) -> None:
    with translated():
        state.wait(state.state_store.delete(KEY, store_options(current)))


def _exchange(state: AppState, login_: _Login) -> dict[str, t.Any]:
    """Exchange the code, and keep the session if the ID token is this login's."""

    def check(claims: Mapping[str, t.Any]) -> None:
        state_parameter.check_nonce(login_.name, claims, state.sealer)
        _check_age(login_.remembered.max_age, claims, state.clock.time())

    if not request.args.get("code"):
        raise LoginFailed("The login came back without a code.")
    # The SDK reads nothing of the URL but its query.
    query = urlencode({**request.args, "state": login_.name})
    with translated():
        result = state.logins.complete(f"{request.base_url}?{query}", check)
    user: dict[str, t.Any] = result["state_data"]["user"]
    return user


def _check_age(max_age: t.Any, user: Mapping[str, t.Any], now: float) -> None:
    """Refuse a login that is older than ``max_age`` (OpenID Connect Core, 3.1.2.1)."""
    if max_age is None:
        return
    auth_time: t.Any = user.get("auth_time")
    if not is_moment(auth_time) or now - auth_time > max_age + CLOCK_LEEWAY:
        raise AuthorizationFailed(
            "You need to log in anew to go on.",
            error="login_required",
            remedy="The ID token has no auth_time within the max_age of this login.",
        )


def _continue_to(current: CurrentRequest, target: str) -> Response:
    """Send the browser on with its new cookies.

    Browsers withhold ``SameSite=Strict`` cookies from a redirect that began at the
    tenant. With such cookies, a page of this app leads on.
    """
    if not current.jar.is_strict:
        return redirect(target, 302)
    return make_response(render_template("flask_auth0/continue.html", target=target))
