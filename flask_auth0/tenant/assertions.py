"""``private_key_jwt``: what a client has signed with its own key (RFC 7523)."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from .model import Client

if TYPE_CHECKING:
    from .tenant import Tenant

#: Auth0's, and one that the SDK can sign with as well.
ALGORITHMS = ["RS256", "RS384", "PS256", "ES256"]

#: By how many seconds a client's clock may be wrong.
LEEWAY = 60


class PrivateKeyJWT(JWTBearerClientAssertion):
    """A client assertion for this tenant, good once."""

    CLIENT_AUTH_METHOD: str = "private_key_jwt"

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(leeway=LEEWAY)
        self._tenant = tenant
        self._spent = SpentIdentifiers()

    def get_audiences(self) -> list[str]:
        """Both that RFC 7523 allows; the SDK sends the issuer."""
        return [self._tenant.issuer, f"{self._tenant.url}/oauth/token"]

    def resolve_client_public_key(self, client: Client) -> KeySet:
        self.authenticate_client(client)
        return KeySet([_import(pem) for pem in client.public_keys])

    def extract_assertion(self, assertion: str) -> Any:
        """The headers and claims, which Authlib 1.7 takes unseen from anybody."""
        try:
            headers, claims = super().extract_assertion(assertion)
        except (JoseError, ValueError):
            raise InvalidClientError("The assertion is no JWT.") from None
        if not isinstance(claims, dict) or not isinstance(claims.get("sub"), str):
            raise InvalidClientError("The assertion names no client.")
        return headers, claims

    def process_assertion_claims(self, assertion: str, resolve_key: KeySet) -> Any:
        """The claims, signed with one of the client's keys."""
        headers, claims = self.extract_assertion(assertion)
        client = self._tenant.find_client(claims["sub"])
        only = client.token_endpoint_auth_signing_alg if client else None
        if headers.get("alg") not in ([only] if only else ALGORITHMS):
            raise InvalidClientError("The assertion's algorithm is not accepted.")
        for key in resolve_key.keys:
            try:
                token = jwt.decode(assertion, key, ALGORITHMS)
            except (JoseError, ValueError):
                continue
            self.verify_claims(token.claims)
            return token.claims
        raise InvalidClientError("No key of the client has signed the assertion.")

    def validate_jti(self, claims: dict[str, Any], jti: Any) -> bool:
        return self._spent.spend(f"{claims['sub']} {jti}", claims["exp"] + LEEWAY)


class SpentIdentifiers:
    """The ``jti`` of assertions that were accepted, until these expire."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._expiry: dict[str, float] = {}

    def spend(self, identifier: str, expiry: float) -> bool:
        """Whether nobody has spent it before."""
        with self._lock:
            now = time.time()
            self._expiry = {k: v for k, v in self._expiry.items() if v > now}
            if identifier in self._expiry:
                return False
            self._expiry[identifier] = expiry
            return True


def _import(pem: str) -> RSAKey | ECKey:
    raw = load_pem_public_key(pem.encode())
    if isinstance(raw, EllipticCurvePublicKey):
        elliptic: ECKey = ECKey.import_key(pem)
        return elliptic
    key: RSAKey = RSAKey.import_key(pem)
    return key
