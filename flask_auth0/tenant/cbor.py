"""As much of CBOR (RFC 8949) as a browser's new passkey is wrapped in."""

from __future__ import annotations

from typing import Any


def decode(data: bytes) -> tuple[Any, bytes]:
    """The first value, and what comes after it; ``ValueError`` if there is none."""
    if not data:
        raise ValueError("The CBOR ends too early.")
    kind, count, rest = data[0] >> 5, data[0] & 31, data[1:]
    if count >= 24:
        size = 1 << (count - 24)
        if count > 27 or len(rest) < size:
            raise ValueError("The CBOR has a length that is not supported.")
        count, rest = int.from_bytes(rest[:size], "big"), rest[size:]
    return _decode(kind, count, rest)


def _decode(kind: int, count: int, rest: bytes) -> tuple[Any, bytes]:
    if kind == 0:
        return count, rest
    if kind == 1:
        return -1 - count, rest
    if kind in (2, 3):
        return _string(kind, count, rest)
    if kind == 4:
        return _array(count, rest)
    if kind == 5:
        pairs, rest = _array(2 * count, rest)
        return dict(zip(pairs[::2], pairs[1::2], strict=True)), rest
    if kind == 7 and count in (20, 21, 22):
        return {20: False, 21: True, 22: None}[count], rest
    raise ValueError("The CBOR has a type that is not supported.")


def _string(kind: int, count: int, rest: bytes) -> tuple[bytes | str, bytes]:
    if len(rest) < count:
        raise ValueError("The CBOR ends too early.")
    value = rest[:count]
    return (value if kind == 2 else value.decode()), rest[count:]


def _array(count: int, rest: bytes) -> tuple[list[Any], bytes]:
    values = []
    for _ in range(count):
        value, rest = decode(rest)
        values.append(value)
    return values, rest
