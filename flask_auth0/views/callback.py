"""Completing a login, or another flow, when the tenant sends the browser back."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlencode

from flask import current_app, make_response, redirect, render_template, request
from msgspec import Struct
from werkzeug.wrappers import Response

from ..app_state import AppState, current_state
from ..client import repeated_callbacks, state_parameter
from ..client.dispatch import store_options
from ..client.repeated_callbacks import Callback, Completion
from ..client.state_parameter import Relay
from ..client.translation import failure_of_hook, translated
from ..errors import Auth0Error, LoginFailed, log_event
from ..pages import Text
from ..runtime import app_functions
from ..runtime.request import CurrentRequest, current_request
from ..runtime.telemetry import traced
from ..sessions.flows import Flow
from ..sessions.hidden_tokens import with_hidden_tokens
from ..sessions.shapes import without_none
from ..sessions.storage_contract import KEY
from ..signals import user_logged_in
from ..user import load_claims
from . import (
    account_changes,
    kept_forms,
    login,
    own_urls,
    remembered_logins,
    repeated_logins,
)
from .authorization_response import check_response
from .login_urls import MUST_ASK
from .lost_transactions import again, go_on_without_transaction
from .redirects import next_or_default
from .refused_forms import told_what_was_lost

#: Parameters that a response may have once (RFC 6749, section 3.1).
_PARAMETERS = ("code", "connect_code", "state", "iss", "error", "error_description")


class _Returned(Struct, frozen=True):
    """A flow that has come back to the browser in which it began."""

    #: The SDK's part of its ``state``.
    name: str
    #: Whether the whole ``state`` is the one that was sent.
    is_whole: bool
    relayed: Relay
    flow: Flow
    #: The page that the flow leads to.
    target: str

    @property
    def is_login(self) -> bool:
        """Whether the flow logs somebody in."""
        return self.flow.kind == "login"


@traced("callback")
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
    returned = _returned(current, state, name, known)
    if returned is None:
        return go_on_without_transaction(current, state, known)
    try:
        return _answer(current, state, returned, said)
    except Auth0Error:
        if not returned.relayed.is_silent:
            raise
        # The page is public: who is not logged in sees it as well.
        return _continue_to(current, returned.target)


def _returned(
    current: CurrentRequest, state: AppState, name: str, known: Relay | None
) -> _Returned | None:
    """Return the flow, if it has come back to the browser in which it began.

    :param known: the relayed data of a ``state`` that this app has made.
    """
    flow = remembered_logins.find(current, state, name)
    if flow is None:
        return None
    target = next_or_default(flow.next, state.config)
    return _Returned(name, known is not None, known or Relay(), flow, target)


def _answer(
    current: CurrentRequest, state: AppState, returned: _Returned, said: str
) -> Response:
    """Complete a flow, or answer as another request has that completed it."""
    place = state.state_store.meeting_point(current.app)
    try:
        begun = state.callback_answers.begin(current, said, returned.target, place)
        if isinstance(begun, Completion):
            result = _complete(current, state, returned, begun.callback)
    except Auth0Error as error:
        _report(error, returned)
        raise
    if isinstance(begun, Callback):
        return _repeat(current, state, returned, begun)
    if returned.is_login:
        return _welcome(current, state, returned, result or {})
    account_changes.announce(current, returned.flow, result)
    return _continue_to(current, returned.target)


def _report(error: Auth0Error, returned: _Returned) -> None:
    if returned.relayed.is_silent and error.error in MUST_ASK:
        # That nobody is logged in there is an answer, and no failure.
        return
    if returned.is_login:
        is_refusal = failure_of_hook(error) is not None
        asked = again(returned.relayed)
        login.report(error, returned.target, asked, is_refusal=is_refusal)
    else:
        account_changes.report(error, returned.target)


def _repeat(
    current: CurrentRequest, state: AppState, returned: _Returned, before: Callback
) -> Response:
    """Answer a repeated callback like the first one of this browser.

    With a store of the app's own, other browsers may have access to the transaction.
    """
    if before.answer is not None and state.transaction_store.is_private:
        return repeated_callbacks.repeat(current, before.answer)
    remembered_logins.forget(current, state, returned.name)
    known = returned.relayed if returned.is_whole else None
    return go_on_without_transaction(current, state, known)


def _complete(
    current: CurrentRequest,
    state: AppState,
    returned: _Returned,
    callback: Callback,
) -> dict[str, t.Any] | None:
    """Complete a flow, if the session's back end and the tenant answer.

    :return: the claims of who has logged in, or the account that was connected.
    """
    domain = state.domains.fixed or state.domains.of(current)
    if state.domains.fixed is None:
        state.domains.require(returned.flow.domain, current)
    # While its code is not spent, the flow can be completed later.
    with state.client.place_for_code(domain) as metadata:
        callback.is_spent = True
        return _spend(current, state, returned, callback, domain, metadata or {})


def _spend(
    current: CurrentRequest,
    state: AppState,
    returned: _Returned,
    callback: Callback,
    domain: str,
    metadata: Mapping[str, t.Any],
) -> dict[str, t.Any] | None:
    """Complete a flow with its code, and forget it if that fails.

    :param metadata: what is known of the tenant.
    """
    try:
        _check(state, returned, domain, metadata)
        # The SDK reads nothing of the URL but its query.
        query = urlencode({**request.args, "state": returned.name})
        url = f"{request.base_url}?{query}"
        if returned.is_login:
            return _log_in(current, state, returned.flow, url)
        return account_changes.complete(current, state, returned.flow, url)
    except Exception as error:
        if returned.is_login and state.client.has_sent_code_back(current, domain):
            callback.is_spent = False
            raise
        # The SDK deletes the transaction of a login only if that succeeds.
        remembered_logins.forget(current, state, returned.name)
        if failure_of_hook(error) is not None:
            # The user asked for another login, so the session before must not go on.
            _end_session(current, state)
        raise


def _welcome(
    current: CurrentRequest,
    state: AppState,
    returned: _Returned,
    user: dict[str, t.Any],
) -> Response:
    """Tell the app who has logged in, and send the browser on."""
    claims = load_claims(current, state) or {}
    repeated_logins.note_login(current, state, claims.get("sub"), returned.flow)
    answer = None
    try:
        if state.hooks.after_login:
            answer = _after_login(state, returned)
            # A hook may have changed the claims.
            claims = load_claims(current, state) or {}
        user_logged_in.send(current.app, user=without_none(claims or user))
        log_event(current, "logged_in", event="login", sub=(claims or user).get("sub"))
    except Exception as error:
        # An error of a hook or a receiver refuses the login.
        repeated_logins.forget(current)
        _end_session(current, state)
        if isinstance(error, Auth0Error) and not error.actions:
            asked = again(returned.relayed)
            login.report(error, returned.target, asked, is_refusal=True)
        raise
    if answer is None and kept_forms.has(current.jar):
        answer = told_what_was_lost(current, state, returned.target, claims.get("sub"))
    return _continue_to(current, returned.target) if answer is None else answer


def _after_login(state: AppState, returned: _Returned) -> Response | None:
    """Call the app's hooks, and return the first response of one."""
    known = _known(returned)
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


