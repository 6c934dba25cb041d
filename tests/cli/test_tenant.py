"""``flask auth0 tenant`` for programs."""

from __future__ import annotations

import json
import threading

import pytest

from flask_auth0.tenant import command

from .invoked import invoke


def test_the_environment_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()
    stopped.set()
    monkeypatch.setattr(command, "watch_for_interrupts", lambda: stopped)
    result = invoke(None, "tenant", "--json", "--client-id", "app")
    environment = json.loads(result.stdout)
    assert environment["AUTH0_CLIENT_ID"] == "app"
    assert environment.keys() >= {"AUTH0_DOMAIN", "AUTH0_SECRET", "SSL_CERT_FILE"}
    assert "DEVELOPMENT TENANT, not Auth0" in result.stderr
    assert "export" not in result.output
