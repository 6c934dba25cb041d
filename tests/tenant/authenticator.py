"""A passkey in software: what a browser and its authenticator answer."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from flask_auth0.tenant.passkeys import encoded


class Authenticator:
    """One key pair for ES256."""

    def __init__(self, rp_id: str = "localhost") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.rp_id = rp_id
        self.origin = f"http://{rp_id}:5000"
        self.count = 0

    def create(self, options: Any, **changes: bytes) -> dict[str, Any]:
        """What ``navigator.credentials.create`` returns, in JSON."""
        numbers = self.key.public_key().public_numbers()
        cose = b"\xa5\x01\x02\x03\x26\x20\x01"
        cose += b"\x21\x58\x20" + numbers.x.to_bytes(32, "big")
        cose += b"\x22\x58\x20" + numbers.y.to_bytes(32, "big")
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        data = self._data(0x41) + credential
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"
        attestation += bytes([len(data)]) + data
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", options),
            attestationObject=attestation,
            **changes,
        )

    def get(self, options: Any, **changes: bytes) -> dict[str, Any]:
        """What ``navigator.credentials.get`` returns, in JSON."""
        self.count += 1
        client_data = self._client_data("webauthn.get", options)
        data = self._data(0x01)
        signed = data + hashlib.sha256(client_data).digest()
        parts = {
            "clientDataJSON": client_data,
            "authenticatorData": data,
            "signature": self.key.sign(signed, ec.ECDSA(SHA256())),
            **changes,
        }
        return self._answer(**parts)

    def _client_data(self, kind: str, options: Any) -> bytes:
        claims = {"type": kind, "challenge": options["challenge"]}
        return json.dumps({**claims, "origin": self.origin}).encode()

    def _data(self, flags: int) -> bytes:
        rp_hash = hashlib.sha256(self.rp_id.encode()).digest()
        return rp_hash + bytes([flags]) + self.count.to_bytes(4, "big")

    def _answer(self, **parts: bytes) -> dict[str, Any]:
        response = {name: encoded(value) for name, value in parts.items()}
        identifier = encoded(self.id)
        return {
            "id": identifier,
            "rawId": identifier,
            "type": "public-key",
            "response": response,
        }
