"""Completing a login, when the tenant sends the browser back."""

from __future__ import annotations

import re
import time
import typing as t
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlencode

from flask import current_app, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from ..app_state import AppState, current_state
from ..client import repeated_callbacks
from ..client.repeated_callbacks import Callback, Turn
from ..client.store_options import store_options
from ..client.translation import translated
from ..errors import Auth0Error, AuthorizationFailed, LoginFailed
from ..runtime import app_functions
from ..runtime.cookies import is_strict
from ..runtime.request import CurrentRequest, current_request
from ..sessions.cookies.host_prefix import transaction_name
from ..sessions.cookies.transactions import TRANSACTION_KEY, CookieTransactionStore
from ..sessions.hidden_tokens import with_hidden_tokens
from ..sessions.hooks import failure_of_hook
from ..sessions.lifetime import CLOCK_LEEWAY
from ..sessions.shapes import is_moment
from ..sessions.storage_contract import KEY
from ..signals import user_logged_in
from ..user import load_user
from . import browser_binding, login, own_urls, repeated_logins, state_parameter
from .authorization_response import content, refuse_other_issuer, refuse_repeated
from .redirects import next_or_default
from .state_parameter import Relay

#: What the tenant may answer instead of a code (RFC 6749, section 4.1.2.1, and OpenID
#: Connect Core, section 3.1.2.6).
AUTHORIZATION_ERRORS = {
    "access_denied": (403, "The login was cancelled or refused."),
    "login_required": (401, "You are not logged in at the login service."),
    "interaction_required": (401, "The login service needs to ask you something."),
    "consent_required": (401, "You have not agreed to share your data with this app."),
    "account_selection_required": (401, "Please choose an account to log in with."),
    "server_error": (503, "The login service has a problem."),
    "temporarily_unavailable": (503, "The login service is busy."),
}

#: Logins that may start again because their transaction is gone.
MOST_ATTEMPTS = 3


@dataclass(frozen=True)
class _Login:
    """A login that has come back to the browser in which it began."""

    #: The SDK's part of its ``state``.
    name: str
    #: Whether the whole ``state`` is the one that was sent.
    is_whole: bool
    relayed: Relay
    #: What the transaction remembers.
    remembered: Mapping[str, t.Any]
    #: The path that it leads to.
    target: str


def complete() -> Response:
    """Answer the tenant's redirect to the callback.

    :raises Auth0Error: when the login cannot go on; it offers the ways on.
    """
    current = current_request()
    if is_strict(current.app) and request.headers.get("Sec-Fetch-Site") == "cross-site":
        # The session of a visitor arrives with the next request, not with this one.
        query = request.query_string.decode("ascii", "replace")
        return _continue_to(current, f"{own_urls.current_path()}?{query}")
    state = current_state()
    _refuse_repeated(state)
    name, known = state_parameter.split(request.args.get("state", ""), state.sealer)
    login_ = _returned(current, state, name, known)
    if login_ is None:
        return _without_transaction(current, state, known)
    with _failures_reported(login_):
        turn = _begin(current, state, login_)
        if isinstance(turn, Turn):
            user = _log_in(current, state, login_, turn)
    if isinstance(turn, Callback):
        return _repeat(current, state, login_, turn)
    return _welcome(current, state, login_, user)


def _returned(
    current: CurrentRequest, state: AppState, name: str, known: Relay | None
) -> _Login | None:
    """Return the login, if it has come back to where it began.

    :param known: what came back with a ``state`` that this app has made.
    """
    remembered = _transaction(current, state, name)
    if remembered is None:
        return None
    if not browser_binding.belongs_here(state, remembered["session"]):
        _forget_transaction(current, state, name)
        return None
    target = next_or_default(remembered["next"], state.config)
    return _Login(name, known is not None, known or Relay(), remembered, target)


@contextmanager
def _failures_reported(login_: _Login) -> Iterator[None]:
    try:
        yield
    except Auth0Error as error:
        is_refusal = failure_of_hook(error) is not None
        again = _again(login_.relayed)
        login.report(error, login_.target, again, is_refusal=is_refusal)
        raise


def _begin(current: CurrentRequest, state: AppState, login_: _Login) -> Turn | Callback:
    """Wait for a turn to complete a login; return what another request made of it."""
    place = state.state_store.meeting_point(current.app)
    return state.callback_answers.begin(current, content(), login_.target, place)


def _repeat(
    current: CurrentRequest, state: AppState, login_: _Login, before: Callback
) -> Response:
    """Answer as another request did, which this browser has sent as well.

    Whoever has the cookie is that browser. A store of the app's own may show a
    transaction to others.
    """
    is_theirs = type(state.transaction_store) is CookieTransactionStore
    if before.answer is not None and is_theirs:
        return repeated_callbacks.repeat(current, before.answer)
    _forget_transaction(current, state, login_.name)
    known = login_.relayed if login_.is_whole else None
    return _without_transaction(current, state, known)


