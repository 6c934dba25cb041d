"""Sessions outside of their requests: in tasks, threads and commands."""

from __future__ import annotations

import asyncio
import typing as t
from collections.abc import Awaitable, Callable

from flask import Flask

from .app_state import AppState, current_state
from .client.client import Client
from .client.dispatch import announce_refresh
from .client.http_auth import HttpAuth, asking
from .client.translation import translated
from .errors import LoginRequired, TenantUnavailable
from .pages import Text
from .runtime import loop
from .runtime.request import (
    CurrentRequest,
    outside_of_requests,
    this_app,
    without_request,
)
from .runtime.tracebacks import without_secrets
from .sessions.directory import Sessions
from .user import User

T = t.TypeVar("T")
Work = Callable[[Client], Awaitable[T]]

_OVER = Text("The session has ended.")


class AllSessions(Sessions):
    """The sessions that the server keeps, as ``auth0.sessions``.

    :raises ConfigurationError: by each method, if the sessions are in cookies or in a
        store of the app's own, which cannot be listed.
    """

    def get(self, id: str) -> BackgroundSession:
        """Return a session, to act for its user outside of any request.

        Nothing is looked up yet. An app context has to be there, as in a command.

        :param id: :attr:`current_id` of a request of the session, or
            :attr:`~flask_auth0.sessions.directory.SessionInfo.id`. Whoever has an id,
            and the app's configuration, can act for its user; a browser cannot use it.
        """
        state, app = current_state(), this_app()
        state.state_store.require_records(app)
        return BackgroundSession(id, app, state)


class BackgroundSession:
    """A session outside of its requests, as ``auth0.sessions.get(id)``.

    Its user and tokens are read anew with each use. Nothing of this counts as activity
    of the user, so that the session ends when it would have ended without it.
    """

    def __init__(self, id: str, app: Flask, state: AppState) -> None:
        #: The id of the session.
        self.id: str = id
        self._calls = _Calls(id, app, state)
        #: The same for async code: each of its methods is awaited, on any event loop.
        self.client: BackgroundClient = BackgroundClient(self._calls)

    def __repr__(self) -> str:
        return f"<BackgroundSession {self.id}>"

    @property
    def user(self) -> User:
        """The user of the session, with the claims of now.

        :raises LoginRequired: when the session has ended.
        """
        return User(self._calls.run(_user_of))

    def get_access_token(
        self,
        audience: str | None = None,
        scope: str | None = None,
        *,
        force_refresh: bool = False,
    ) -> str:
        """Return an access token, as :meth:`.Auth0.get_access_token` does.

        However many ask at the same time, requests of the user among them, one refresh
        reaches the tenant.

        :raises LoginRequired: when the session has ended, or only a new login can help.
        :raises MfaRequired: when a login with one more factor can.
        :raises TenantUnavailable: when the tenant does not answer.
        """
        return self._calls.run(
            lambda client: client.get_access_token(
                audience=audience, scope=scope, force_refresh=force_refresh
            )
        )

    def get_access_token_for_connection(
        self, connection: str, login_hint: str | None = None
    ) -> str:
        """Return an access token of a connection, such as ``google-oauth2``.

        :raises LoginRequired: when the session has ended, or only a new login can help.
        :raises TenantUnavailable: when the tenant does not answer.
        """
        options = {"connection": connection, "login_hint": login_hint}
        return self._calls.run(
            lambda client: client.get_access_token_for_connection(options)
        )

    def http_auth(
        self, audience: str | None = None, scope: str | None = None
    ) -> HttpAuth:
        """Return an ``httpx.Auth``, as :meth:`.Auth0.http_auth` does."""
        return self._calls.http_auth(audience, scope)


class BackgroundClient:
    """The calls of a session outside of its requests, for async code."""

    def __init__(self, calls: _Calls) -> None:
        self._calls = calls

    async def get_user(self) -> dict[str, t.Any]:
        """Return the claims of the user, as they are now.

        :raises LoginRequired: when the session has ended.
        """
        return await self._calls.call(_user_of)

    async def get_access_token(
        self,
        audience: str | None = None,
        scope: str | None = None,
        *,
        force_refresh: bool = False,
    ) -> str:
        """Return an access token, as :meth:`BackgroundSession.get_access_token`."""
        return await self._calls.call(
            lambda client: client.get_access_token(
                audience=audience, scope=scope, force_refresh=force_refresh
            )
        )

    async def get_access_token_for_connection(
        self, connection: str, login_hint: str | None = None
    ) -> str:
        """Return an access token of a connection, such as ``google-oauth2``."""
        options = {"connection": connection, "login_hint": login_hint}
        return await self._calls.call(
            lambda client: client.get_access_token_for_connection(options)
        )


class _Calls:
    """Makes calls of the client for one session, as if in a request of it."""

    def __init__(self, id: str, app: Flask, state: AppState) -> None:
        self._id, self._app, self._state = id, app, state

    def run(self, work: Work[T]) -> T:
        """Do work and wait for its result."""
        current = without_request(self._app)
        try:
            return self._state.wait(self._done(current, work))
        except TimeoutError as error:
            raise TenantUnavailable() from error
        finally:
            announce_refresh(current)

    async def call(self, work: Work[T]) -> T:
        """Do work on our loop, and await its result."""
        current = without_request(self._app)
        limited = asyncio.wait_for(
            self._done(current, work), self._state.config.timeout
        )
        try:
            return await loop.call(limited)
        except asyncio.TimeoutError as error:
            raise TenantUnavailable() from without_secrets(error)
        finally:
            announce_refresh(current)

    def http_auth(self, audience: str | None, scope: str | None) -> HttpAuth:
        """Return an ``httpx.Auth`` that asks for tokens of the session."""
        ask = asking(lambda: self._state.client, audience, scope)
        return HttpAuth(
            ask,
            lambda asked: self.run(lambda client: asked()),
            lambda asked: self.call(lambda client: asked()),
        )

    async def _done(self, current: CurrentRequest, work: Work[T]) -> T:
        store = self._state.state_store
        try:
            with outside_of_requests(current), translated():
                await loop.where_called(lambda: store.resume(current, self._id))
                return await work(self._state.client)
        except LoginRequired as error:
            # A login in the browser that may be waiting here would be another session.
            error.login_url = None
            raise


async def _user_of(client: Client) -> dict[str, t.Any]:
    user = await client.get_user()
    if user is None:
        raise LoginRequired(_OVER)
    return user
