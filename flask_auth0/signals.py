"""Signals for the moments of a login; the sender is the app."""

from __future__ import annotations

from blinker import NamedSignal, Namespace

_signals = Namespace()

#: Sent after a login, with ``user``, the claims as a dictionary. A receiver that raises
#: refuses the login.
user_logged_in: NamedSignal = _signals.signal("user-logged-in")

#: Sent after a logout, with ``user``, the claims of who was logged in, or ``None``.
user_logged_out: NamedSignal = _signals.signal("user-logged-out")

#: Sent when a login cannot go on, with ``error``, an :class:`.Auth0Error`.
login_failed: NamedSignal = _signals.signal("login-failed")

#: Sent after the session of this request has received new tokens.
token_refreshed: NamedSignal = _signals.signal("token-refreshed")

#: Sent after an account of the user was connected, linked or unlinked, with ``kind``,
#: which is ``connect``, ``link`` or ``unlink``, with ``account``, the account that was
#: connected as a dictionary, or ``None``, and with ``app_state``, the app's own data.
accounts_changed: NamedSignal = _signals.signal("accounts-changed")

#: Sent after sessions were ended from outside, with ``sub`` and ``sid`` where known.
session_revoked: NamedSignal = _signals.signal("session-revoked")
