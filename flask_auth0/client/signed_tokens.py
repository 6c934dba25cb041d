"""The claims of tokens that the tenant has signed for this app."""

from __future__ import annotations

import typing as t

import jwt

from ..config import Config
from ..errors import TenantUnavailable
from .responses import check_token
from .signing_keys import Keys, Patience, find_key


class Documents(t.Protocol):
    """The source of the documents that a tenant publishes."""

    async def metadata(self, domain: str) -> dict[str, t.Any]:
        """Return the discovery document of a tenant."""

    async def jwks(self, domain: str) -> Keys:
        """Return the signing keys of a tenant."""

    async def newer_jwks(self, jwks: Keys, patience: Patience) -> Keys:
        """Return newer keys than these."""


class SignedTokens:
    """Verifies tokens, with newer keys where the known ones do not fit.

    :param documents: finds the tenant's keys.
    """

    def __init__(self, config: Config, documents: Documents) -> None:
        self._config, self._documents = config, documents

    async def claims(
        self, token: str, jwks: Keys, patience: Patience
    ) -> dict[str, t.Any]:
        """Return the claims of a token.

        :param patience: says how often an unknown key is looked for.
        :raises jwt.InvalidTokenError: when the token is not good.
        :raises ValueError: when the tenant has no key for it.
        """
        kid = jwt.get_unverified_header(token).get("kid")
        key = find_key(jwks, kid)
        if key is not None:
            try:
                return await self._verified_with(key, token)
            except jwt.InvalidSignatureError as error:
                # Without a kid, only a wrong signature tells that the tenant has a new
                # key.
                jwks = await self._newer_jwks_for(error, kid, jwks, patience)
        else:
            jwks = await self._documents.newer_jwks(jwks, patience)
        key = find_key(jwks, kid)
        if key is None:
            raise ValueError("The tenant has no key that can have signed the token.")
        return await self._verified_with(key, token)

    async def _newer_jwks_for(
        self,
        error: jwt.InvalidSignatureError,
        kid: str | None,
        jwks: Keys,
        patience: Patience,
    ) -> Keys:
        """Return newer keys for a token whose signature does not fit its key.

        :raises jwt.InvalidSignatureError: when no newer keys can fit.
        """
        if kid is not None:
            raise error
        try:
            return await self._documents.newer_jwks(jwks, patience)
        except TenantUnavailable:
            raise error from None

    async def _verified_with(
        self, key: t.Mapping[str, t.Any], token: str
    ) -> dict[str, t.Any]:
        metadata = await self._documents.metadata(self._config.domain)
        return check_token(token, key, self._config.client_id, metadata["issuer"])
