"""Encryption of states and transactions: keys from secrets, and their rotation."""

from __future__ import annotations

import functools
import hmac
import json
import os
import typing as t
from base64 import urlsafe_b64encode
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .packing import pack, unpack

_NONCE = 12
#: Makes standard base64 of that for URLs.
STANDARD: bytes = bytes.maketrans(b"-_", b"+/")
#: The same, without the characters of standard base64 itself.
_URL_ALONE = bytes.maketrans(b"-_+/", b"+/!!")
_PLAIN, _PACKED, _PACKED_LIKE = b"\0", b"\2", b"\3"
#: Below this many bytes, compression costs more than it saves.
_WORTH_COMPRESSING = 512
#: Returns a value as JSON. ``json.dumps`` makes an encoder for each call with options.
_dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def derive_key(secret: str, purpose: str) -> bytes:
    """Derive 32 bytes for one purpose from a secret (HKDF, RFC 5869)."""
    info = f"flask_auth0 {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(
        secret.encode()
    )


class Sealer:
    """Encrypts and authenticates JSON values, with AES-256-GCM.

    :param secrets: the first one seals, all of them open.
    :param purpose: texts that are sealed for one purpose cannot be opened for another.
    """

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        keys = [derive_key(secret, purpose) for secret in secrets]
        self._ciphers = [AESGCM(key) for key in keys]
        self._secrets, self._purpose = secrets, f"{purpose} tag"

    @property
    def has_older(self) -> bool:
        """Whether there are older secrets, so that texts are to be sealed anew."""
        return len(self._ciphers) > 1

    @functools.cached_property
    def _tag_keys(self) -> list[bytes]:
        return [derive_key(secret, self._purpose) for secret in self._secrets]

    def seal(self, value: t.Any, context: str, like: t.Any = None) -> str:
        """Return a sealed text, which opens in the same context only.

        :param like: a value of which parts may repeat; opening needs the same one.
        """
        plain = _dumps(value).encode()
        if like is not None:
            packed = _PACKED_LIKE + pack(plain, _dumps(like).encode())
        elif len(plain) < _WORTH_COMPRESSING:
            packed = _PLAIN + plain
        else:
            packed = _PACKED + pack(plain)
        return self._encrypted(packed, context)

    def seal_as_it_is(self, value: t.Any, context: str) -> str:
        """Return a sealed text that is not compressed, to be kept for a moment."""
        return self._encrypted(_PLAIN + _dumps(value).encode(), context)

    def open(self, text: str, context: str, like: t.Any = None) -> t.Any:
        """Return the value that was sealed, or ``None`` for any other text.

        :param like: as in :meth:`seal`.
        """
        return self.weigh(text, context, like)[0]

    def weigh(self, text: str, context: str, like: t.Any = None) -> tuple[t.Any, int]:
        """Return the value as :meth:`open` does, and how many bytes it is as JSON."""
        raw = _decoded(text)
        packed = self._decrypt(raw[:_NONCE], raw[_NONCE:], context.encode())
        if packed is None:
            return None, 0
        try:
            plain = _unpacked(packed[:1], packed[1:], like)
            return loads_json(plain), len(plain)
        except (ValueError, RecursionError):
            # The key is right, but the text is of another version or program.
            return None, 0

    def tag(self, text: str) -> str:
        """Return a short text that only the holder of the newest secret can make."""
        return _tag(self._tag_keys[0], text)

    def has_tag(self, text: str, tag: str) -> bool:
        """Tell whether a tag was made for a text, with any of the secrets."""
        made = [_tag(key, text) for key in self._tag_keys]
        found = [hmac.compare_digest(each.encode(), tag.encode()) for each in made]
        return any(found)

    def _encrypted(self, packed: bytes, context: str) -> str:
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[0].encrypt(nonce, packed, context.encode())
        return _encoded(nonce + sealed)

    def _decrypt(self, nonce: bytes, sealed: bytes, context: bytes) -> bytes | None:
        if len(nonce) < _NONCE:
            return None
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(nonce, sealed, context)
            except InvalidTag:
                continue
        return None


def _unpacked(form: bytes, packed: bytes, like: t.Any) -> bytes:
    if form == _PLAIN:
        return packed
    return unpack(packed, _dumps(like).encode() if form == _PACKED_LIKE else b"")


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    """Return the bytes of a text in canonical base64, or nothing for any other text."""
    try:
        standard = text.encode().translate(_URL_ALONE)
        raw = a2b_base64(standard + b"==")
    except ValueError:
        return b""
    # What is no base64 was left out, and makes fewer bytes. Of the last characters, the
    # spare bits have to be what they are when the bytes are encoded.
    end = b2a_base64(raw[len(raw) // 3 * 3 :], newline=False).rstrip(b"=")
    is_whole = len(standard) == len(raw) // 3 * 4 + len(end)
    return raw if is_whole and standard.endswith(end) else b""


def loads_json(plain: bytes) -> t.Any:
    """Return the value of a text, as the standard library does.

    :raises ValueError: when it is no JSON.
    """
    try:
        return msgspec.json.decode(plain)
    except msgspec.MsgspecError:
        # The standard library reads NaN as well, which is no JSON.
        return json.loads(plain.decode())


def _tag(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode(), "sha256")
    return urlsafe_b64encode(digest[:18]).decode()
