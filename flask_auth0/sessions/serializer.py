"""Sessions as bytes, and back: what cannot be read is no session, and runs no code."""

from __future__ import annotations

import typing as t

import msgspec
from flask_session.base import MsgSpecSerializer


class SafeSerializer(MsgSpecSerializer):  # type: ignore[misc]
    """Flask-Session's format, without its way back to ``pickle``."""

    def decode(self, serialized_data: bytes) -> dict[str, t.Any] | None:
        """Return a session's content, or ``None`` if it cannot be read."""
        for decoder in (self.decoder, self.alternate_decoder):
            try:
                content = decoder.decode(serialized_data)
            except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
                continue
            if isinstance(content, dict):
                return content
        return None
