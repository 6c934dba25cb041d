"""The set-up of an app: its parts, routes, hooks and error handlers."""

from __future__ import annotations

import contextlib
import functools
import threading
import typing as t
from collections.abc import Callable, Mapping
from contextvars import ContextVar

from auth0_server_python.store import StateStore, TransactionStore
from auth0_server_python.store.abstract import AbstractDataStore
from flask import Flask, request, request_finished, request_started
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response

from . import caching, deployment, views
from .app_state import AppState, state_of
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
from .runtime import greenlets, telemetry
from .runtime.clock import Clock
from .runtime.cookie_jar import OURS
from .runtime.logger import logger_of
from .runtime.request import (
    CurrentRequest,
    current_request,
    note_answer,
    note_completion,
    note_dispatch,
    this_app,
)
from .sessions.anonymous_store import (
    AnonymousStore,
    CookieAnonymousStore,
    OwnAnonymousStore,
)
from .sessions.attended import Attended
from .sessions.codec import States
from .sessions.cookies import host_prefix
from .sessions.cookies.flags import secure_cookies
from .sessions.cookies.host_prefix import set_up_host_prefix
from .sessions.cookies.kept_apart import KeptApart
from .sessions.cookies.signed import set_up_signed_sessions
from .sessions.cookies.storage import SENT
from .sessions.cookies.sweeping import LOGIN_NOTE, sweep
from .sessions.cookies.transactions import CookieTransactionStore
from .sessions.domains import Domains
from .sessions.flask_session import idle_limit, set_up_cookie, signing_keys
from .sessions.former_cookie_names import move
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
    guard_mistakes,
    own_urls,
    refused_forms,
    repeated_logins,
    stylesheet,
    unread_cookies,
    whole_app,
)
from .views.credentials import may_have_token
from .views.login_urls import (
    login_url_here,
    ways_to_another_account,
    ways_to_try_again,
)
from .views.oversized_responses import fit
from .views.redirects import page_to_lead_to
from .views.refused_forms import AUTHOR

greenlets.refusal = ConfigurationError

#: The end of the name of the note about a login, in the header with all cookies. Most
#: requests have none, and need no parsed cookies to know that.
_NOTE = OURS + LOGIN_NOTE
#: The same of those about forms.
_AUTHOR, _SENT = OURS + AUTHOR, OURS + SENT


#: The work for each app that is set up, which keeps the app. Back ends of sessions have
#: connections as long as the process lives, and drivers warn of one that is collected.
_kept: list[_AroundRequests] = []


class SetUp(t.NamedTuple):
    """An app that is set up, and the options for that."""

    app: Flask
    options: Mapping[str, t.Any]


#: Collects each app that is set up, while there is a list. One whose settings are wrong
#: may never be seen otherwise.
watched: ContextVar[list[SetUp] | None] = ContextVar("watched", default=None)


class OwnStores(t.NamedTuple):
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
    for each in views.make_blueprints(state.config):
        app.register_blueprint(each)
    app.context_processor(_template_names)
    csrf.exempt(app, views.views_without_forms(state.config))

    state.state_store.watch(app)
    around = _AroundRequests(app, state)
    _kept.append(around)
    # The signal is sent before all hooks of the app.
    request_started.connect(around.starts, app)
    app.before_request(around.begin)
    whole_app.set_up(app, state.config)
    app.after_request(around.finish)


