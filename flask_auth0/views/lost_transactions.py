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
    is_foreign = "AUTH0_SECRET" in current.misfits
    target = next_or_default(relayed.next, state.config)
    if relayed.kind != "login":
        unchanged = AccountUnchanged(
            relayed.kind,
            Text("This was completed already, or it did not begin here."),
        )
        account_changes.report(unchanged, target)
        raise unchanged
    if load_claims(current, state):
        return redirect(target, 302)
    if relayed.is_silent:
        return redirect(silent.page_without_question(current, target), 302)
    if not request.args.get("code") or not request.args.get("state"):
        error = LoginFailed(Text("This is the end of a login that did not begin here."))
    elif is_foreign and (stopped := unread_cookies.count(current, state)):
        error = stopped
    elif _may_start_again(current, state, relayed):
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
    elif is_foreign:
        error = unread_cookies.unread(current, state)
    else:
        error = LoginFailed(
            Text(
                "Your browser did not send back the cookie that a login needs. Allow "
                "cookies for this site, then try again."
            ),
            error="cookies_refused",
            reason="cookies_refused",
            remedy=repeated_logins.why_no_cookies(state, own_urls.callback_url()),
        )
    login.report(error, target, again(relayed))
    raise error


def _may_start_again(current: CurrentRequest, state: AppState, relayed: Relay) -> bool:
    """Tell whether another login is likely to keep its transaction.

    It is if the browser has transactions of other tabs, which have displaced this one.
    """
    others = current.jar.names(transaction_prefix(current.jar, state.config))
    return relayed.attempt == 0 or (bool(others) and relayed.attempt < MOST_ATTEMPTS)


def again(relayed: Relay) -> dict[str, t.Any]:
    """Return the parameters of a login to repeat; a ticket is good only once."""
    return {k: v for k, v in relayed.parameters.items() if k != "invitation"}
