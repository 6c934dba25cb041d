"""The accounts that a user connects, lists and forgets, on a page of the app's own."""

from __future__ import annotations

import typing as t

from auth0_server_python.auth_types import ConnectAccountOptions
from flask import Response, jsonify, request
from pydantic import Field

from ..app_state import current_state
from .guards import login_required
from .script_requests import (
    Members,
    Text,
    content_as,
    for_scripts,
    result_of,
    without_nones,
)


class _Connect(Members):
    connection: Text
    scopes: tuple[Text, ...] | None = None
    next: Text | None = None


class _Forget(Members):
    #: It becomes a part of a path at the tenant.
    id: t.Annotated[str, Field(pattern=r"^[A-Za-z0-9_|-]{1,255}$")]


@for_scripts
@login_required(refuse="401")
def connect() -> Response:
    """Return the URL at which an account is connected; it leads to the callback."""
    asked, client = content_as(_Connect), current_state().client
    options = ConnectAccountOptions(
        connection=asked.connection,
        scopes=None if asked.scopes is None else [*asked.scopes],
        app_state={"next": asked.next} if asked.next else None,
    )
    return jsonify(url=result_of(client.start_connect_account(options)))


@for_scripts
@login_required(refuse="401")
def accounts() -> Response:
    """Return the accounts that the user has connected."""
    client = current_state().client
    listing = client.list_connected_accounts(from_param=request.args.get("from"))
    return jsonify(without_nones(result_of(listing)))


@for_scripts
@login_required(refuse="401")
def forget() -> Response:
    """Let an account be connected no longer."""
    asked, client = content_as(_Forget), current_state().client
    result_of(client.delete_connected_account(asked.id))
    return Response(status=204)
