"""The set-up of an app: its parts, routes, hooks and error handlers."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable, Mapping
from contextvars import ContextVar

from auth0_server_python.store import StateStore, TransactionStore
from auth0_server_python.store.abstract import AbstractDataStore
from flask import Flask
from msgspec import Struct
from werkzeug.local import LocalProxy

from . import deployment, views
from .app_state import AppState, state_of
from .around_requests import AroundRequests
from .client.access_tokens import AccessTokens
from .client.client import Client
from .client.development_logins import DevelopmentLogins
from .client.flows import Flows
from .client.proofs import Proofs
from .client.repeated_callbacks import CallbackAnswers
from .client.server_client import Logins
from .client.tls import unreadable_certificates
from .config import EXTENSION, Config, Problem, read_config, warning
from .deployment.workers import warn_of_proofs
from .errors import ConfigurationError, ProblemLog
from .pages import Page, Translations
from .runtime import clock as clocks
from .runtime import greenlets
from .runtime.clock import Clock
from .runtime.logger import logger_of
from .runtime.request import (
    this_app,
)
from .sessions.anonymous_store import (
    AnonymousStore,
    CookieAnonymousStore,
    OwnAnonymousStore,
)
from .sessions.codec import States
from .sessions.cookies.host_prefix import set_up_host_prefix
from .sessions.cookies.kept_apart import KeptApart
from .sessions.cookies.signed import set_up_signed_sessions
from .sessions.cookies.transactions import CookieTransactionStore
from .sessions.domains import Domains
from .sessions.flask_session import idle_limit, set_up_cookie, signing_keys
from .sessions.hooks import SessionHooks
from .sessions.labels import Labels
from .sessions.lifetime import Lifetime, no_limit
from .sessions.own_store import OwnStateStore
from .sessions.sealing import Sealer
from .sessions.server.setup import make_revocation_store, set_up_sessions
from .sessions.session_store import SessionStore
from .sessions.state_store import SessionStateStore
from .sessions.stores.base import BackEnd
from .sessions.transaction_store import LoginStore, OwnTransactionStore
from .user import current_user
from .views import (
    csrf,
    error_answers,
    own_urls,
    stylesheet,
    whole_app,
)
from .views.login_urls import (
    login_url_here,
    ways_to_another_account,
    ways_to_try_again,
)
from .views.redirects import page_to_lead_to

greenlets.refusal = ConfigurationError


class SetUp(Struct, frozen=True):
    """An app that is set up, and the options for that."""

    app: Flask
    options: Mapping[str, t.Any]


#: Collects each app that is set up, while there is a list. One whose settings are wrong
#: may never be seen otherwise.
watched: ContextVar[list[SetUp] | None] = ContextVar("watched", default=None)


class OwnStores(Struct, frozen=True):
    """The stores of an app's own, as far as it has any."""

    state: StateStore | None
    transaction: TransactionStore | None
    anonymous: AbstractDataStore[t.Any] | None


def set_up(
    app: Flask,
    options: Mapping[str, t.Any],
    own: OwnStores,
    unauthorized: Callable[[], t.Any],
    own_text: Callable[[str], str | None],
    hooks: SessionHooks,
) -> None:
    """Set up an app.

    :param unauthorized: returns what the app answers instead of
        :class:`.LoginRequired`, if anything.
    :param own_text: returns the app's text in place of an English one, or ``None``.
    :raises ConfigurationError: listing everything that is wrong or missing; then the
        app is left as it was.
    """
    seen = watched.get()
    if seen is not None:
        seen.append(SetUp(app, options))
    config, revocation_store, likely = _read(app, options, own)
    clock, domains = clocks.machine, Domains(config)
    idle = _prepare(app, config, clock)
    apart = KeptApart(Sealer(config.secret, config.purpose("kept apart")), clock)
    sessions = _make_session_store(
        config, clock, domains, hooks, own.state, revocation_store, idle, apart
    )
    logins = _make_login_store(config, clock, own.transaction)
    visitors = _make_anonymous_store(config, clock, domains, own.anonymous, apart)
    stores, log = (sessions, logins, visitors), ProblemLog(logger_of(app))
    app.extensions[EXTENSION] = _make_state(
        config, clock, domains, *stores, unauthorized, own_text, hooks, log
    )
    log.tell_all([*likely, *deployment.of_installation(), *deployment.at_start(app)])
    _register(app)


