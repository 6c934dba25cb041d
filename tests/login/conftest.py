"""The addresses to which connections are made."""

from __future__ import annotations

import typing as t

import pytest

from flask_auth0.client import thread_http
from flask_auth0.client.kept_connections import Trace


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ports to which connections are made without the event loop."""
    made: list[int] = []
    noted_in = thread_http._noted_in

    def counted_in(trace: Trace) -> t.Callable[[str, t.Any], None]:
        note = noted_in(trace)

        def counted(event: str, info: dict[str, t.Any]) -> None:
            if event == "connection.connect_tcp.started":
                made.append(info["port"])
            note(event, info)

        return counted

    monkeypatch.setattr(thread_http, "_noted_in", counted_in)
    return made
