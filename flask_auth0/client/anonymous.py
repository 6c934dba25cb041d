"""The SDK's client for anonymous sessions, which begin only where they can be kept."""

from __future__ import annotations

import typing as t

from ..errors import ConfigurationError
from ..runtime.request import current_request
from ..sessions.anonymous_store import AnonymousStore
from .dispatch import OnOurLoop


class Anonymous(OnOurLoop):
    """The SDK's client for anonymous sessions.

    :param store: keeps them; ``None`` where the app shows a certificate, with which the
        SDK cannot ask for them.
    """

    def __init__(
        self, client: t.Any, store: AnonymousStore | None, limit: float
    ) -> None:
        super().__init__(client, limit)
        self._store = store

    async def create_session(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Begin an anonymous session, as the SDK does.

        :raises AnonymousSessionCreateError: when the tenant refuses it.
        :raises ConfigurationError: with ``AUTH0_USE_MTLS``.
        :raises Auth0Error: when it could not be kept.
        """
        if self._store is None:
            raise ConfigurationError(
                "auth0-server-python has no anonymous sessions with AUTH0_USE_MTLS."
            )
        self._store.require_writable(current_request())
        return await self.__getattr__("create_session")(*args, **kwargs)
