"""The page on which an account is connected, and the grant for its tokens."""

from __future__ import annotations

import secrets
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.grants.base import TokenEndpointMixin
from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from .accounts import ConnectedAccount, Connecting
from .browser import form_is_ours
from .context import get_tenant
from .embedded import Refused, text
from .grants import TenantGrant
from .pages import message_page
from .records import Credential

blueprint: Blueprint = Blueprint("connected_accounts", __name__)

TOKEN_TYPE = "http://auth0.com/oauth/token-type/federated-connection-access-token"  # noqa: S105


@blueprint.route("/connected-accounts/connect", methods=["GET", "POST"])
def page() -> Response:
    connecting = get_tenant().accounts.by_ticket(request.args.get("ticket", ""))
    if connecting is None or connecting.connect_code:
        return message_page(
            "This link is out of date",
            "It is good for five minutes, and once. Start again in the app.",
            status=400,
        )
    if request.method == "GET" or not form_is_ours():
        return _ask(connecting)
    if "decline" in request.form or not request.form.get("account"):
        return _back(connecting, error="access_denied")
    connecting.account = request.form["account"]
    connecting.connect_code = secrets.token_urlsafe(24)
    return _back(connecting, connect_code=connecting.connect_code)


def _ask(connecting: Connecting) -> Response:
    person = get_tenant().find_person(connecting.sub)
    content = render_template(
        "flask_auth0_tenant/other_provider.html",
        action=request.full_path,
        connection=connecting.connection,
        account=person.email if person else "",
        scopes=connecting.scopes,
    )
    return Response(content, content_type="text/html")


def _back(connecting: Connecting, **parameters: str) -> Response:
    if connecting.state:
        parameters["state"] = connecting.state
    return redirect(add_params_to_uri(connecting.redirect_uri, parameters.items()))


class ConnectionTokenGrant(TenantGrant, TokenEndpointMixin):
    """An access token of another provider, for a refresh token of this one."""

    GRANT_TYPE: Any = (
        "urn:auth0:params:oauth:grant-type:token-exchange:"
        "federated-connection-access-token"
    )

    def validate_token_request(self) -> None:
        self.request.client = self.authenticate_token_endpoint_client()
        if text("requested_token_type") != TOKEN_TYPE:
            raise Refused("invalid_request", "requested_token_type is not valid", 400)

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        account = self._account(self._subject())
        token = {
            "access_token": f"{account.connection}.{secrets.token_urlsafe(24)}",
            "issued_token_type": TOKEN_TYPE,
            "token_type": "Bearer",
            "expires_in": self.tenant.accounts.token_lifetime,
            "scope": " ".join(account.scopes),
        }
        return 200, token, self.TOKEN_RESPONSE_HEADER

    def _subject(self) -> Credential:
        """The refresh token, which is not spent by this."""
        token = self.tenant.credentials.refresh_token(text("subject_token"))
        client: Any = self.request.client
        if token is None or not token.check_client(client):
            raise Refused("invalid_grant", "Unknown or invalid refresh token.")
        if token.used or token.is_expired():
            raise Refused("invalid_grant", "Unknown or invalid refresh token.")
        return token

    def _account(self, token: Credential) -> ConnectedAccount:
        connection, hint = text("connection"), self.request.form.get("login_hint")
        for each in self.tenant.accounts.connected(token.authorization.person.sub):
            if each.connection == connection and hint in (None, each.account):
                return each
        raise Refused(
            "federated_connection_refresh_token_not_found",
            "The federated connection Refresh Token was not found.",
            401,
        )
