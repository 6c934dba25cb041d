"""Compresses JSON that has JSON Web Tokens in it, without loss.

Most of a token is JSON in base64, which hides from zlib the texts that tokens and the
claims of the user have in common. Tokens are therefore decoded first, except for their
signatures, which are random.
"""

from __future__ import annotations

import re
import typing as t
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

#: The preset dictionary of zlib, the most frequent texts last. With one changed byte no
#: cookie opens any more, so a change needs a new format byte.
_FAMILIAR = (
    b"google-oauth2|windowslive|samlp|waad|https://lh3.googleusercontent.com/a/"
    b'"login_hint":"connection":"auth_time":"acr":"amr":["mfa"],"org_name":"'
    b'"org_id":"org_"permissions":["read:"],"roles":["admin"],"azp":"'
    b'"gty":"at_hash":"c_hash":"locale":"en","phone_number":"'
    b'{"typ":"JWT","alg":"RS256","kid":"{"alg":"RS256","typ":"at+jwt","kid":"'
    b'{"alg":"RS256","typ":"JWT","kid":"'
    b'"user_agent":"Mozilla/5.0 ("address":"login_hint":null,"lifetime":86400'
    b'"token_sets":[{"audience":"https://api.default","access_token":"eyJ'
    b'"scope":"openid profile email offline_access","expires_at":17'
    b'"asked_for":"openid profile email","connection_token_sets":[]}'
    b'"refresh_token":null,"refresh_token":"v1.M'
    b'"id_token":"","domain":".us.auth0.com.eu.auth0.com"'
    b',"internal":{"sid":"created_at":17,"session_expires_at":null'
    b'"session_id":"seen":17,"login":[17],"longest":259200,"body_key":"'
    b'"version":1,{"user":{"given_name":"family_name":"nickname":"name":"'
    b'"picture":"https://s.gravatar.com/avatar/?s=480&r=pg&d=https%3A%2F%2F'
    b'cdn.auth0.com%2Favatars%2F.png","updated_at":"2026-01-01T00:00:00.000Z"'
    b',"email":"@gmail.com","@example.com","email_verified":true,"iss":"https://'
    b'.auth0.com/","aud":"","sub":"auth0|","iat":17,"exp":17,"sid":"","nonce":"'
)
#: The most bytes of a preset dictionary: zlib's window is 32 KB.
_WINDOW = 32_000

#: Below this many bytes, a text that is at most so much longer has none of its own
#: codes. To read them takes longer than the text, and heads are read with each request
#: of somebody else. What repeats another value is the body of a cookie, which is rarely
#: read and has to be short.
_SHORT, _LONGER = 2048, 32

#: Reads what is packed: the compressed text, and the signatures.
_PARTS = msgspec.msgpack.Decoder(list[bytes])

_TOKEN = re.compile(rb'(?<=")(eyJ[\w-]+)\.(eyJ[\w-]+)\.([\w-]+)(?=")')
#: Control characters, which JSON escapes, around and between the parts of a token.
_BEGIN, _NEXT, _END = b"\x01", b"\x02", b"\x03"
_APART = re.compile(rb"\x01([^\x01-\x03]*)\x02([^\x01-\x03]*)\x03")


def pack(plain: bytes, like: bytes = b"") -> bytes:
    """Return JSON in fewer bytes.

    :param like: bytes that the JSON may repeat, which :func:`unpack` needs again.
    """
    signatures: list[bytes] = []
    text = _TOKEN.sub(lambda found: _apart(found, signatures), plain)
    compressed = _compressed(text, like)
    return msgspec.msgpack.encode([compressed, *signatures])


def unpack(packed: bytes, like: bytes = b"") -> bytes:
    """Return the JSON that was packed.

    :raises ValueError: when it was not packed here, or with another ``like``.
    """
    compressed, *signatures = _PARTS.decode(packed)
    decompressor = zlib.decompressobj(zdict=_dictionary(like))
    try:
        text = decompressor.decompress(compressed)
    except zlib.error as error:
        raise ValueError("This is not compressed.") from error
    if not decompressor.eof:
        raise ValueError("The end is missing.")
    if not signatures:
        return text
    rest = iter(signatures)
    return _APART.sub(lambda found: _together(found, rest), text)


def _compressed(text: bytes, like: bytes) -> bytes:
    dictionary = _dictionary(like)
    shortest = _deflated(text, dictionary, zlib.Z_DEFAULT_STRATEGY)
    if like or len(text) >= _SHORT:
        return shortest
    fixed = _deflated(text, dictionary, zlib.Z_FIXED)
    return fixed if len(fixed) <= len(shortest) + _LONGER else shortest


def _deflated(text: bytes, dictionary: bytes, strategy: int) -> bytes:
    compressor = zlib.compressobj(9, strategy=strategy, zdict=dictionary)
    return compressor.compress(text) + compressor.flush()


def _dictionary(like: bytes) -> bytes:
    return _FAMILIAR + like[-_WINDOW + len(_FAMILIAR) :] if like else _FAMILIAR


def _apart(found: re.Match[bytes], signatures: list[bytes]) -> bytes:
    """Return a token's header and payload as JSON, if they encode to the same token."""
    header, payload, signature = parts = [_decoded(part) for part in found.groups()]
    is_same = [_encoded(part) for part in parts] == list(found.groups())
    if not is_same or re.search(rb"[\x01-\x03]", header + payload):
        return found[0]
    signatures.append(signature)
    return _BEGIN + header + _NEXT + payload + _END


def _together(found: re.Match[bytes], signatures: t.Iterator[bytes]) -> bytes:
    parts = (*found.groups(), next(signatures, b""))
    return b".".join(map(_encoded, parts))


def _encoded(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


def _decoded(text: bytes) -> bytes:
    if len(text) % 4 == 1:
        # No base64 has a length of this remainder.
        return b""
    return urlsafe_b64decode(text + b"=" * (-len(text) % 4))
