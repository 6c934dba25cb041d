"""The extension: wires the parts together for an app."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Coroutine

from auth0_server_python.error import (
    AccessTokenError,
    AccessTokenForConnectionError,
    ApiError,
    SessionExpiredError,
)
from auth0_server_python.store import StateStore, TransactionStore
from flask import Flask, current_app
from werkzeug.wrappers import Response

from . import (
    backchannel,
    caching,
    guards,
    login,
    login_loop,
    logout,
    logout_urls,
    loop,
    views,
)
from .client import Client
from .config import Config, read_config
from .dispatch import announce_refresh
from .errors import Auth0Error, ConfigurationError, TenantUnavailable
from .own_store import OwnStateStore
from .registry import EXTENSION, AppState, state_of
from .sdk_errors import translate, translated
from .sessions.backends import make_revocation_store, set_up_sessions
from .sessions.directory import Sessions
from .sessions.flask_cookie import set_up_cookie
from .sessions.index import Labels
from .sessions.interface import StoreInterface
from .sessions.jar import write_cookies
from .sessions.lifetime import Lifetime
from .sessions.sealing import Sealer, derive_key
from .sessions.secure import set_up_secure_cookies
from .sessions.state import SessionStateStore
from .sessions.states import States
from .sessions.transactions import CookieTransactionStore
from .store_options import copy_collected
from .user import current_user, load_user
from .views import make_blueprint
from .ways_on import offer_way_on

T = t.TypeVar("T")
Handler = t.TypeVar("Handler", bound=Callable[[], t.Any])

#: A secret that is shorter can be guessed from a cookie, without asking the app.
_SHORTEST_SECRET = 32


#: What the SDK raises when the tenant, and not the app, is the reason.
_SDK_ERRORS = (
    AccessTokenError,
    AccessTokenForConnectionError,
    ApiError,
    SessionExpiredError,
)


def _handle_sdk_error(error: Exception) -> t.Any:
    """Answer for a view that awaits ``client`` and does not handle its errors."""
    translation = translate(error)
    offer_way_on(translation)
    return current_app.handle_user_exception(translation)


class Auth0:
    """Login, logout and a user with Auth0, for one or several apps.

    :param app: the app to set up, if there is one already.
    :param state_store: keeps sessions in the place of Flask's session.
    :param transaction_store: keeps logins under way in the place of cookies.
    :param options: the ``AUTH0_*`` keys, in lower case and without the prefix. They
        win over the app's config, and that wins over the environment.
    :raises ConfigurationError: listing everything that is wrong or missing.
    """

    login_required: t.ClassVar[guards.LoginRequiredDecorator] = staticmethod(  # type: ignore[assignment]
        guards.login_required
    )

    def __init__(
        self,
        app: Flask | None = None,
        *,
        state_store: StateStore | None = None,
        transaction_store: TransactionStore | None = None,
        **options: t.Any,
    ) -> None:
        self._state_store = state_store
        self._transaction_store = transaction_store
        self._options = options
        self._unauthorized: Callable[[], t.Any] = lambda: None
        if app is not None:
            self.init_app(app)

    def init_app(
        self,
        app: Flask,
        *,
        state_store: StateStore | None = None,
        transaction_store: TransactionStore | None = None,
        **options: t.Any,
    ) -> None:
        """Set up an app.

        :param options: as for the class, like the others; these win.
        :raises ConfigurationError: listing everything that is wrong or missing, or
            when the app is set up already.
        """
        if EXTENSION in app.extensions:
            raise ConfigurationError(f"The app '{app.name}' has an Auth0 already.")
        config, problems = read_config({**self._options, **options}, app.config)
        interface = app.session_interface
        problems += set_up_sessions(app, config.session_store_timeout if config else 2)
        revocation_store, problem = make_revocation_store(app, config)
        problems += [problem] if problem else []
        if config is None or problems:
            app.session_interface = interface
            raise ConfigurationError(*problems)
        _set_up_secrets(app, config)
        set_up_cookie(app, config)
        set_up_secure_cookies(app, config)
        own_store = state_store or self._state_store
        state = self._make_state(
            config,
            OwnStateStore(own_store) if own_store else None,
            transaction_store or self._transaction_store,
            revocation_store,
        )
        _warn_of_deaf_route(app, state)
        app.extensions[EXTENSION] = state
        _register(app, state)

    @property
    def client(self) -> Client:
        """The SDK's client. Each of its methods can be awaited on any event loop."""
        return state_of(current_app).client

    @property
    def config(self) -> Config:
        """The settings of the current app, as they were read at the start."""
        return state_of(current_app).config

    @property
    def sessions(self) -> Sessions:
        """The sessions that the server keeps: to list a user's, and to end them."""
        return Sessions()

    def run(
        self, coroutine: Coroutine[t.Any, t.Any, T], timeout: float | None = None
    ) -> T:
        """Run a coroutine of the SDK from sync code, and return its result.

        ``flask.session``, ``g`` and ``request`` are visible inside.

        :param timeout: seconds; ``AUTH0_TIMEOUT`` by default.
        :raises TenantUnavailable: when the time is over.
        """
        limit = timeout or self.config.timeout
        try:
            result = loop.run(coroutine, limit)
        except TimeoutError as error:
            raise TenantUnavailable() from error
        announce_refresh()
        return result

    def get_user(self) -> dict[str, t.Any] | None:
        """Return the claims of the user, or ``None`` when nobody is logged in."""
        user = load_user()
        return dict(user) if user else None

    def get_session(self) -> dict[str, t.Any] | None:
        """Return user, tokens and all else in the session, or ``None``."""
        return self._call(self.client.get_session())

    def get_access_token(
        self, audience: str | None = None, scope: str | None = None
    ) -> str:
        """Return an access token for an API; an expired one is refreshed first.

        :raises LoginRequired: when only a new login can help.
        :raises TenantUnavailable: when the tenant does not answer.
        """
        call = self.client.get_access_token(audience=audience, scope=scope)
        return self._call(call)

    def get_access_token_for_connection(
        self, connection: str, login_hint: str | None = None
    ) -> str:
        """Return an access token of a connection, such as ``google-oauth2``.

        :raises LoginRequired: when only a new login can help.
        :raises TenantUnavailable: when the tenant does not answer.
        """
        options = {"connection": connection, "login_hint": login_hint}
        call = self.client.get_access_token_for_connection(options)
        return t.cast(str, self._call(call))

    def login(self, next: str | None = None, **parameters: t.Any) -> Response:
        """Start a login from a view: return the redirect to the tenant.

        :param next: the path to come back to.
        :param parameters: of the authorization request, such as ``connection``,
            ``organization``, ``prompt`` or ``scope``.
        """
        return login.start(next, parameters)

    def logout(
        self, return_to: str | None = None, *, federated: bool = False
    ) -> Response:
        """End the session: return the redirect to the tenant's logout.

        :param return_to: where to go then: a path of this app, or a URL that is among
            ``AUTH0_ALLOWED_LOGOUT_URLS``. The tenant has to allow it as well.
        :param federated: end the session at the user's identity provider as well.
        :raises ValueError: when ``return_to`` leads anywhere else; nothing has ended.
        :raises TypeError: when ``return_to`` is something else, such as the SDK's
            ``store_options``, which the extension passes itself.
        """
        if not isinstance(return_to, str | None):
            raise TypeError("return_to must be a URL or a path.")
        return logout.end(logout_urls.for_view(return_to), federated=federated)

    def unauthorized_handler(self, handler: Handler) -> Handler:
        """Register what answers a request that needs a login, as a decorator.

        Where it returns ``None``, the extension answers as if there were none.
        """
        self._unauthorized = handler
        return handler

    def _call(self, coroutine: Coroutine[t.Any, t.Any, T]) -> T:
        try:
            with translated():
                return self.run(coroutine)
        except Auth0Error as error:
            offer_way_on(error)
            raise

    def _make_state(
        self,
        config: Config,
        state_store: StateStore | None,
        transaction_store: TransactionStore | None,
        revocation_store: StoreInterface | None,
    ) -> AppState:
        state_store = state_store or SessionStateStore(
            _make_states(config), config.cookie_transient, revocation_store
        )
        transaction_store = transaction_store or CookieTransactionStore(
            Sealer(config.secret, config.purpose("transaction"))
        )
        return AppState(
            config=config,
            client=Client(
                config, state_store=state_store, transaction_store=transaction_store
            ),
            state_store=state_store,
            transaction_store=transaction_store,
            sealer=Sealer(config.secret, config.purpose("login")),
            unauthorized=lambda: current_app.ensure_sync(self._unauthorized)(),
        )


