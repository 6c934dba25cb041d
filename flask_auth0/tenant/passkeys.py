"""Passkeys (Web Authentication): registering them, and checking their signatures."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timezone
from threading import RLock
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from . import cbor
from .model import Person

_USER_PRESENT, _HAS_KEY = 0x01, 0x40
#: ECDSA with P-256 and SHA-256, in the numbers of COSE (RFC 9053).
ES256 = -7


class InvalidPasskey(Exception):
    """What the browser has sent does not prove a passkey."""


@dataclass
class Passkey:
    """Somebody's key, of which the tenant knows the public half."""

    id: str
    credential_id: str
    person: Person
    public_key: ec.EllipticCurvePublicKey
    rp_id: str
    sign_count: int
    name: str = "Passkey"
    created_at: str = field(
        default_factory=lambda: datetime.now(timezone.utc).isoformat()
    )


@dataclass(frozen=True)
class Ceremony:
    """A challenge that a browser has to sign; without a person, to log in."""

    rp_id: str
    person: Person | None = None
    challenge: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    auth_session: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    passkey_id: str = field(default_factory=lambda: f"passkey_{secrets.token_hex(8)}")
    started_at: float = field(default_factory=time.time)

    def is_of(self, sub: str) -> bool:
        return self.person is not None and self.person.sub == sub


class Passkeys:
    """The passkeys of all people; ``tenant.passkeys``."""

    def __init__(self, lock: RLock) -> None:
        #: The host of the app's pages. Browsers take no IP address for one.
        self.rp_id = "localhost"
        #: For how many seconds a challenge can be answered.
        self.lifetime = 300
        self._lock = lock
        self._passkeys: dict[str, Passkey] = {}
        self._ceremonies: dict[str, Ceremony] = {}

    def of(self, sub: str) -> list[Passkey]:
        with self._lock:
            return [p for p in self._passkeys.values() if p.person.sub == sub]

    def remove(self, passkey: Passkey) -> None:
        with self._lock:
            self._passkeys.pop(passkey.credential_id, None)

    def begin(self, person: Person | None = None) -> Ceremony:
        """A new challenge: to register a passkey of somebody, or to log in."""
        ceremony = Ceremony(self.rp_id, person)
        with self._lock:
            self._ceremonies[ceremony.auth_session] = ceremony
        return ceremony

    def take(self, auth_session: str) -> Ceremony:
        """The challenge of that session, once."""
        with self._lock:
            ceremony = self._ceremonies.pop(auth_session, None)
        if ceremony is None or time.time() > ceremony.started_at + self.lifetime:
            raise InvalidPasskey("Invalid or expired auth_session")
        return ceremony

    def register(self, ceremony: Ceremony, response: Any) -> Passkey:
        """Keep the new passkey of a person."""
        answer = _Answer(ceremony, response, "webauthn.create")
        if ceremony.person is None:
            raise InvalidPasskey("The auth_session is not for a new passkey")
        credential_id, key = _new_key(answer.bytes("attestationObject"), ceremony)
        if credential_id != answer.credential_id:
            raise InvalidPasskey("The credential has another id")
        passkey = Passkey(
            ceremony.passkey_id, credential_id, ceremony.person, key, ceremony.rp_id, 0
        )
        with self._lock:
            if credential_id in self._passkeys:
                raise InvalidPasskey("The credential is registered already")
            self._passkeys[credential_id] = passkey
        return passkey

    def authenticate(self, ceremony: Ceremony, response: Any) -> Person:
        """Whose passkey has signed the challenge."""
        answer = _Answer(ceremony, response, "webauthn.get")
        with self._lock:
            passkey = self._passkeys.get(answer.credential_id)
        if passkey is None or ceremony.person is not None:
            raise InvalidPasskey("The passkey is not known")
        data = answer.bytes("authenticatorData")
        _check_authenticator(data, ceremony)
        _check_signature(passkey, data + answer.hash, answer.bytes("signature"))
        self._count(passkey, int.from_bytes(data[33:37], "big"))
        return passkey.person

    def _count(self, passkey: Passkey, sign_count: int) -> None:
        """A counter that does not grow is that of a copy; some have none."""
        with self._lock:
            if (sign_count or passkey.sign_count) and sign_count <= passkey.sign_count:
                raise InvalidPasskey("The passkey seems to be a copy")
            passkey.sign_count = sign_count


class _Answer:
    """What ``navigator.credentials`` has returned, checked against a challenge."""

    def __init__(self, ceremony: Ceremony, response: Any, kind: str) -> None:
        try:
            self.credential_id = str(response["id"])
            self._response: dict[str, Any] = dict(response["response"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidPasskey("The authn_response is not complete") from error
        client_data = self.bytes("clientDataJSON")
        self.hash = hashlib.sha256(client_data).digest()
        _check_client(client_data, ceremony, kind)

    def bytes(self, name: str) -> bytes:
        try:
            return decoded(self._response[name])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidPasskey(f"The authn_response has no {name}") from error


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _check_client(client_data: bytes, ceremony: Ceremony, kind: str) -> None:
    try:
        claims = dict(json.loads(client_data))
        host = urlsplit(str(claims.get("origin"))).hostname or ""
    except (TypeError, ValueError) as error:
        raise InvalidPasskey("The clientDataJSON is not JSON") from error
    if claims.get("type") != kind or claims.get("challenge") != ceremony.challenge:
        raise InvalidPasskey("The challenge is another one")
    if host != ceremony.rp_id and not host.endswith(f".{ceremony.rp_id}"):
        raise InvalidPasskey("The origin is not the relying party's")


def _check_authenticator(data: bytes, ceremony: Ceremony) -> None:
    expected = hashlib.sha256(ceremony.rp_id.encode()).digest()
    if len(data) < 37 or not secrets.compare_digest(data[:32], expected):
        raise InvalidPasskey("The passkey is of another relying party")
    if not data[32] & _USER_PRESENT:
        raise InvalidPasskey("Nobody was present")


def _check_signature(passkey: Passkey, data: bytes, signature: bytes) -> None:
    try:
        passkey.public_key.verify(signature, data, ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise InvalidPasskey("The signature is wrong") from error


def _new_key(
    attestation: bytes, ceremony: Ceremony
) -> tuple[str, ec.EllipticCurvePublicKey]:
    try:
        data = cbor.decode(attestation)[0]["authData"]
        _check_authenticator(data, ceremony)
        if not data[32] & _HAS_KEY:
            raise InvalidPasskey("There is no key")
        length = int.from_bytes(data[53:55], "big")
        credential_id, rest = data[55 : 55 + length], data[55 + length :]
        return encoded(credential_id), _public_key(cbor.decode(rest)[0])
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise InvalidPasskey("The attestationObject is not one") from error


def _public_key(cose: dict[int, Any]) -> ec.EllipticCurvePublicKey:
    """The key that is in a map of COSE (RFC 9052, section 7)."""
    if (cose[1], cose[3], cose[-1]) != (2, ES256, 1):
        raise InvalidPasskey("The key is not for ES256")
    x, y = (int.from_bytes(cose[n], "big") for n in (-2, -3))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
