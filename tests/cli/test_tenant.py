"""``flask auth0 tenant`` for programs."""

from __future__ import annotations

import json
import threading

import pytest
from authlib.oauth2.rfc6749 import AccessDeniedError

from flask_auth0.tenant import TenantServer, command
from flask_auth0.tenant.apis import api_scopes, require_api

from .invoked import invoke


def test_the_apis_that_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[TenantServer] = []
    monkeypatch.setattr(command, "serve", lambda server, tell: served.append(server))
    for options in ([], ["--audience", "https://api.example.com"]):
        assert invoke(None, "tenant", *options).exit_code == 0
    anything, strict = (each.tenant for each in served)
    known, misspelt = "https://api.example.com", "https://api.exmaple.com"
    require_api(anything, misspelt)
    require_api(strict, known)
    assert api_scopes(strict, strict.people[0], known) == strict.api_scopes
    with pytest.raises(AccessDeniedError):
        require_api(strict, misspelt)


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