def _make_states(config: Config) -> States:
    return States(
        Sealer(config.secret, config.purpose("session")),
        Lifetime(
            config.session_absolute_duration,
            config.session_inactivity_duration,
            config.session_rolling,
        ),
        Labels(config.purpose("sessions")),
    )


def _warn_of_deaf_route(app: Flask, state: AppState) -> None:
    """Say that the tenant cannot end sessions, where nobody knows which there are."""
    store = state.state_store
    if (
        not isinstance(store, SessionStateStore)
        or not state.config.backchannel_logout_path
    ):
        return
    with app.app_context():
        if store.revocations() is None:
            app.logger.warning(
                "Back-channel logout does not work with sessions in cookies: set "
                "SESSION_TYPE or AUTH0_REVOCATION_STORE, or turn the route off with an "
                "empty AUTH0_BACKCHANNEL_LOGOUT_PATH."
            )


def _set_up_secrets(app: Flask, config: Config) -> None:
    """Sign Flask's session with keys of their own, if the app has none.

    Warn of secrets that are too short for what they protect.
    """
    if not app.secret_key:
        purpose = config.purpose("SECRET_KEY")
        keys = [derive_key(secret, purpose) for secret in config.secret]
        app.secret_key = keys[0]
        app.config["SECRET_KEY_FALLBACKS"] = keys[1:]
    if any(len(secret) < _SHORTEST_SECRET for secret in config.secret):
        app.logger.warning(
            "AUTH0_SECRET is shorter than %s characters and can be guessed from a "
            "cookie. Make a new one with: openssl rand -hex 64",
            _SHORTEST_SECRET,
        )


def _register(app: Flask, state: AppState) -> None:
    for kind in _SDK_ERRORS:
        app.register_error_handler(kind, _handle_sdk_error)
    app.register_blueprint(make_blueprint(state.config))
    app.context_processor(lambda: {"current_user": current_user})
    app.before_request(login_loop.note_request)
    backchannel.exempt_from_csrf(app, views.backchannel_logout_view)

    @app.before_request
    def check_views() -> None:
        if len(state.checked_views) < len(app.view_functions):
            guards.warn_of_open_views()
            backchannel.exempt_from_csrf(app, views.backchannel_logout_view)

    @app.after_request
    def finish(response: Response) -> Response:
        write_cookies(response)
        copy_collected(response)
        return caching.protect(response)
