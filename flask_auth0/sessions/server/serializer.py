"""Serializes sessions, without pickle; unreadable bytes are no session."""

from __future__ import annotations

import typing as t

import msgspec
from flask import Flask
from flask_session.base import MsgSpecSerializer

_Content = dict[str, t.Any]
_ERRORS = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError)


class SafeSerializer(MsgSpecSerializer):
    """Flask-Session's formats, without its way back to ``pickle``.

    :param format: the format to write; both formats are read.
    """

    def __init__(self, app: Flask, format: str) -> None:
        super().__init__(app, format)
        kind = msgspec.json if format == "json" else msgspec.msgpack
        self.encoder: msgspec.json.Encoder | msgspec.msgpack.Encoder
        self.encoder = kind.Encoder(enc_hook=_plain)
        self._decoders = (
            msgspec.msgpack.Decoder(_Content, ext_hook=_refuse),
            msgspec.json.Decoder(_Content),
        )

    # Flask-Session's own method raises an error, with which every request would fail.
    def decode(  # type: ignore[override]
        self, serialized_data: bytes
    ) -> _Content | None:
        """Return a session's content, or ``None`` if it cannot be read."""
        for decoder in self._decoders:
            try:
                content = decoder.decode(serialized_data)
                if isinstance(decoder, msgspec.json.Decoder):
                    # JSON can have numbers that neither format can write.
                    self.encoder.encode(content)
                return content
            except _ERRORS:
                continue
        return None


def _plain(value: t.Any) -> str:
    """Return an object of a subclass of str, such as ``markupsafe.Markup``, as str."""
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"A session cannot keep a {type(value).__name__}.")


def _refuse(code: int, data: memoryview) -> t.Any:
    raise ValueError("No session is written with extensions.")