def _log_in(
    current: CurrentRequest, state: AppState, login_: _Login, turn: Turn
) -> dict[str, t.Any]:
    """Log the user in, where that can be done now."""
    # Without it the code would be spent for nothing.
    state.state_store.require_available(current.app)
    # And without the tenant, the login would be lost that can be completed soon.
    state.client.transports.breaker.require_closed()
    turn.spend()
    with _under_way(current, state, login_):
        return _finish(current, state, login_.name, is_whole=login_.is_whole)


def _welcome(
    current: CurrentRequest, state: AppState, login_: _Login, user: dict[str, t.Any]
) -> Response:
    """Tell the app who has logged in, and send the browser on."""
    names = ("purpose", "max_age", "organization", "begun_at")
    repeated_logins.note_login(**{name: login_.remembered[name] for name in names})
    asked_for = {"max_age": login_.remembered["max_age"], "next": login_.target}
    try:
        answer = _after_login(state, {**login_.relayed.parameters, **asked_for})
        user_logged_in.send(current.app, user=_kept_claims(user))
    except Exception as error:
        # Whoever raises refuses the login.
        repeated_logins.forget()
        _end_session(current, state)
        if isinstance(error, Auth0Error) and not error.actions:
            again = _again(login_.relayed)
            login.report(error, login_.target, again, is_refusal=True)
        raise
    return _continue_to(current, login_.target) if answer is None else answer


def _after_login(state: AppState, asked_for: Mapping[str, t.Any]) -> Response | None:
    """Call the app's hooks, and return the first response that one of them has."""
    known = {name: value for name, value in asked_for.items() if value is not None}
    for hook in state.hooks.after_login:
        # An earlier one may have changed it.
        with translated():
            session = with_hidden_tokens(state.wait(state.client.get_session()))
        user = MappingProxyType(session.get("user") or {})
        shown = MappingProxyType({**session, "user": user})
        answer = app_functions.call(hook, shown, MappingProxyType(known))
        if answer is not None:
            return t.cast(Response, current_app.make_response(answer))
    return None


