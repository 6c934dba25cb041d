"""Access tokens as a tenant would make them, and as it would not, and their proofs."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
import typing as t

from jwcrypto.common import json_encode
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from flask_auth0.tenant import Tenant

API = "https://api.example.com"


def make_claims(tenant: Tenant, **changes: t.Any) -> dict[str, t.Any]:
    """The claims of a good access token; ``None`` leaves one out."""
    now = int(time.time())
    claims = {
        "iss": tenant.issuer,
        "sub": "auth0|ada",
        "aud": [API, f"{tenant.issuer}userinfo"],
        "iat": now,
        "exp": now + 3600,
        "scope": "openid read:messages",
        "permissions": ["read:messages"],
        "client_id": "another-client",
        "jti": secrets.token_urlsafe(12),
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def make_token(tenant: Tenant, typ: str = "at+jwt", **changes: t.Any) -> str:
    """A token that the tenant signed."""
    return tenant.keys.sign(make_claims(tenant, **changes), typ)


def bearer(token: str) -> dict[str, str]:
    """The header of a request with a token."""
    return {"Authorization": f"Bearer {token}"}


class Prover:
    """A client with a key of its own, which its access tokens are bound to.

    :param parameters: of the key, as jwcrypto has them.
    """

    def __init__(self, algorithm: str = "ES256", **parameters: t.Any) -> None:
        self.key: JWK = JWK.generate(**(parameters or {"kty": "EC", "crv": "P-256"}))
        self.algorithm = algorithm

    def token(self, tenant: Tenant, **changes: t.Any) -> str:
        """A token that is bound to the key."""
        binding = {"jkt": self.key.thumbprint()}
        return make_token(tenant, **{"cnf": binding, **changes})

    def proof(
        self,
        token: str,
        url: str,
        method: str = "GET",
        *,
        header: dict[str, t.Any] | None = None,
        **changes: t.Any,
    ) -> str:
        """A proof for a request; ``None`` leaves out a claim."""
        digest = hashlib.sha256(token.encode()).digest()
        claims = {
            "jti": secrets.token_urlsafe(12),
            "htm": method,
            "htu": url,
            "iat": int(time.time()),
            "ath": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            **changes,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        signed = JWS(json_encode(kept))
        export = self.key.export if self.key.is_symmetric else self.key.export_public
        public = export(as_dict=True)
        told = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": public}
        signed.allowed_algs = [self.algorithm, "HS256"]
        signed.add_signature(self.key, None, json_encode(told | (header or {})))
        return str(signed.serialize(compact=True))

    def headers(self, tenant: Tenant, url: str, method: str = "GET") -> dict[str, str]:
        """The headers of a request with a new token."""
        token = self.token(tenant)
        proof = self.proof(token, url, method)
        return {"Authorization": f"DPoP {token}", "DPoP": proof}
