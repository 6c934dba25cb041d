"""Accounts that people have elsewhere, which they let the app use."""

from __future__ import annotations

from auth0_server_python.auth_types import ConnectAccountOptions
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flask_auth0 import login_required

from .extensions import auth0

accounts = Blueprint("accounts", __name__, url_prefix="/accounts")
accounts.before_request(auth0.refuse_foreign_forms)


@accounts.get("")
@login_required
async def overview() -> str:
    connected = await auth0.client.list_connected_accounts()
    offered = await auth0.client.list_connected_account_connections()
    return render_template(
        "accounts.html", accounts=connected.accounts, connections=offered.connections
    )


@accounts.post("/connect")
@login_required
async def connect() -> ResponseReturnValue:
    options = ConnectAccountOptions(
        connection=request.form["connection"],
        app_state={"next": url_for("accounts.overview")},
    )
    return redirect(await auth0.client.start_connect_account(options))


@accounts.get("/<connection>/token")
@login_required
def token(connection: str) -> str:
    access_token = auth0.get_access_token_for_connection(connection)
    # An app calls the provider with it, and shows nobody more than this.
    return render_template(
        "account_token.html", connection=connection, ending=access_token[-4:]
    )


@accounts.post("/forget")
@login_required
async def forget() -> ResponseReturnValue:
    await auth0.client.delete_connected_account(request.form["id"])
    return redirect(url_for("accounts.overview"))
