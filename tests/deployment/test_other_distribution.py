"""The other project whose package is called ``flask_auth0``, too."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from flask_auth0 import Auth0

from .test_routes import OPTIONS


def start() -> None:
    app = Flask(__name__)
    app.testing = True
    Auth0(app, **OPTIONS)


def test_it_is_named_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start()
    assert not caplog.records
    installed = tmp_path / "flask_auth0-0.1.0.dist-info"
    installed.mkdir()
    metadata = "Metadata-Version: 2.1\nName: flask-auth0\nVersion: 0.1.0\n"
    (installed / "METADATA").write_text(metadata)
    monkeypatch.syspath_prepend(tmp_path)
    start()
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "pip uninstall flask-auth0 flask-auth0-server, and then" in record.message
