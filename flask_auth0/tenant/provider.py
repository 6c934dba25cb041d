"""Authlib's authorization server, set up for a tenant."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from authlib.integrations.flask_oauth2.authorization_server import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Request
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from flask import Flask, Request

from .authorization_requests import AuthorizationRequest
from .ciba_grant import BackchannelLoginGrant
from .client_authentication import ClientAuthenticator
from .grants import S256, CodeGrant, IDToken, RefreshGrant
from .model import Client
from .records import Credential
from .userinfo import UserInfo

if TYPE_CHECKING:
    from .tenant import Tenant


class Provider(AuthorizationServer):
    """The authorization server of one tenant."""

    def __init__(self, tenant: Tenant, app: Flask) -> None:
        super().__init__(app, tenant.find_client, _save_nothing)
        self.tenant = tenant
        self._authenticator = ClientAuthenticator(tenant)
        # Authlib writes whole tokens to its log at this level.
        logging.getLogger("authlib.oauth2.rfc6749.grants").setLevel(logging.INFO)
        self.register_grant(CodeGrant, [S256(), IDToken()])
        self.register_grant(RefreshGrant, [IDToken()])
        self.register_grant(BackchannelLoginGrant)
        self.register_endpoint(Revocation(self))
        # An instance, as Authlib documents it, although it declares another type.
        userinfo: Any = UserInfo(tenant)
        self.register_endpoint(userinfo)

    def create_oauth2_request(self, request: Any) -> FlaskOAuth2Request:
        if isinstance(request, AuthorizationRequest):
            return request
        made: FlaskOAuth2Request = super().create_oauth2_request(request)
        return made

    def get_authorization_grant(self, request: FlaskOAuth2Request) -> CodeGrant:
        try:
            grant: CodeGrant = super().get_authorization_grant(request)
        except ValueError as error:
            # Authlib quotes a parameter in a description that may not hold it.
            raise InvalidRequestError("The 'response_type' is not valid.") from error
        return grant

    def authenticate_client(
        self, request: FlaskOAuth2Request, methods: list[str], endpoint: str = "token"
    ) -> Client:
        """The client of any request, whatever ``methods`` a grant would name."""
        return self._authenticator.authenticate(request, endpoint)


def _save_nothing(token: dict[str, Any], request: Request) -> None:
    """The tokens are kept where they are issued."""


class Revocation(RevocationEndpoint):
    """RFC 7009; with a refresh token goes all that came of its login."""

    def query_token(self, value: str, token_type_hint: str | None) -> Credential | None:
        credentials = self.server.tenant.credentials
        token: Credential | None = credentials.refresh_token(value)
        return token or credentials.access_token(value)

    def revoke_token(self, token: Credential, request: Any) -> None:
        credentials = self.server.tenant.credentials
        if credentials.refresh_token(token.value):
            credentials.revoke_family(token.authorization.family)
        else:
            token.used = True
