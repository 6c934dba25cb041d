"""The SDK's client, whose flows come back to the callback."""

from __future__ import annotations

import typing as t
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from auth0_server_python.auth_types import (
    CompleteConnectAccountResponse,
    ConnectAccountOptions,
    StartInteractiveLoginOptions,
    StartLinkUserOptions,
)
from auth0_server_python.error import ApiError, MissingTransactionError

from ..errors import LoginFailed, LoginRequired
from ..pages import Text
from ..runtime import loop
from ..runtime.request import current_request
from ..sessions.flows import (
    Departure,
    Kind,
    arriving,
    departing,
    during,
    flow_of,
)
from ..sessions.transaction_store import transaction_key
from . import state_parameter
from .dispatch import OnOurLoop, coroutine_on_loop
from .flows import Flows
from .state_parameter import Relay
from .tokens import TokenClient, require_session

R = t.TypeVar("R")
Options = dict[str, t.Any]
Start = Callable[..., Awaitable[R]]


class FlowClient(TokenClient):
    """The SDK's client, whose flows over the tenant come back to the callback.

    An app may as well complete them in a view of its own: it gives that view's URL as
    the ``redirect_uri``, and calls the SDK's method for that.

    :param flows: lets flows depart, and checks those that arrive.
    """

    def __init__(self, *arguments: t.Any, flows: Flows, **parts: t.Any) -> None:
        self.flows = flows
        super().__init__(*arguments, **parts)

    async def start_interactive_login(
        self,
        options: StartInteractiveLoginOptions | None = None,
        store_options: Options | None = None,
    ) -> str:
        """Begin a login, and return the URL to log in at.

        :param options: a ``next`` in its ``app_state`` is the page to come back to.
        """
        options = options or StartInteractiveLoginOptions()
        return await self._start(
            "login",
            super().start_interactive_login,
            options,
            store_options,
            options.app_state,
            options.authorization_params,
        )

    async def start_connect_account(
        self, options: ConnectAccountOptions, store_options: Options | None = None
    ) -> str:
        """Begin to connect an account, and return the URL where the user does it.

        :param options: a ``next`` in its ``app_state`` is the page to come back to.
        :raises LoginRequired: when nobody is logged in, or only a new login can help.
        """
        require_session()
        return await self._start(
            "connect",
            super().start_connect_account,
            options,
            store_options,
            options.app_state,
            {"redirect_uri": options.redirect_uri},
        )

    async def start_link_user(
        self,
        options: StartLinkUserOptions | Mapping[str, t.Any],
        store_options: Options | None = None,
    ) -> str:
        """Begin to link an account to the user, and return the URL where that is done.

        :param options: a ``next`` in its ``app_state`` is the page to come back to.
        """
        start = super().start_link_user
        return await self._start_change("link", start, options, store_options)

    async def start_unlink_user(
        self,
        options: StartLinkUserOptions | Mapping[str, t.Any],
        store_options: Options | None = None,
    ) -> str:
        """Begin to unlink an account, and return the URL where that is done.

        :param options: as in :meth:`start_link_user`.
        """
        start = super().start_unlink_user
        return await self._start_change("unlink", start, options, store_options)

    async def complete_interactive_login(
        self, url: str, store_options: Options | None = None
    ) -> dict[str, t.Any]:
        """Complete a login with the URL that the tenant has sent the browser to."""
        complete = super().complete_interactive_login
        return await self._complete("login", complete, url, store_options)

    async def complete_connect_account(
        self, url: str, store_options: Options | None = None
    ) -> CompleteConnectAccountResponse:
        """Connect an account with the URL that the tenant has sent the browser to.

        :raises AccountUnchanged: in another session than the one that began it.
        """
        complete = super().complete_connect_account
        return await self._complete("connect", complete, url, store_options)

    async def complete_link_user(
        self, url: str, store_options: Options | None = None
    ) -> dict[str, t.Any]:
        """Link an account with the URL that the tenant has sent the browser to.

        The session stays as it is.

        :raises AccountUnchanged: in another session than the one that began it.
        """
        complete = super().complete_link_user
        return await self._complete("link", complete, url, store_options)

    async def complete_unlink_user(
        self, url: str, store_options: Options | None = None
    ) -> dict[str, t.Any]:
        """Unlink an account with the URL that the tenant has sent the browser to.

        The session stays as it is.

        :raises AccountUnchanged: in another session than the one that began it.
        """
        complete = super().complete_unlink_user
        return await self._complete("unlink", complete, url, store_options)

    @property
    def passwordless(self) -> t.Any:
        """The SDK's client for passwordless logins."""
        return Passwordless(super().passwordless, self, self._config.timeout)

    # Departures

    async def _start_change(
        self,
        kind: Kind,
        start: Start[str],
        options: StartLinkUserOptions | Mapping[str, t.Any],
        store_options: Options | None,
    ) -> str:
        require_session()
        given = _as_dictionary(options)
        asked, state = given.get("authorization_params"), given.get("app_state")
        return await self._start(kind, start, given, store_options, state, asked)

    async def _start(
        self,
        kind: Kind,
        start: Start[R],
        options: t.Any,
        store_options: Options | None,
        app_state: t.Any,
        asked: Mapping[str, t.Any] | None,
    ) -> R:
        departure = departing.get()
        if departure is None:
            departure = await self.departure(kind, app_state, asked or {})
        with during(departing, departure):
            arguments, limit = (options, store_options), self._config.timeout
            return await coroutine_on_loop(start, arguments, {}, limit)

    async def departure(
        self, kind: Kind, app_state: t.Any, asked: Mapping[str, t.Any]
    ) -> Departure:
        """Return a flow that a view of the app has asked for.

        :param app_state: the app's own data.
        :param asked: parameters of the authorization request.
        """
        claims = await self.user_of_session()
        if claims is None and kind != "login":
            raise LoginRequired()
        wanted = app_state.get("next") if isinstance(app_state, Mapping) else None

        def depart() -> Departure:
            page = self.flows.page(wanted if isinstance(wanted, str) else None)
            always = self._config.authorization_params or {}
            return self.flows.departure(
                Relay(page, kind=kind),
                claims,
                page=page,
                asked={**always, **asked},
                redirect_uri=asked.get("redirect_uri"),
            )

        return await loop.where_called(depart)

    async def user_of_session(
        self, store_options: Options | None = None
    ) -> dict[str, t.Any] | None:
        """Return the claims of the user who is logged in, or ``None``."""
        if not self.store.needs_loop:
            return await self.store.user()
        return await coroutine_on_loop(super().get_user, (store_options,), {})

    # Arrivals

    async def _complete(
        self,
        kind: Kind,
        complete: Start[R],
        url: str,
        store_options: Options | None,
    ) -> R:
        limit = self._config.timeout
        if arriving.get() is not None:
            return await coroutine_on_loop(complete, (url, store_options), {}, limit)
        if kind == "login":
            await self.require_login(current_request())
        arguments = (kind, complete, url, store_options)
        return await coroutine_on_loop(self._arrive, arguments, {}, limit)

    async def _arrive(
        self,
        kind: Kind,
        complete: Start[R],
        url: str,
        store_options: Options | None = None,
    ) -> R:
        query = parse_qs(urlsplit(url).query)
        sent = query.get("state", [""])[0]
        sdk_state, relay = state_parameter.split(sent, self.flows.sealer)
        key = transaction_key(sdk_state)
        transaction = await self.transactions.whole(key, store_options)
        if transaction is None:
            raise MissingTransactionError()
        flow = flow_of(transaction)
        try:
            if flow is None or flow.kind != kind or relay is None:
                raise LoginFailed(Text("This is the end of something else."))
            claims = await self.user_of_session(store_options)
            arrival = await loop.where_called(lambda: self.flows.arrival(flow, claims))
            if "error" in query:
                told = query.get("error_description", [""])[0]
                raise ApiError(query["error"][0], told)
            with during(arriving, arrival):
                return await complete(
                    state_parameter.for_sdk(url, sdk_state), store_options
                )
        except Exception:
            # The SDK keeps the transaction of a login that has failed.
            await self.transactions.delete(key, store_options)
            raise


