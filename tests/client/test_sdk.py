"""The SDK's clients, and what of them is overridden."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import typing as t
from importlib.metadata import version
from unittest.mock import AsyncMock

import pytest
from auth0_server_python.auth_server.mfa_client import MfaClient
from auth0_server_python.auth_server.server_client import ServerClient
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.client import sdk
from flask_auth0.client.client import Client
from flask_auth0.client.dispatch import OnOurLoop
from flask_auth0.runtime import loop
from tests.harness.visitor import HOST
from tools.requirements import declared


def test_it_is_a_server_client(app: Flask) -> None:
    with app.app_context():
        assert isinstance(Auth0().client, ServerClient)


def test_the_tested_release_is_the_oldest_that_is_allowed() -> None:
    """A newer one may lack what is overridden, and is tried before it is named here."""
    assert f"{sdk.NAME}>={sdk.TESTED}" in declared()


def refusal(name: str) -> str:
    """What somebody is told with a release of the SDK that lacks a member."""
    return (
        f"flask_auth0 does not work with auth0-server-python {version(sdk.NAME)}: "
        f"its ServerClient has no {name}. Install "
        f"auth0-server-python=={sdk.TESTED}, or a newer flask_auth0."
    )


@pytest.mark.parametrize("name", sdk.OVERRIDDEN)
def test_a_release_without_what_is_overridden_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk.require_overridden()
    monkeypatch.delattr(ServerClient, name, raising=False)
    # The constructor names the attributes that it sets.
    others = "".join(f"self.{each}, " for each in sdk.OVERRIDDEN if each != name)
    monkeypatch.setattr(ServerClient, "__init__", eval(f"lambda self: ({others})"))  # noqa: S307
    with pytest.raises(ImportError) as caught:
        sdk.require_overridden()
    assert str(caught.value) == refusal(name)


def test_it_is_refused_when_the_package_is_imported() -> None:
    code = """
import warnings
warnings.simplefilter("ignore")
from auth0_server_python.auth_server.server_client import ServerClient
del ServerClient._get_http_client
import flask_auth0
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    told = ended.stderr.strip().splitlines()[-1]
    assert told == f"ImportError: {refusal('_get_http_client')}"


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
    """Tests replace methods with a mock, tracing with a wrapper."""
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
        found = asyncio.run(OnOurLoop(Other(), 5).where())
        assert found == (loop.get_loop(), "/here")
        assert OnOurLoop(Other(), 5).plain == 1
