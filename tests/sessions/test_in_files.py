"""The contract of a session, in files."""

from __future__ import annotations

import threading
import typing as t
from pathlib import Path

import pytest
from cachelib.file import FileSystemCache
from flask import Flask
from flask_session import Session

from flask_auth0.sessions.server.storage import RecordCompartment, back_end_of
from flask_auth0.sessions.storage_contract import Entry
from tests.contracts.server_sessions import ServerContract


def test_updates_wait_for_each_other_where_the_back_end_cannot(tmp_path: Path) -> None:
    """An update that has seen a record must not write it after a logout."""
    app = Flask(__name__)
    cache = FileSystemCache(str(tmp_path), threshold=0)
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=cache)
    Session(app)
    store = back_end_of(app.session_interface)
    assert store is not None
    compartment = RecordCompartment(store, 60)
    for number in range(200):
        entry = Entry(f"id{number}", ("label",))
        compartment.create(entry, {"head": "a", "body": "a"}, 60)
        threads = [
            threading.Thread(
                target=compartment.update, args=[entry.record, {"head": "b"}, 60]
            ),
            threading.Thread(target=compartment.delete, args=[entry]),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not compartment.read(entry.record, "head")
    assert compartment.labelled("label") == []


class TestCachelib(ServerContract):
    @pytest.fixture
    def settings(self, tmp_path: Path) -> dict[str, t.Any]:
        self.folder = tmp_path / "sessions"
        return {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": str(self.folder)}

    def keys(self) -> int:
        return len(list(self.folder.iterdir()))
