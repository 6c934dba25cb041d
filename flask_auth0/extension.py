"""The extension, as apps see it."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Coroutine, Mapping

from auth0_server_python.store import StateStore, TransactionStore
from auth0_server_python.store.abstract import AbstractDataStore
from flask import Flask, current_app
from werkzeug.wrappers import Response

from .app_state import current_state, state_of
from .background import AllSessions
from .client.client import WAITING, Client
from .client.dispatch import changes_announced
from .client.health import Health, examine
from .client.http_auth import HttpAuth, asking
from .client.translation import translated, untranslated
from .config import EXTENSION, Config
from .errors import Auth0Error, ConfigurationError, TenantUnavailable
from .runtime import app_functions, greenlets, loop
from .runtime.request import current_request
from .sessions.hooks import SessionHooks, checked_claims
from .user import shown_user
from .views import bearer, guards, login, logout, logout_urls, origins
from .views.login_urls import offer_way_on
from .wiring import OwnStores, set_up

#: Seconds beyond its limits that a look at the health of an app may take.
_GRACE = 1
T = t.TypeVar("T")
Handler = t.TypeVar("Handler", bound=Callable[[], t.Any])
TextHandler = t.TypeVar("TextHandler", bound=Callable[[str], str | None])
SessionHook = t.TypeVar("SessionHook", bound=Callable[[dict[str, t.Any]], t.Any])
LoginHook = t.TypeVar(
    "LoginHook", bound=Callable[[Mapping[str, t.Any], Mapping[str, t.Any]], t.Any]
)


class Auth0:
    """Login, logout and a user with Auth0, for one or several apps.

    :param app: the app to set up, if there is one already.
    :param state_store: keeps sessions in the place of Flask's session.
    :param transaction_store: keeps logins under way in the place of cookies.
    :param anonymous_store: keeps anonymous sessions in the place of a cookie.
    :param options: the ``AUTH0_*`` keys, in lower case and without the prefix. They
        win over the app's config, and that wins over the environment.
    :raises ConfigurationError: listing everything that is wrong or missing.
    """

    login_required: t.ClassVar[guards.LoginRequiredDecorator] = staticmethod(  # type: ignore[assignment]
        guards.login_required
    )
    bearer_required: t.ClassVar[bearer.BearerRequiredDecorator] = staticmethod(  # type: ignore[assignment]
        bearer.bearer_required
    )

    def __init__(
        self,
        app: Flask | None = None,
        *,
        state_store: StateStore | None = None,
        transaction_store: TransactionStore | None = None,
        anonymous_store: AbstractDataStore[t.Any] | None = None,
        **options: t.Any,
    ) -> None:
        self._state_store = state_store
        self._transaction_store = transaction_store
        self._anonymous_store = anonymous_store
        self._options = options
        self._unauthorized: Callable[[], t.Any] = lambda: None
        self._text: Callable[[str], str | None] = lambda message: None
        self._hooks = SessionHooks()
        if app is not None:
            self.init_app(app)

    def init_app(
        self,
        app: Flask,
        *,
        state_store: StateStore | None = None,
        transaction_store: TransactionStore | None = None,
        anonymous_store: AbstractDataStore[t.Any] | None = None,
        **options: t.Any,
    ) -> None:
        """Set up an app.

        :param options: as for the class, like the others; these win.
        :raises ConfigurationError: listing everything that is wrong or missing, or
            when the app is set up already.
        """
        greenlets.refuse_eventlet()
        if EXTENSION in app.extensions:
            raise ConfigurationError(f"The app '{app.name}' has an Auth0 already.")
        set_up(
            app,
            {**self._options, **options},
            OwnStores(
                state_store or self._state_store,
                transaction_store or self._transaction_store,
                anonymous_store or self._anonymous_store,
            ),
            lambda: app_functions.call(self._unauthorized),
            lambda message: self._text(message),
            self._hooks,
        )

    @property
    def client(self) -> Client:
        """The SDK's client. Each of its methods can be awaited on any event loop."""
        return state_of(current_app).client

    @property
    def config(self) -> Config:
        """The settings of the current app, as they were read at the start."""
        return state_of(current_app).config

    @property
    def sessions(self) -> AllSessions:
        """The sessions that the server keeps: to list a user's, to end them, and to act
        for their users outside of requests.
        """
        return AllSessions(
            lambda: current_state().state_store.listing(current_request())
        )

    def health(self, timeout: float = 1) -> Health:
        """Tell whether the app reaches its sessions' back end and the tenant.

        It is for a view of the app's own, which a load balancer or Kubernetes asks. It
        raises nothing.

        :param timeout: seconds that each of them may take.
        """
        client = state_of(current_app).client
        asking = examine(client, current_request().app, timeout)
        return loop.run(asking, timeout + _GRACE)

    def run(
        self, coroutine: Coroutine[t.Any, t.Any, T], timeout: float | None = None
    ) -> T:
        """Run a coroutine of the SDK from sync code, and return its result.

        ``flask.session``, ``g`` and ``request`` are visible inside.

        :param timeout: seconds; ``AUTH0_TIMEOUT`` by default. A method of the client
            that waits for a person on another device has no limit but the tenant's.
        :raises TenantUnavailable: when the time is over.
        """
        with untranslated():
            state_of(current_app).find_domain(coroutine)
            return self._run(coroutine, timeout or self._limit_of(coroutine))

    def get_user(self) -> dict[str, t.Any] | None:
        """Return the claims of the user, or ``None`` when nobody is logged in."""
        user = shown_user()
        return dict(user) if user else None

    def get_session(self) -> dict[str, t.Any] | None:
        """Return user, tokens and all else in the session, or ``None``."""
        if current_request().outage.is_told:
            return None
        return self._call(lambda client: client.get_session())

    def get_access_token(
        self,
        audience: str | None = None,
        scope: str | None = None,
        *,
        force_refresh: bool = False,
    ) -> str:
        """Return an access token for an API.

        One that ends within ``AUTH0_TOKEN_REFRESH_LEEWAY`` is refreshed first. However
        many requests find that at the same time, one refresh reaches the tenant.

        :param force_refresh: refresh it even if it is good, for example because the
            API has refused it.
        :raises LoginRequired: when only a new login can help.
        :raises MfaRequired: when a login with one more factor can.
        :raises TenantUnavailable: when the tenant does not answer.
        """
        return self._call(
            lambda client: client.get_access_token(
                audience=audience, scope=scope, force_refresh=force_refresh
            )
        )

    def http_auth(
        self, audience: str | None = None, scope: str | None = None
    ) -> HttpAuth:
        """Return an ``httpx.Auth`` that adds the user's access token to requests.

        It is for sync and async clients of httpx, and may be made once for all
        requests of an app. If the API refuses a token with 401, another one is fetched
        and the request is sent once more; many that are refused at the same time share
        one refresh.

        :raises ConfigurationError: by a request over http to another machine, which
            would show the token.
        :raises LoginRequired: by a request for which only a new login can help.
        """
        ask = asking(lambda: self.client, audience, scope)
        return HttpAuth(
            ask, lambda asked: self._call(lambda client: asked()), self._going_on
        )

    def refresh_user(self) -> dict[str, t.Any]:
        """Ask the tenant who the user is now, and return the claims.

        ``current_user`` has them at once, so that a new role counts without a new
        login. However many ask at the same time, one refresh reaches the tenant.
        ``await auth0.client.refresh_user()`` does the same in an async view.

        :raises LoginRequired: when nobody is logged in, or when only a new login can
            help: a session without a refresh token (scope ``offline_access``) says so.
        :raises MfaRequired: when a login with one more factor can.
        :raises TenantUnavailable: when the tenant does not answer.
        """
        return self._call(lambda client: client.refresh_user())

    def get_access_token_for_connection(
        self, connection: str, login_hint: str | None = None
    ) -> str:
        """Return an access token of a connection, such as ``google-oauth2``.

        :raises LoginRequired: when only a new login can help.
        :raises TenantUnavailable: when the tenant does not answer.
        """
        options = {"connection": connection, "login_hint": login_hint}
        return self._call(
            lambda client: client.get_access_token_for_connection(options)
        )

    def update_session(
        self, claims: Mapping[str, t.Any] | None = None, /, **more: t.Any
    ) -> None:
        """Change claims of the user in this session, and leave all others as they are.

        ``current_user`` has them at once. ``await auth0.client.update_session(…)`` does
        the same in an async view.

        :param claims: the new claims, as with :meth:`dict.update`; ``None`` removes
            one.
        :raises LoginRequired: when nobody is logged in.
        :raises ValueError: for a claim that says who the user is, such as ``sub``.
        :raises TypeError: for a claim that cannot be kept as JSON.
        :raises SessionTooLarge: when it does not fit into cookies; nothing changes.
        """
        changes = checked_claims({**(claims or {}), **more})
        self._call(lambda client: client.update_session(changes))

    def login(
        self,
        next: str | None = None,
        *,
        app_state: Mapping[str, t.Any] | None = None,
        **parameters: t.Any,
    ) -> Response:
        """Start a login from a view: return the redirect to the tenant.

        :param next: the path to come back to.
        :param app_state: data of your own for the ``after_login`` hooks: 1,000 bytes of
            JSON at most. It is sealed, and there even if the login's cookie was lost.
        :param parameters: of the authorization request, such as ``connection``,
            ``organization``, ``prompt`` or ``scope``.
        :raises TypeError: for an ``app_state`` that is no mapping of JSON values.
        :raises ValueError: for one that is too long.
        """
        return login.start(next, parameters, app_state=app_state)

    def logout(
        self, return_to: str | None = None, *, federated: bool = False
    ) -> Response:
        """End the session: return the redirect to the tenant's logout.

        :param return_to: the page after the logout: a path of this app, or a URL that
            is among ``AUTH0_ALLOWED_LOGOUT_URLS``. The tenant has to allow it as well.
        :param federated: end the session at the user's identity provider as well.
        :raises ValueError: when ``return_to`` leads anywhere else; the session goes on.
        :raises TypeError: when ``return_to`` is something else, such as the SDK's
            ``store_options``, which the extension passes itself.
        """
        if not isinstance(return_to, str | None):
            raise TypeError("return_to must be a URL or a path.")
        return logout.end(logout_urls.for_view(return_to), federated=federated)

    refuse_foreign_forms: staticmethod[[], None] = staticmethod(
        origins.refuse_foreign_forms
    )

    def unauthorized_handler(self, handler: Handler) -> Handler:
        """Register a function that answers requests which need a login, as a decorator.

        If it returns ``None``, the extension answers.
        """
        self._unauthorized = handler
        return handler

    def text_handler(self, handler: TextHandler) -> TextHandler:
        """Register a function that words the texts of pages, as a decorator.

        It is called with each English text, in which names in braces stand for values,
        and returns the text for the current request. If it returns ``None``, the
        extension's own translation is shown, or the English text.

        .. versionadded:: 0.2
        """
        self._text = handler
        return handler

    def before_session_saved(self, hook: SessionHook) -> SessionHook:
        """Register a function that changes a session before it is kept, as a decorator.

        It is called at a login, and when tokens or claims change later, with a
        dictionary: ``user`` has the claims. It may change claims, leave out tokens and
        add fields of its own. The claims that identify the user stay as they were. An
        error that it raises refuses the login, or reaches the caller that wanted the
        change.
        """
        self._hooks.before_saved.append(hook)
        return hook

    def after_login(self, hook: LoginHook) -> LoginHook:
        """Register a function that is called after a login, as a decorator.

        It is called with a copy of the session and with the parameters of the login:
        ``next``, and such as ``screen_hint``. A response that it returns answers in
        place of the redirect to ``next``. An error that it raises refuses the login.
        """
        self._hooks.after_login.append(hook)
        return hook

    def _limit_of(self, coroutine: Coroutine[t.Any, t.Any, t.Any]) -> float | None:
        name = getattr(coroutine, "__name__", None)
        return None if name in WAITING else self.config.timeout

    def _run(self, coroutine: Coroutine[t.Any, t.Any, T], limit: float | None) -> T:
        with changes_announced():
            try:
                return loop.run(coroutine, limit)
            except TimeoutError as error:
                raise TenantUnavailable() from error

    def _call(self, ask: Callable[[Client], Coroutine[t.Any, t.Any, T]]) -> T:
        state = state_of(current_app)
        try:
            with translated():
                return self._run(ask(state.client), state.config.timeout)
        except Auth0Error as error:
            offer_way_on(error)
            raise

    async def _going_on(self, asked: Callable[[], Coroutine[t.Any, t.Any, T]]) -> T:
        try:
            with translated():
                return await asked()
        except Auth0Error as error:
            offer_way_on(error)
            raise
