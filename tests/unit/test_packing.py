"""Packing is without loss, and tokens need little room."""

from __future__ import annotations

import json
import secrets
import typing as t
import zlib
from base64 import urlsafe_b64encode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_auth0.sessions.packing import _FAMILIAR, pack, unpack
from flask_auth0.sessions.sealing import Sealer

CLAIMS = {
    "sub": "auth0|0123456789abcdef01234567",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "https://app.example.com/department": "Analytical Engines",
}


def encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def token(payload: t.Any = CLAIMS, signature: bytes | None = None) -> str:
    """What looks like a token, with a signature that nobody can make smaller."""
    head = encoded(b'{"alg":"RS256","typ":"JWT","kid":"0123456789"}')
    signature = secrets.token_bytes(256) if signature is None else signature
    return f"{head}.{encoded(json.dumps(payload).encode())}.{encoded(signature)}"


def dumped(value: t.Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


#: A machine that is busy is no reason to fail.
ANY_TIME = settings(deadline=None)
#: Tokens, and what could be taken for one.
ODD = [
    token(),
    token() + "=",
    token()[:-1],
    token() + ".more",
    token(signature=b""),
    token({"odd": "\1\2\3"}),
    f"eyJ.eyJ.{encoded(b'x')}",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    "eyJhbGciOiJub25lIn1.eyJzdWIiOiIxIn1.eA",
    "eyJhbGciOiJkaXIifQ..iv.text.tag",
    f"{encoded(b'{' + bytes(range(1, 9)))}.{encoded(b'{' + bytes([1, 2, 3]))}.eA",
    'a "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.eA" in quotes',
    "\1\2\3",
    "é\u2028😀",
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("like", [b"", dumped(CLAIMS), b"x" * 70_000])
def test_nothing_is_lost(odd: str, like: bytes) -> None:
    for value in (odd, [odd, token(), odd], {odd: [token(), {"id_token": odd}]}):
        plain = dumped(value)
        assert unpack(pack(plain, like), like) == plain


@ANY_TIME
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(ODD),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.text(),
)
def test_nothing_is_lost_of_anything(value: t.Any, like: str) -> None:
    sealer = Sealer(["secret"], "test")
    assert sealer.open(sealer.seal(value, "here", like), "here", like) == value
    assert sealer.open(sealer.seal(value, "here"), "here", like) == value


@ANY_TIME
@given(st.binary())
def test_what_was_not_packed_is_refused(packed: bytes) -> None:
    try:
        unpack(packed, b"like")
    except ValueError:
        return


@pytest.mark.parametrize("value", ["short", [token()] * 3])
def test_what_has_no_end_is_refused(value: t.Any) -> None:
    compressed, *signatures = msgspec.msgpack.decode(pack(dumped(value)))
    for cut in (1, 5, len(compressed) // 2):
        packed = msgspec.msgpack.encode([compressed[:-cut], *signatures])
        with pytest.raises(ValueError, match=r"missing|not compressed"):
            unpack(packed)


@pytest.mark.parametrize(
    "value",
    [CLAIMS, secrets.token_hex(900), secrets.token_urlsafe(900), "Ада Лавлейс " * 50],
)
def test_what_is_fast_to_read_is_hardly_longer(value: t.Any) -> None:
    plain = dumped(value)
    compressor = zlib.compressobj(9, zdict=_FAMILIAR)
    shortest = compressor.compress(plain) + compressor.flush()
    assert len(pack(plain)) <= len(shortest) + 40


def test_without_what_it_repeats_it_does_not_open() -> None:
    sealer = Sealer(["secret"], "test")
    sealed = sealer.seal({"id_token": token()}, "here", CLAIMS)
    assert sealer.open(sealed, "here", CLAIMS) is not None
    assert sealer.open(sealed, "here", {**CLAIMS, "name": "Grace Hopper"}) is None
    assert sealer.open(sealed, "here") is None


def test_a_token_costs_little_more_than_its_signature() -> None:
    plain = dumped({"id_token": token()})
    assert len(pack(plain, dumped(CLAIMS))) < 256 + 70
    assert len(pack(plain)) < 256 + 160
