"""The ends of flows that connect, link or unlink an account of a user."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from contextlib import contextmanager

from auth0_server_python.error import MyAccountApiError
from flask import request

from ..app_state import AppState
from ..client.translation import translated
from ..errors import (
    AccountUnchanged,
    Action,
    Auth0Error,
    AuthorizationFailed,
    LoginFailed,
    LoginRequired,
    log_event,
    log_failure,
)
from ..pages import Text, sentences
from ..runtime.request import CurrentRequest
from ..sessions.flows import Flow, arriving, during
from ..sessions.shapes import without_none
from ..signals import accounts_changed
from ..user import load_claims
from .authorization_response import SAID, is_for_people
from .login_urls import login_url, start_page

_DENIED = Text("It was cancelled, or refused.")
_REFUSED = Text("The login service did not agree.")


def complete(
    current: CurrentRequest, state: AppState, flow: Flow, url: str
) -> dict[str, t.Any] | None:
    """Complete a flow with a callback's URL; return the account that was connected.

    :raises AccountUnchanged: in another session than the one that began it, or when the
        tenant refuses it.
    """
    if not request.args.get("connect_code" if flow.kind == "connect" else "code"):
        raise AccountUnchanged(flow.kind, Text("It came back without a code."))
    arrival = state.flows.arrival(flow, load_claims(current, state))
    with translated(), _refusals_told(flow):
        if flow.kind != "connect":
            state.logins.complete(current, url, arrival)
            return None
        with during(arriving, arrival):
            done = state.wait(state.client.complete_connect_account(url))
    return without_none(done.model_dump(exclude={"app_state"}))


def announce(
    current: CurrentRequest, flow: Flow, account: dict[str, t.Any] | None
) -> None:
    """Tell the app, and the log, that the accounts of its user have changed."""
    log_event(current, "accounts_changed", event="accounts", kind=flow.kind)
    accounts_changed.send(
        current.app, kind=flow.kind, account=account, app_state=flow.app_state
    )


def unchanged(flow: Flow, error: LoginFailed) -> AccountUnchanged:
    """Return the error for a flow with a response of the tenant that is not good."""
    if not isinstance(error, AuthorizationFailed):
        return AccountUnchanged(flow.kind, error.description, remedy=error.remedy)
    reason = _DENIED if error.error == "access_denied" else _REFUSED
    told = request.args.get("error_description", "")[:300]
    if is_for_people(error.error, told):
        reason = sentences(reason, Text(SAID, told=told))
    return AccountUnchanged(
        flow.kind, reason, code=error.code, error=error.error, remedy=error.remedy
    )


def report(error: Auth0Error, page: str) -> None:
    """Add the way back to the error of a flow, and log the error."""
    ways = [Action(Text("Go back"), page), start_page()]
    asked = error.parameters if isinstance(error, LoginRequired) else {}
    if error.code == 401 and (url := login_url(page, asked)):
        ways = [Action(Text("Log in"), url), *ways]
        error.login_url = url
    error.actions = ways
    log_failure("accounts", error)


@contextmanager
def _refusals_told(flow: Flow) -> Iterator[None]:
    try:
        yield
    except MyAccountApiError as error:
        status = error.status if isinstance(error.status, int) else 500
        if not 400 <= status < 429:
            raise
        raise AccountUnchanged(
            flow.kind, _REFUSED, remedy=f"Its My Account API answered with {status}."
        ) from error