def _known(returned: _Returned) -> Mapping[str, t.Any]:
    """Return what a login was asked for, and the app's own state."""
    relayed, flow = returned.relayed, returned.flow
    own = flow.app_state if isinstance(flow.app_state, Mapping) else {}
    asked_for = {"max_age": flow.max_age, "next": returned.target}
    known = {**relayed.parameters, **relayed.app_state, **own, **asked_for}
    return MappingProxyType(without_none(known))


def _content(state: AppState) -> str:
    """Return the parameters of the response, by which a repeated one is recognized.

    :raises LoginFailed: for a parameter that is there twice, with perhaps two values.
    """
    found = {name: request.args.getlist(name) for name in _PARAMETERS}
    repeated = [name for name, values in found.items() if len(values) > 1]
    if repeated:
        error = LoginFailed(
            Text(
                "The login came back with more than one {parameter}.",
                parameter=repeated[0],
            )
        )
        login.report(error, next_or_default(None, state.config), {})
        raise error
    said = [values[0] if values else None for values in found.values()]
    if state.domains.fixed is None:
        said.append(state.domains.of(current_request()))
    return json.dumps(said)


def _end_session(current: CurrentRequest, state: AppState) -> None:
    with translated():
        state.wait(state.state_store.delete(KEY, store_options(current)))


def _check(
    state: AppState, returned: _Returned, domain: str, metadata: Mapping[str, t.Any]
) -> None:
    """Refuse a response of another flow or tenant, or one that is an error.

    :raises LoginFailed: with the reason, or :class:`.AccountUnchanged`.
    """
    try:
        if not returned.is_whole:
            raise LoginFailed(
                Text("The login came back with the state of another one.")
            )
        check_response(state.config, domain, metadata)
    except LoginFailed as error:
        if returned.is_login:
            raise
        raise account_changes.unchanged(returned.flow, error) from error


def _log_in(
    current: CurrentRequest, state: AppState, flow: Flow, url: str
) -> dict[str, t.Any]:
    """Exchange the code, and keep the session if the ID token is this login's."""
    if not request.args.get("code"):
        raise LoginFailed(Text("The login came back without a code."))
    current.login_begun_at = flow.begun_at
    with translated():
        arrival = state.flows.arrival(flow, None)
        result = state.logins.complete(current, url, arrival)
    user: dict[str, t.Any] = result["state_data"]["user"]
    return user


def _continue_to(current: CurrentRequest, target: str) -> Response:
    """Send the browser on with its new cookies.

    Browsers withhold ``SameSite=Strict`` cookies from a redirect that began at the
    tenant. With such cookies, a page of this app leads on.
    """
    if not current.jar.is_strict:
        return redirect(target, 302)
    return make_response(render_template("flask_auth0/continue.html", target=target))