def _kept_claims(user: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the claims as the app's hooks have left them."""
    kept = {name: value for name, value in load_user().items() if value is not None}
    return kept or user


def _transaction(
    current: CurrentRequest, state: AppState, sdk_state: str
) -> dict[str, t.Any] | None:
    store, key = state.transaction_store, _key(sdk_state)
    found: t.Any
    if type(store) is CookieTransactionStore:
        found = store.find(current.jar, key)
    else:
        with translated():
            found = state.wait(store.get(key, store_options(current)))
    if not found:
        return None
    remembered = _remembered(getattr(found, "app_state", None) or {})
    if remembered is not None:
        # What the SDK has asked for and checks, from whoever it comes.
        remembered["organization"] = getattr(found, "organization", None)
    return remembered


def _remembered(app_state: t.Any) -> dict[str, t.Any] | None:
    """Return what is remembered, unless this version would not remember that."""
    if not isinstance(app_state, dict):
        return None
    names = ("next", "purpose", "max_age", "begun_at", "organization", "session")
    remembered = {**dict.fromkeys(names), **app_state}
    known = isinstance(remembered["next"], str | None)
    known = known and isinstance(remembered["purpose"], str | None)
    known = known and isinstance(remembered["max_age"], int | None)
    known = known and isinstance(remembered["session"], str | None)
    begun_at = remembered["begun_at"]
    return remembered if known and (begun_at is None or is_moment(begun_at)) else None


def _without_transaction(
    current: CurrentRequest, state: AppState, known: Relay | None
) -> Response:
    """Go on from a callback whose login this browser does not know, or no longer.

    :param known: what came back with a ``state`` that this app has made.
    """
    relayed = known or Relay()
    target = next_or_default(relayed.next, state.config)
    if load_user():
        return redirect(target, 302)
    if not request.args.get("code") or not request.args.get("state"):
        error = LoginFailed("This is the end of a login that did not begin here.")
    elif _may_start_again(current, state, relayed):
        if known is None:
            # Whoever loses what was relayed would send the browser round for ever.
            repeated_logins.note_login()
        if type(state.transaction_store) is CookieTransactionStore:
            state.transaction_store.give_up_newest(current.jar)
        return login.start(target, _again(relayed), attempt=relayed.attempt + 1)
    else:
        error = LoginFailed(
            "Your browser did not send back the cookie that a login needs. Allow "
            "cookies for this site, then try again.",
            error="cookies_refused",
            remedy=repeated_logins.why_no_cookies(own_urls.callback_url()),
        )
    login.report(error, target, _again(relayed))
    raise error


def _may_start_again(current: CurrentRequest, state: AppState, relayed: Relay) -> bool:
    """Tell whether one more login may come back with its transaction.

    It may where there are those of other tabs, which have taken its place.
    """
    names = current.jar.names(transaction_name(current.jar, state.config))
    has_others = bool(names)
    return relayed.attempt == 0 or (has_others and relayed.attempt < MOST_ATTEMPTS)


def _again(relayed: Relay) -> dict[str, t.Any]:
    """Return what a login is asked for once more: a ticket is good once."""
    return {k: v for k, v in relayed.parameters.items() if k != "invitation"}


def _refuse_repeated(state: AppState) -> None:
    try:
        refuse_repeated()
    except LoginFailed as error:
        login.report(error, next_or_default(None, state.config), {})
        raise


@contextmanager
def _under_way(
    current: CurrentRequest, state: AppState, login_: _Login
) -> Iterator[None]:
    """Accept, until the end, the ID token of this login alone."""

    def check(claims: Mapping[str, t.Any]) -> None:
        state_parameter.check_nonce(login_.name, claims, state.sealer)
        _check_age(login_.remembered["max_age"], claims)

    current.login_begun_at = login_.remembered["begun_at"]
    current.check_id_token = check
    try:
        yield
    finally:
        current.check_id_token = None


def _finish(
    current: CurrentRequest, state: AppState, sdk_state: str, *, is_whole: bool
) -> dict[str, t.Any]:
    """Exchange the code, and keep the session if it is the one that was asked for.

    :param is_whole: whether the whole ``state`` is the one that was sent.
    """
    try:
        if not is_whole:
            raise LoginFailed("The login came back with the state of another one.")
        refuse_other_issuer(state)
        _refuse_error()
        user = _exchange(current, state, sdk_state)
    except Exception as error:
        # The SDK leaves the transaction of a failed login behind.
        _forget_transaction(current, state, sdk_state)
        if failure_of_hook(error) is not None:
            # Who was logged in before is not who wanted to be.
            _end_session(current, state)
        raise
    return user


def _forget_transaction(
    current: CurrentRequest, state: AppState, sdk_state: str
) -> None:
    with translated():
        key, options = _key(sdk_state), store_options(current)
        state.wait(state.transaction_store.delete(key, options))


def _end_session(current: CurrentRequest, state: AppState) -> None:
    with translated():
        state.wait(state.state_store.delete(KEY, store_options(current)))


def _refuse_error() -> None:
    """Raise the error that the tenant answered with (RFC 6749, section 4.1.2.1)."""
    error = request.args.get("error")
    if error is None:
        return
    status, description = AUTHORIZATION_ERRORS.get(
        error, (400, AuthorizationFailed.description)
    )
    told = request.args.get("error_description", "")[:300]
    said = f"The login service said: {told}" if told else ""
    known = error if re.fullmatch("[a-z_]{1,64}", error) else "unknown_error"
    said = f"{description} {said}".strip()
    raise AuthorizationFailed(said, code=status, error=known)


def _exchange(
    current: CurrentRequest, state: AppState, sdk_state: str
) -> dict[str, t.Any]:
    if not request.args.get("code"):
        raise LoginFailed("The login came back without a code.")
    with translated():
        result = state.logins.complete(current, _callback_url(sdk_state))
    user = result["state_data"]["user"]
    # A claim that was not issued is none, though the SDK's model has a place for it.
    return {name: value for name, value in user.items() if value is not None}


def _callback_url(sdk_state: str) -> str:
    query = urlencode({**request.args, "state": sdk_state})
    return f"{own_urls.origin()}{own_urls.current_path()}?{query}"


def _check_age(max_age: t.Any, user: Mapping[str, t.Any]) -> None:
    """Refuse a login that is older than was asked for with ``max_age``."""
    if max_age is None:
        return
    auth_time: t.Any = user.get("auth_time")
    if not is_moment(auth_time) or time.time() - auth_time > max_age + CLOCK_LEEWAY:
        raise AuthorizationFailed(
            "You need to log in anew to go on.",
            error="login_required",
            remedy="The ID token has no auth_time within the max_age of this login.",
        )


def _continue_to(current: CurrentRequest, target: str) -> Response:
    """Send the browser on with its new cookies.

    A ``SameSite=Strict`` cookie is not sent along a redirect that began at the tenant,
    so there the browser goes on from a page of this app.
    """
    if not is_strict(current.app):
        return redirect(target, 302)
    return make_response(render_template("flask_auth0/continue.html", target=target))


def _key(sdk_state: str) -> str:
    """Return the identifier under which the SDK keeps a transaction."""
    return f"{TRANSACTION_KEY}:{sdk_state}"
