"""Access tokens with which other programs call this app as an API (RFC 9068)."""

from __future__ import annotations

import functools
import hashlib
import typing as t
from collections.abc import Mapping

import jwt
from msgspec import Struct

from ..config import Config
from ..errors import InvalidToken, TenantUnavailable
from ..runtime import loop
from ..runtime.clock import Clock
from ..runtime.recent import Recent
from ..runtime.request import current_request
from ..sessions.domains import Domains
from ..sessions.lifetime import CLOCK_LEEWAY
from .discovery import Discovery, Patience
from .nesting import refuse_deep_header
from .per_domain import PerDomain
from .signed_tokens import Check, Keys, check_token, find_key, verified_claims
from .translation import translated

Claims = Mapping[str, t.Any]

#: The most characters of a token: few servers take a longer header.
_LONGEST = 8192
#: The most tokens that are remembered.
_MOST = 1024
#: The types that the header may name. The last ones are those of Auth0's own profile.
_TYPES = {"at+jwt", "application/at+jwt", "jwt", ""}
#: Claims that only an ID token has (OpenID Connect Core, sections 2 and 3.3.2.11).
_OF_ID_TOKENS = {"nonce", "at_hash", "c_hash"}


class _UnknownKey(jwt.InvalidTokenError):
    """The issuer has no key that can have signed a token."""


class _OtherToken(jwt.InvalidTokenError):
    """A token is of another kind."""


#: Sentences of our own, since those of PyJWT may quote the token.
_REASONS: dict[type, str] = {
    jwt.DecodeError: "The access token is malformed.",
    jwt.ExpiredSignatureError: "The access token has expired.",
    jwt.ImmatureSignatureError: "The access token is not valid yet.",
    jwt.InvalidAudienceError: "The access token is for another API.",
    jwt.InvalidIssuerError: "The access token is of another issuer.",
    jwt.InvalidAlgorithmError: "The access token is signed with another algorithm.",
    jwt.InvalidSignatureError: "The signature of the access token is wrong.",
    jwt.MissingRequiredClaimError: "The access token lacks a claim.",
    _UnknownKey: "The access token is signed with a key that its issuer does not have.",
    _OtherToken: "This is no access token.",
}


class _Verified(Struct, frozen=True):
    """A token that was good."""

    claims: Claims
    #: The keys with which it was verified: it does not outlive them.
    jwks: Keys


class AccessTokens:
    """Verifies access tokens, and remembers those that were good.

    :param domains: tells the tenant of a request.
    :param discovery: finds the tenant's keys.
    :param patience: says how often an unknown key is looked for.
    """

    def __init__(
        self,
        config: Config,
        domains: Domains,
        discovery: Discovery,
        patience: PerDomain[Patience],
        clock: Clock,
    ) -> None:
        self._config, self._domains, self._discovery = config, domains, discovery
        self._patience, self._clock = patience, clock
        self._verified: Recent[bytes, _Verified] = Recent(_MOST)

    def claims(self, token: str) -> Claims:
        """Return the claims of an access token for this app.

        :raises InvalidToken: when the token is not good.
        :raises TenantUnavailable: when the tenant's keys cannot be had.
        """
        domain = self._domains.fixed or self._domains.of(current_request())
        tag, jwks = hashlib.sha256(token.encode()).digest(), self._known_keys(domain)
        found = self._verified.get(tag)
        if found is not None and found.jwks is jwks and self._is_current(found.claims):
            return found.claims
        try:
            with translated():
                claims = self._verify(token, domain)
        except InvalidToken as error:
            # PyJWT's error has the token in its frames.
            raise error from None
        if jwks is not None and jwks is self._known_keys(domain):
            self._verified.keep(tag, _Verified(claims, jwks))
        return claims

    def _known_keys(self, domain: str) -> Keys | None:
        return self._discovery.known("jwks", domain)

    def _is_current(self, claims: Claims) -> bool:
        now: float = self._clock.time()
        return now < t.cast(float, claims["exp"]) + CLOCK_LEEWAY

    def _verify(self, token: str, domain: str) -> Claims:
        try:
            return self._checked(token, domain)
        except jwt.PyJWTError as error:
            kinds = (kind for kind in type(error).__mro__ if kind in _REASONS)
            raise InvalidToken(_REASONS.get(next(kinds, object))) from None

    def _checked(self, token: str, domain: str) -> Claims:
        kid, jwks = _header(token).get("kid"), self._known_keys(domain)
        metadata = self._discovery.known("metadata", domain)
        key = find_key(jwks, kid) if jwks and kid is not None else None
        if key is None or metadata is None:
            checking = self._checked_with_newer_keys(token, domain)
            return loop.run(checking, self._config.timeout)
        # With a key that is known, nothing waits for an event loop.
        return self._check_of(metadata["issuer"])(token, key)

    async def _checked_with_newer_keys(self, token: str, domain: str) -> Claims:
        discovery, patience = self._discovery, self._patience
        check = self._check_of((await discovery.metadata(domain))["issuer"])
        jwks = await discovery.jwks(domain)
        newer = functools.partial(discovery.newer_jwks, domain, jwks, patience)
        try:
            return await verified_claims(token, jwks, newer, check)
        except (TenantUnavailable, ValueError):
            # Whoever sends many tokens with keys of their own is to blame, and not the
            # tenant, which is not asked again so soon.
            raise _UnknownKey from None

    def _check_of(self, issuer: str) -> Check:
        config = self._config
        return functools.partial(check_access_token, config=config, issuer=issuer)


def check_access_token(
    token: str, key: Mapping[str, t.Any], *, config: Config, issuer: str
) -> dict[str, t.Any]:
    """Return the claims of an access token for this app (RFC 9068, section 4).

    :raises jwt.InvalidTokenError: when it is not one.
    """
    claims = check_token(token, key, audience=config.audience or "", issuer=issuer)
    # Where the audience of the API is the client's id, an ID token has it as well.
    if _OF_ID_TOKENS & claims.keys() or config.client_id in _audiences(claims):
        raise _OtherToken
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise jwt.MissingRequiredClaimError("sub")
    return claims


def scopes_of(claims: Claims) -> frozenset[str]:
    """Return the scopes that were granted with an access token."""
    scope = claims.get("scope")
    return frozenset(scope.split() if isinstance(scope, str) else ())


def _header(token: str) -> dict[str, t.Any]:
    """Return the header of a token that nobody has verified.

    :raises jwt.InvalidTokenError: when it cannot be that of an access token, for which
        no key is looked for then.
    """
    if len(token) > _LONGEST:
        raise jwt.DecodeError
    try:
        refuse_deep_header(token)
        header = jwt.get_unverified_header(token)
    except ValueError as error:
        raise jwt.DecodeError from error
    if header.get("alg") != "RS256":
        raise jwt.InvalidAlgorithmError
    if str(header.get("typ") or "").lower() not in _TYPES:
        raise _OtherToken
    return header


def _audiences(claims: Claims) -> list[str]:
    found = claims["aud"]
    return [found] if isinstance(found, str) else found
