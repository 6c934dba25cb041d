"""An app without the extension's callback, whose own views complete what they begin."""

from __future__ import annotations

import typing as t

import pytest
from auth0_server_python.auth_types import (
    StartInteractiveLoginOptions,
    StartPasswordlessEmailOptions,
)
from flask import Flask, redirect, request

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import ADA, HOST, MakeApp, Visitor

from .going import go

DONE = f"{HOST}/done"


@pytest.fixture
def app(make_app: MakeApp, tenant: TenantServer) -> Flask:
    tenant.tenant.client.callbacks.append(DONE)
    app, auth0 = make_app(callback_path="", redirect_uri=DONE), Auth0()

    @app.get("/begin")
    async def begin() -> t.Any:
        options = StartInteractiveLoginOptions(app_state={"next": "/profile"})
        return redirect(await auth0.client.start_interactive_login(options))

    @app.get("/done")
    async def done() -> t.Any:
        return await auth0.client.complete_interactive_login(request.url)

    @app.get("/code")
    async def code() -> t.Any:
        options = StartPasswordlessEmailOptions(email=ADA, send="code")
        await auth0.client.passwordless.start(options)
        return "sent"

    return app


def test_login(visitor: Visitor) -> None:
    answer = visitor.get(go(visitor, visitor.get("/begin")))
    assert answer.get_json()["app_state"] == {"next": "/profile"}
    assert visitor.user()["email"] == ADA


def test_code_by_mail(visitor: Visitor) -> None:
    assert visitor.get("/code").text == "sent"
