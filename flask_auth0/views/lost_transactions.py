"""Callbacks without a transaction in this browser."""

from __future__ import annotations

import typing as t

from flask import redirect, request
from werkzeug.wrappers import Response

from ..app_state import AppState
from ..client.state_parameter import Relay
from ..errors import AccountUnchanged, LoginFailed
from ..pages import Text
from ..runtime.request import CurrentRequest
from ..sessions.cookies.host_prefix import transaction_prefix
from ..sessions.flows import Flow
from ..user import load_claims
from . import account_changes, login, own_urls, repeated_logins, silent, unread_cookies
from .redirects import next_or_default

#: The most times that a login starts again without its transaction.
MOST_ATTEMPTS = 3


def go_on_without_transaction(
    current: CurrentRequest, state: AppState, known: Relay | None
) -> Response:
    """Answer a callback without a transaction: start again, or refuse it.

    :param known: the relayed data of a ``state`` that this app has made.
    """
    relayed = known or Relay()
    # The cookies of a session, which are read below, say nothing of this login's.
    is_foreign = "AUTH0_SECRET" in current.misfits
    target = next_or_default(relayed.next, state.config)
    if relayed.kind != "login":
        raise _unchanged(relayed, target)
    if load_claims(current, state):
        return redirect(target, 302)
    if relayed.is_silent:
        return redirect(silent.page_without_question(current, target), 302)
    error = _refusal(current, state, relayed, is_foreign=is_foreign)
    if error is None:
        return _start_again(current, state, known, target)
    login.report(error, target, again(relayed))
    raise error


def _unchanged(relayed: Relay, target: str) -> AccountUnchanged:
    """Return the error of a flow that begins nowhere but on a page of the app."""
    told = Text("This was completed already, or it did not begin here.")
    unchanged = AccountUnchanged(relayed.kind, told)
    account_changes.report(unchanged, target)
    return unchanged


def _refusal(
    current: CurrentRequest, state: AppState, relayed: Relay, *, is_foreign: bool
) -> LoginFailed | None:
    """Return the error of a login, or ``None`` if it may start again.

    :param is_foreign: whether its cookie was there, and sealed with another secret.
    """
    if not request.args.get("code") or not request.args.get("state"):
        return LoginFailed(Text("This is the end of a login that did not begin here."))
    if is_foreign and (stopped := unread_cookies.count(current, state)):
        return stopped
    if _may_start_again(current, state, relayed):
        return None
    return unread_cookies.unread(current, state) if is_foreign else _no_cookies(state)


def _no_cookies(state: AppState) -> LoginFailed:
    """Return the error for a browser that sends no cookie of its login."""
    return LoginFailed(
        Text(
            "Your browser did not send back the cookie that a login needs. Allow "
            "cookies for this site, then try again."
        ),
        error="cookies_refused",
        reason="cookies_refused",
        remedy=repeated_logins.why_no_cookies(state, own_urls.callback_url()),
    )


def _start_again(
    current: CurrentRequest, state: AppState, known: Relay | None, target: str
) -> Response:
    """Begin the login anew, and count the attempts."""
    relayed = known or Relay()
    if known is None:
        # Without a relay, which counts the attempts, this note has to end them.
        repeated_logins.note_login(current, state, None, Flow("login", ""))
    state.transaction_store.give_up_newest(current.jar)
    return login.start(
        target,
        again(relayed),
        app_state=relayed.app_state,
        attempt=relayed.attempt + 1,
    )


def _may_start_again(current: CurrentRequest, state: AppState, relayed: Relay) -> bool:
    """Tell whether another login is likely to keep its transaction.

    It is if the browser has transactions of other tabs, which have displaced this one.
    """
    others = current.jar.names(transaction_prefix(current.jar, state.config))
    return relayed.attempt == 0 or (bool(others) and relayed.attempt < MOST_ATTEMPTS)


def again(relayed: Relay) -> dict[str, t.Any]:
    """Return the parameters of a login to repeat; a ticket is good only once."""
    return {k: v for k, v in relayed.parameters.items() if k != "invitation"}