class _AroundRequests:
    """The work of the extension before and after each request of an app.

    Requests that ask nobody who they are pay for it, too, so that it is little for
    them. Of all that Flask calls with each request, its session interface costs least,
    and a signal most.
    """

    def __init__(self, app: Flask, state: AppState) -> None:
        self._app, self._state = app, state
        #: Receives the signal before the app's own receivers, which may change the
        #: session. Blinker calls first what was connected first, but methods in any
        #: order.
        self.starts = functools.partial(self._start)
        #: The app's session interface, if it is one of ours.
        self._ours: Attended | None = None
        #: Whether Flask calls the hooks that do without it.
        self._has_hooks = False
        self._adding = threading.Lock()
        if isinstance(app.session_interface, Attended):
            self._ours = app.session_interface
            self._ours.after_saving = self.complete

    def _start(self, sender: Flask, **more: t.Any) -> None:
        """Do what comes before all hooks of the app, which may change the session."""
        note_dispatch()
        if self._app.session_interface is not self._ours:
            self._state.state_store.look(current_request())

    def begin(self) -> None:
        """Notice a first request after a login, and check views that are new."""
        current = note_dispatch()
        if _NOTE in current.environ.get("HTTP_COOKIE", ""):
            self._begin_after_login(current_request())
        if len(self._state.checked_views) < len(self._app.view_functions):
            self._check_views()

    def _begin_after_login(self, current: CurrentRequest) -> None:
        current.is_perhaps_after_login = may_have_token(current.request)
        if not current.is_perhaps_after_login:
            repeated_logins.note_request(current, self._state)

    def _check_views(self) -> None:
        if not self._state.checked_views:
            if self._app.session_interface is self._ours and self._is_first():
                # It fails if another app is set up now. Then the signal goes on.
                with contextlib.suppress(RuntimeError):
                    request_started.disconnect(self.starts)
            for each in deployment.at_first_request(self._app, request.script_root):
                self._state.problem_log.tell(each)
            self._trace()
            host_prefix.warn_of_unprefixed_interface(self._app, self._state.config)
            whole_app.warn_of_unknown_endpoints(self._app, self._state.config)
            guard_mistakes.find_mistakes_before_views(self._app, self._state.config)
        guard_mistakes.find_mistakes()
        csrf.exempt(self._app, views.views_without_forms(self._state.config))

    def _is_first(self) -> bool:
        """Tell whether :meth:`begin` comes before all that the app does in a request.

        Flask lets it add no more by now.
        """
        if any(r != self.starts for r in request_started.receivers_for(self._app)):
            return False
        preprocessors = self._app.url_value_preprocessors.items()
        if any(found and name not in views.OWN for name, found in preprocessors):
            return False
        return self._app.before_request_funcs[None][0] == self.begin

    def _trace(self) -> None:
        """Let the back end be seen by OpenTelemetry, which is set up by now if ever."""
        back_end = self._state.state_store.meeting_point(self._app)
        if back_end is not None and telemetry.is_set_up():
            back_end.trace()

    def finish(self, response: Response) -> Response:
        """Put cookies and headers on a response, before Flask saves its session."""
        current, state = note_answer(), self._state
        if self._app.session_interface is not self._ours:
            # It may set a cookie, whoever has asked for what.
            self._use_hooks()
            current = current_request()
        if current is None:
            if response.is_streamed:
                caching.watch_stream(response, state.late_views)
            return response
        if not self._app.secret_key:
            # Flask has no session to be saved, of which it could be told.
            self._use_hooks()
        if current.is_perhaps_after_login and not current.has_asked_for_token:
            # The token may be a gateway's, and is nothing to the view.
            repeated_logins.note_request(current, state)
        if current.misfits:
            unread_cookies.note(current, state)
        if current.is_after_login:
            repeated_logins.note_response(current, state, response)
        if current.logged_in is not None and _may_have_forms(current):
            refused_forms.forget_others(current, state, current.logged_in)
        if current.found and (current.session.modified or current.jar.pending):
            state.state_store.settle(current)
        if current.jar.pending:
            current.jar.write_to(response)
        current.jar.is_sent = True
        if current.collected is not None:
            current.collected.copy_to(response)
        return caching.protect(current, response, state.late_views)

    def _use_hooks(self) -> None:
        """Do without an interface of ours: the app can set its own at any time."""
        with self._adding:
            if self._has_hooks:
                return
            self._has_hooks = True
            request_started.connect(self.starts, self._app)
            request_finished.connect(self._hear_of_end, self._app)

    def _hear_of_end(self, sender: Flask, response: Response, **more: t.Any) -> None:
        self.complete(response)

    def complete(self, response: Response) -> None:
        """Do, in this order, the work that waits until Flask has saved its session."""
        current, state = note_completion(), self._state
        if current is None:
            return
        if current.jar.written:
            fit(current, response, state)
        if current.jar.is_swept or current.session.modified:
            sweep(current, response, state.config)
        if current.jar.former:
            move(current, response, state.config, state.state_store.is_as_sent)
        # A look for a header that is absent makes an error, which a list does not.
        if state.config.secure is None and response.headers.getlist("Set-Cookie"):
            secure_cookies(self._app, response, state.config)
        for each in current.when_complete:
            each(response)


def _may_have_forms(current: CurrentRequest) -> bool:
    """Tell whether the browser may have notes about forms, or gets one."""
    header = request.environ.get("HTTP_COOKIE", "")
    is_noted = current.jar.prefix + AUTHOR in current.jar.pending
    return is_noted or _AUTHOR in header or _SENT in header


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
