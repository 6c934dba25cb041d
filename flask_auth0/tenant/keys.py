"""The tenant's RS256 keys: signing, publishing and rotating them."""

from __future__ import annotations

import secrets
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey


class SigningKeys:
    """Signs with the newest key; publishes those that are not dropped."""

    def __init__(self) -> None:
        self.published: list[RSAKey] = [_generate()]
        self._dropped: list[RSAKey] = []

    @property
    def kid(self) -> str:
        return str(self.published[0].kid)

    def rotate(self, *, keep_old: bool) -> str:
        """Sign with a new key; the old ones stay in the JWKS, or go at once."""
        old, new = self.published, [_generate()]
        if keep_old:
            new += old
        else:
            self._dropped += old
        # One assignment, so that nobody sees a set without its signing key.
        self.published = new
        return self.kid

    def sign(self, claims: dict[str, Any], typ: str = "JWT") -> str:
        key = self.published[0]
        header = {"alg": "RS256", "typ": typ, "kid": key.kid}
        return jwt.encode(header, claims, key, ["RS256"])

    def claims(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that was signed here, expired or not."""
        # A logout hint stays good when the key that signed it is gone.
        keys = KeySet([*self.published, *self._dropped])
        try:
            return jwt.decode(token, keys, ["RS256"]).claims
        except (JoseError, ValueError):
            return None

    def as_jwks(self) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in self.published]}


def _generate() -> RSAKey:
    parameters = {"use": "sig", "alg": "RS256", "kid": secrets.token_urlsafe(12)}
    key: RSAKey = RSAKey.generate_key(2048, parameters)  # type: ignore[arg-type]
    return key