def _read(
    app: Flask, options: Mapping[str, t.Any], own: OwnStores
) -> tuple[Config, BackEnd | None, list[Problem]]:
    """Read the configuration, and connect to the back ends that it names.

    :return: with them, what is no error and may be a mistake.
    :raises ConfigurationError: listing everything that is wrong or missing.
    """
    config, problems = read_config(options, app.config)
    likely = deployment.of_settings(app, options)
    interface = app.session_interface
    problems += set_up_sessions(app, config.session_store_timeout if config else 2)
    revocation_store, problem = make_revocation_store(app, config)
    problems += [problem] if problem else []
    problems += _problems_with(own, config) + unreadable_certificates()
    if config is None or problems:
        app.session_interface = interface
        # A mistake that alone would be no error may be the cause of one that is.
        raise ConfigurationError(*problems, *likely)
    return config, revocation_store, likely


def _prepare(app: Flask, config: Config, clock: Clock) -> Callable[[], float] | None:
    """Set up Flask's session as the configuration says.

    :return: a function for the seconds that a user may be idle, by Flask's keys.
    """
    _set_up_secrets(app, config)
    set_up_signed_sessions(app, clock)
    idle = idle_limit(app, config)
    set_up_cookie(app, config)
    set_up_host_prefix(app, config)
    return idle


def _problems_with(own: OwnStores, config: Config | None) -> list[Problem]:
    """Return what is wrong with stores of an app's own."""
    if own.anonymous is None:
        return []
    if own.anonymous is own.state:
        # Most stores have one place for each browser, whatever the identifier.
        return [Problem("anonymous_store", "must be another object than state_store")]
    if config is not None and config.use_mtls:
        hint = "is of no use with AUTH0_USE_MTLS, as the SDK has none then"
        return [Problem("anonymous_store", hint)]
    return []


def _make_session_store(
    config: Config,
    clock: Clock,
    domains: Domains,
    hooks: SessionHooks,
    own: StateStore | None,
    revocation_store: BackEnd | None,
    idle_limit: Callable[[], float] | None,
    apart: KeptApart,
) -> SessionStore:
    """Return the app's own state store, wrapped, or else ours.

    :param apart: keeps what is not in it.
    :param idle_limit: returns for how many seconds a user may be idle, if Flask's keys
        have a limit.
    """
    if own is not None:
        return OwnStateStore(own, hooks, clock, apart, config.mfa_token_ttl, domains)
    states = _make_states(config, clock, idle_limit)
    return SessionStateStore(states, config, revocation_store, hooks, apart, domains)


def _make_login_store(
    config: Config, clock: Clock, own: TransactionStore | None
) -> LoginStore:
    """Return the app's own transaction store, wrapped, or else ours."""
    if own is not None:
        return OwnTransactionStore(own)
    sealer = Sealer(config.secret, config.purpose("transaction"))
    return CookieTransactionStore(sealer, config, clock)


def _make_anonymous_store(
    config: Config,
    clock: Clock,
    domains: Domains,
    own: AbstractDataStore[t.Any] | None,
    apart: KeptApart,
) -> AnonymousStore | None:
    """Return the app's own store of anonymous sessions, wrapped, or else ours.

    It costs an app nothing that has no such sessions.
    """
    if config.use_mtls:
        return None
    if own is not None:
        return OwnAnonymousStore(own)
    return CookieAnonymousStore(apart, clock, domains)


