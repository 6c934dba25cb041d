"""Logins of one person without a tenant, in development and in tests alone."""

from __future__ import annotations

import secrets
import typing as t
from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode, urlsplit

from auth0_server_python.auth_types import (
    StartInteractiveLoginOptions,
    TransactionData,
)

from ..config import Config
from ..errors import ConfigurationError
from ..runtime.clock import Clock
from ..runtime.request import CurrentRequest
from ..sessions.flows import Arrival, Departure, completed, departing, during
from ..sessions.token_sets import DEFAULT_AUDIENCE
from ..sessions.transaction_store import transaction_key
from .dispatch import store_options
from .server_client import Logins, LoopClient

#: What stands for a code, and for an access token: no API takes it.
CODE, ACCESS_TOKEN = "development", "development-access-token"
#: Seconds for which the token lasts.
_LIFETIME = 86400


class DevelopmentLogins(Logins):
    """Logs in the person of ``AUTH0_DEVELOPMENT_USER``, whoever it is that asks.

    A login comes back to the callback at once, and is a login like any other there.
    """

    def __init__(self, client: LoopClient, config: Config, clock: Clock) -> None:
        super().__init__(client, config)
        self._clock = clock

    def start(
        self,
        current: CurrentRequest,
        options: StartInteractiveLoginOptions,
        departure: Departure,
    ) -> str:
        """Return the URL of the callback."""
        name = secrets.token_urlsafe(24)
        _refuse_production(current)
        transaction = TransactionData(
            app_state=options.app_state,
            redirect_uri=departure.redirect_uri,
            organization=options.organization,
        )
        with during(departing, departure):
            state = completed({"state": name})["state"]
            keeping = self._client.transactions.set(
                transaction_key(name), transaction, options=store_options(current)
            )
            self._wait(keeping)
        return f"{departure.redirect_uri}?{urlencode({'code': CODE, 'state': state})}"

    def complete(
        self, current: CurrentRequest, url: str, arrival: Arrival
    ) -> dict[str, t.Any]:
        """Keep the session of the person."""
        _refuse_production(current)
        client, options = self._client, store_options(current)
        user = {"auth_time": self._now(), **(self._config.development_user or {})}
        domain = client.domains.of(current)
        self._wait(client.store.begin(self._state(user, domain), options))
        (name,) = parse_qs(urlsplit(url).query)["state"]
        self._wait(client.transactions.delete(transaction_key(name), options))
        # The callback tells of it itself, and has an answer for the browser.
        current.tell_of_login = None
        return {"state_data": {"user": user}}

    def _state(self, user: Mapping[str, t.Any], domain: str) -> dict[str, t.Any]:
        token_set = {
            "audience": self._config.audience or DEFAULT_AUDIENCE,
            "access_token": ACCESS_TOKEN,
            "scope": self._config.scope,
            "expires_at": self._now() + _LIFETIME,
        }
        return {
            "user": user,
            "id_token": None,
            "refresh_token": None,
            "token_sets": [token_set],
            "connection_token_sets": [],
            "domain": domain,
            "internal": {"sid": secrets.token_hex(8), "created_at": self._now()},
        }

    def _now(self) -> int:
        return int(self._clock.time())


def _refuse_production(current: CurrentRequest) -> None:
    """Refuse an app that is not in development any more, as it was at its start.

    :raises ConfigurationError: where real users may be.
    """
    if not (current.app.debug or current.app.testing):
        raise ConfigurationError(
            "AUTH0_DEVELOPMENT_USER is set, and the app is neither in debug nor in "
            "testing mode any more: unset it."
        )
