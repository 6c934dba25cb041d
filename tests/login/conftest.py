"""The addresses to which connections are made."""

from __future__ import annotations

import typing as t

import pytest

from flask_auth0.client.kept_connections import Trace
from flask_auth0.runtime import loop


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ports to which connections are made without the event loop."""
    made: list[int] = []
    note = Trace.note

    def counted(self: Trace, event: str, info: dict[str, t.Any]) -> None:
        if event == "connection.connect_tcp.started" and not loop.is_current():
            made.append(info["port"])
        note(self, event, info)

    monkeypatch.setattr(Trace, "note", counted)
    return made
