"""DPoP (RFC 9449): access tokens that are good with a key only."""

from __future__ import annotations

import hashlib
import time
from base64 import urlsafe_b64encode
from hmac import compare_digest
from typing import Any

from authlib.oauth2 import OAuth2Error
from flask import request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jws import extract_compact

from .context import get_tenant
from .proofs import WINDOW


class InvalidProof(OAuth2Error):
    """There is a DPoP header, and it proves nothing."""

    error: str = "invalid_dpop_proof"


class NonceNeeded(OAuth2Error):
    """The proof has to be made again, with the nonce of this answer."""

    error: str = "use_dpop_nonce"
    description = "Authorization server requires nonce in DPoP proof"

    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce = nonce

    def get_headers(self) -> list[tuple[str, str]]:
        headers: list[tuple[str, str]] = super().get_headers()
        return [*headers, ("DPoP-Nonce", self.nonce)]


def thumbprint_of_proof(access_token: str | None = None) -> str | None:
    """The thumbprint of the key that has signed this request, if one has."""
    proof = request.headers.get("DPoP")
    if proof is None:
        return None
    try:
        key, claims = _verify(proof)
    except (JoseError, KeyError, ValueError, TypeError) as error:
        raise InvalidProof("The DPoP proof is not valid.") from error
    _check(claims, access_token)
    return key.thumbprint()


def _verify(proof: str) -> tuple[ECKey, dict[str, Any]]:
    header = extract_compact(proof.encode()).protected
    if header["typ"] != "dpop+jwt" or "d" in header["jwk"]:
        raise ValueError("not a proof")
    key = ECKey.import_key(header["jwk"])
    return key, jwt.decode(proof, key, ["ES256"]).claims


def _check(claims: dict[str, Any], access_token: str | None) -> None:
    tenant = get_tenant()
    if claims.get("htm") != request.method or not claims.get("jti"):
        raise InvalidProof("The DPoP proof is of another request.")
    if claims.get("htu") != f"{tenant.url}{request.path}":
        raise InvalidProof("The DPoP proof is for another address.")
    issued_at = claims.get("iat")
    if not isinstance(issued_at, int) or abs(time.time() - issued_at) > WINDOW:
        raise InvalidProof("The DPoP proof is too old.")
    if access_token is not None and not _is_hash(claims.get("ath"), access_token):
        raise InvalidProof("The DPoP proof is for another token.")
    if not tenant.dpop_proofs.add(str(claims["jti"]), issued_at):
        raise InvalidProof("The DPoP proof was used before.")
    if tenant.dpop_nonce and claims.get("nonce") != tenant.dpop_nonce:
        raise NonceNeeded(tenant.dpop_nonce)


def _is_hash(given: Any, access_token: str) -> bool:
    digest = hashlib.sha256(access_token.encode()).digest()
    expected = urlsafe_b64encode(digest).rstrip(b"=")
    return compare_digest(expected, str(given).encode())