def _make_state(
    config: Config,
    clock: Clock,
    domains: Domains,
    sessions: SessionStore,
    logins: LoginStore,
    visitors: AnonymousStore | None,
    unauthorized: Callable[[], t.Any],
    own_text: Callable[[str], str | None],
    hooks: SessionHooks,
    log: ProblemLog,
) -> AppState:
    sealer = Sealer(config.secret, config.purpose("login"))
    page = functools.partial(page_to_lead_to, config=config)
    flows = Flows(sealer, clock, domains, own_urls.callback_url, page)
    client = Client(
        config,
        flows=flows,
        state_store=sessions,
        transaction_store=logins,
        anonymous_store=visitors,
        clock=clock,
        domains=domains,
    )
    return AppState(
        config=config,
        domains=domains,
        clock=clock,
        client=client,
        logins=_make_logins(client, config, clock),
        flows=flows,
        state_store=sessions,
        transaction_store=logins,
        sealer=sealer,
        access_tokens=AccessTokens(
            config, domains, client.discovery, client.patience_with_strangers, clock
        ),
        proofs=Proofs(clock, warn_of_proofs),
        callback_answers=CallbackAnswers(
            sealer, config.timeout, client.transports.guards.places
        ),
        unauthorized=unauthorized,
        login_url_here=login_url_here,
        ways_to_another_account=ways_to_another_account,
        ways_to_try_again=ways_to_try_again,
        translations=Translations(own_text, functools.partial(_tell_failure, log)),
        page=Page(stylesheet.url),
        hooks=hooks,
        problem_log=log,
    )


def _make_logins(client: Client, config: Config, clock: Clock) -> Logins:
    if config.development_user is not None:
        return DevelopmentLogins(client, config, clock)
    return Logins(client, config)


def _tell_failure(log: ProblemLog, error: Exception) -> None:
    """Log that the app's own functions do not say in which language a page is."""
    told = f"has failed with {type(error).__name__}, so that pages are in English"
    log.tell(warning("The function for texts or languages", told, "no_language"), 60)


def _make_states(
    config: Config, clock: Clock, idle_limit: Callable[[], float] | None
) -> States:
    return States(
        Sealer(config.secret, config.purpose("session")),
        Lifetime(
            config.session_absolute_duration,
            config.session_inactivity_duration,
            config.session_rolling,
            idle_limit or no_limit,
        ),
        Labels(config.client_id, config.domain or None),
        clock,
    )


def _set_up_secrets(app: Flask, config: Config) -> None:
    """Sign Flask's session with keys of their own, if the app has none."""
    if not app.secret_key:
        app.secret_key, *older = signing_keys(config)
        app.config["SECRET_KEY_FALLBACKS"] = older


def _register(app: Flask) -> None:
    """Add routes, hooks and error handlers to an app that has its parts."""
    state = state_of(app)
    error_answers.register(app)
    matches = app.url_map.host_matching
    for each in views.make_blueprints(state.config, for_all_hosts=matches):
        app.register_blueprint(each)
    app.context_processor(_template_names)
    csrf.exempt(app, views.views_without_forms(state.config))

    state.state_store.watch(app)
    AroundRequests(app, state)
    whole_app.set_up(app, state.config)


def _template_names() -> dict[str, t.Any]:
    """Return the names that every template has, and add them for imported macros.

    Macros see globals alone. They are added with the first template, since an app may
    change the options of its Jinja environment until then.
    """
    app = this_app()
    user = _user_of_templates(app)
    app.jinja_env.globals.setdefault("current_user", user)
    return {"current_user": user, "auth0_page": state_of(app).page}


def _user_of_templates(app: Flask) -> t.Any:
    """Return Flask-Login's user where an app has that for its templates, else ours.

    The templates of such an app are about its own users, whichever extension was set up
    first. ``LoginManager.init_app(app, add_context_processor=False)`` leaves them ours.
    """
    for each in app.template_context_processors[None]:
        if each.__module__.startswith("flask_login."):
            return LocalProxy(functools.partial(_user_in, each))
    return current_user


def _user_in(processor: Callable[[], t.Any]) -> t.Any:
    return processor()["current_user"]