class Passwordless(OnOurLoop):
    """The SDK's client for passwordless logins, whose links lead to the callback."""

    def __init__(self, client: t.Any, flows: FlowClient, limit: float) -> None:
        super().__init__(client, limit)
        self._flows = flows

    async def start(
        self,
        options: t.Any,
        store_options: Options | None = None,
        *,
        next: str | None = None,
    ) -> t.Any:
        """Send a code or a link.

        :param next: the page that a link leads to.
        """
        asked = getattr(options, "auth_params", None) or {}
        departure = await self._flows.departure("login", {"next": next}, asked)
        with during(departing, departure):
            return await coroutine_on_loop(
                self._client.start, (options, store_options), {}, self._limit
            )

    async def verify(
        self, options: t.Any, store_options: Options | None = None
    ) -> t.Any:
        """Log in with a code that the tenant has sent.

        :raises PasswordlessVerifyError: when the code is wrong, or the answer is not
            good.
        :raises MfaRequiredError: when a second factor is needed.
        :raises Auth0Error: when the login could not be kept, before the code is spent.
        """
        await self._flows.require_login(current_request())
        arguments = (options, store_options)
        return await coroutine_on_loop(self._client.verify, arguments, {}, self._limit)


def _as_dictionary(options: StartLinkUserOptions | Mapping[str, t.Any]) -> Options:
    """Return options as the SDK reads them, which differs from its own class."""
    given = (
        options.model_dump(exclude_none=True)
        if isinstance(options, StartLinkUserOptions)
        else {**options}
    )
    scope = given.pop("connection_scope", None)
    return {"connectionScope": scope, **given} if scope else given
