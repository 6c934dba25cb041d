"""The state that :class:`.Auth0` leaves on an app, and how requests find it."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Coroutine, Mapping
from functools import cached_property

from flask import Flask, current_app
from msgspec import Struct, field

from .config import EXTENSION, ROUTES, Config
from .errors import Action, ConfigurationError, ProblemLog
from .pages import Page, Translations
from .runtime import loop
from .runtime.clock import Clock
from .runtime.request import current_request

if t.TYPE_CHECKING:
    from .client.access_tokens import AccessTokens
    from .client.client import Client
    from .client.flows import Flows
    from .client.proofs import Proofs
    from .client.repeated_callbacks import CallbackAnswers
    from .client.server_client import Logins
    from .sessions.domains import Domains
    from .sessions.hooks import SessionHooks
    from .sessions.sealing import Sealer
    from .sessions.session_store import SessionStore
    from .sessions.transaction_store import LoginStore

R = t.TypeVar("R")


class AppState(Struct, frozen=True, eq=False, dict=True, weakref=True):
    """The parts of the extension that belong to one app."""

    config: Config
    #: Tells the tenant of a request.
    domains: Domains
    clock: Clock
    client: Client
    logins: Logins
    flows: Flows
    state_store: SessionStore
    transaction_store: LoginStore
    sealer: Sealer
    #: Verifies the tokens of programs that call the app as an API.
    access_tokens: AccessTokens
    #: Checks the proofs with which such tokens come.
    proofs: Proofs
    #: The answers of callbacks, for browsers that request one again.
    callback_answers: CallbackAnswers
    #: Returns the app's own answer in place of :class:`.LoginRequired`, or ``None``.
    unauthorized: Callable[[], t.Any]
    #: Returns the URL of a login that leads back to the page of the current request.
    login_url_here: Callable[[Mapping[str, t.Any]], str | None]
    #: Returns the ways on from a page that is for other accounts.
    ways_to_another_account: Callable[[], list[Action]]
    #: Returns the ways on from a page that may be well in a moment.
    ways_to_try_again: Callable[[], list[Action]]
    #: Returns texts in the language of the current request.
    translations: Translations
    #: What the templates of pages ask for.
    page: Page
    #: The app's functions that change a session before it is kept, or answer a login.
    hooks: SessionHooks
    #: Tells the log what requests find wrong with the app or its deployment.
    problem_log: ProblemLog
    #: The endpoints whose decorators have been checked.
    checked_views: set[str] = field(default_factory=set)
    #: The endpoints of views that have asked for the user after their headers were
    #: sent.
    late_views: set[str | None] = field(default_factory=set)

    @cached_property
    def routes(self) -> dict[str, str]:
        """The endpoints of the routes that are turned on, with their rules."""
        paths = self.config.paths
        return {ROUTES[name].endpoint: path for name, path in paths.items()}

    def wait(self, coroutine: Coroutine[t.Any, t.Any, R]) -> R:
        """Run a coroutine of the SDK to its end, within the app's time limit.

        :raises Exception: that of the app's function that tells the domain.
        """
        self.find_domain(coroutine)
        return loop.run(coroutine, self.config.timeout)

    def find_domain(self, coroutine: Coroutine[t.Any, t.Any, t.Any]) -> None:
        """Find the domain of the current request, before a coroutine may ask for it.

        On the loop, an async function of the app could not be waited for everywhere.
        """
        if self.domains.fixed is not None or current_request().is_empty:
            return
        try:
            self.domains.of(current_request())
        except BaseException:
            coroutine.close()
            raise


def state_of(app: Flask) -> AppState:
    """Return the state of an app.

    :raises ConfigurationError: when ``init_app`` was not called with it.
    """
    try:
        state: AppState = app.extensions[EXTENSION]
    except KeyError:
        raise ConfigurationError(
            f"The app '{app.name}' is not set up with Auth0. "
            "Did you forget to call 'init_app'?"
        ) from None
    return state


def current_state() -> AppState:
    """Return the state of the app that handles the current request."""
    return state_of(current_app)
