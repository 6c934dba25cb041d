"""The SDK's clients, and what of them is overridden."""

from __future__ import annotations

import asyncio
import inspect
import typing as t
from unittest.mock import AsyncMock

import pytest
from auth0_server_python.auth_server.mfa_client import MfaClient
from auth0_server_python.auth_server.server_client import ServerClient
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.client.client import Client
from flask_auth0.client.dispatch import OnOurLoop
from flask_auth0.runtime import loop
from tests.harness.visitor import HOST


def test_it_is_a_server_client(app: Flask) -> None:
    with app.app_context():
        assert isinstance(Auth0().client, ServerClient)


def test_the_sdk_still_has_what_is_overridden() -> None:
    for name in [
        "_get_http_client",
        "_fetch_oidc_metadata",
        "_fetch_jwks",
        "_verify_and_decode_jwt",
    ]:
        assert callable(getattr(ServerClient, name))
    source = inspect.getsource(ServerClient)
    assert "self._oauth = AsyncOAuth2Client(" in source
    assert "async with self._get_http_client(" in source
    assert 'self._discovery_cache[domain]["jwks"]' in source
    assert 'cached["expires_at"] > now' in source
    assert list(inspect.signature(ServerClient._verify_and_decode_jwt).parameters) == [
        "self",
        "token",
        "jwks",
        "audience",
    ]


def test_every_public_coroutine_of_the_sdk_runs_on_our_loop() -> None:
    public = {
        name: theirs
        for name, theirs in inspect.getmembers(
            ServerClient, inspect.iscoroutinefunction
        )
        if not name.startswith("_")
    }
    assert len(public) > 20
    assert not [n for n, theirs in public.items() if getattr(Client, n) is theirs]


def test_a_method_that_somebody_has_replaced_is_called(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As tests do with a mock, and tracing does with a wrapper."""
    mock = AsyncMock(return_value="mocked")
    monkeypatch.setattr(MfaClient, "list_authenticators", mock)
    auth0 = Auth0()
    with app.test_request_context():
        assert auth0.run(auth0.client.mfa.list_authenticators()) == "mocked"


def test_the_other_clients_of_the_sdk_run_there_as_well(app: Flask) -> None:
    class Other:
        plain = 1

        async def where(self, store_options: t.Any = None) -> t.Any:
            return asyncio.get_running_loop(), store_options["request"].path

    with app.test_request_context("/here", base_url=HOST):
        client = app.extensions["auth0"].client
        for other in [client.mfa, client.passwordless, client.anonymous]:
            assert isinstance(other, OnOurLoop)
        found = asyncio.run(OnOurLoop(Other()).where())
        assert found == (loop.get_loop(), "/here")
        assert OnOurLoop(Other()).plain == 1
