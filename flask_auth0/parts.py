"""The parts of the extension that belong to one app, made from its settings."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from auth0_server_python.store import StateStore, TransactionStore
from flask import Flask

from .app_state import AppState
from .client.client import Client
from .client.logins import Logins
from .client.repeated_callbacks import CallbackAnswers
from .config import Config, weaknesses
from .sessions.codec import States
from .sessions.cookies.transactions import CookieTransactionStore
from .sessions.hooks import SessionHooks
from .sessions.labels import Labels
from .sessions.lifetime import Lifetime, no_limit
from .sessions.own_store import OwnStateStore
from .sessions.sealing import Sealer, derive_key
from .sessions.server.interface import StoreInterface
from .sessions.session_store import SessionStore
from .sessions.state_store import SessionStateStore
from .views.error_links import login_url_here


def make_state(
    config: Config,
    state_store: StateStore | None,
    transaction_store: TransactionStore | None,
    revocation_store: StoreInterface | None,
    unauthorized: Callable[[], t.Any],
    hooks: SessionHooks,
    idle_limit: Callable[[], float] | None = None,
) -> AppState:
    """Return the parts, with stores of ours where there are no others.

    :param idle_limit: returns for how many seconds a user may be idle, if Flask's keys
        have a limit.
    """
    store: SessionStore
    if state_store is None:
        store = SessionStateStore(
            _make_states(config, idle_limit),
            config.cookie_transient,
            revocation_store,
            hooks,
            config.sessions_per_user,
            config.refuse_older_cookies,
        )
    else:
        store = OwnStateStore(state_store, hooks)
    transaction_store = transaction_store or CookieTransactionStore(
        Sealer(config.secret, config.purpose("transaction"))
    )
    client = Client(config, state_store=store, transaction_store=transaction_store)
    sealer = Sealer(config.secret, config.purpose("login"))
    return AppState(
        config=config,
        client=client,
        logins=Logins(client, config),
        state_store=store,
        transaction_store=transaction_store,
        sealer=sealer,
        callback_answers=CallbackAnswers(sealer, config.timeout),
        unauthorized=unauthorized,
        login_url_here=login_url_here,
        hooks=hooks,
    )


def _make_states(
    config: Config, idle_limit: Callable[[], float] | None = None
) -> States:
    return States(
        Sealer(config.secret, config.purpose("session")),
        Lifetime(
            config.session_absolute_duration,
            config.session_inactivity_duration,
            config.session_rolling,
            idle_limit or no_limit,
        ),
        Labels(config.purpose("sessions")),
    )


def set_up_secrets(app: Flask, config: Config) -> None:
    """Sign Flask's session with keys of their own, if the app has none.

    Warn of secrets that are too weak for what they protect, where that is allowed.
    """
    if not app.secret_key:
        purpose = config.purpose("SECRET_KEY")
        keys = [derive_key(secret, purpose) for secret in config.secret]
        app.secret_key = keys[0]
        app.config["SECRET_KEY_FALLBACKS"] = keys[1:]
    if not app.testing:
        for problem in weaknesses(vars(config)):
            app.logger.warning("AUTH0_SECRET %s", problem)
