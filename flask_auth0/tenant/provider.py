"""Authlib's authorization server, set up for a tenant."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from authlib.integrations.flask_oauth2.authorization_server import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Request
from authlib.integrations.flask_oauth2.resource_protector import ResourceProtector
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oidc.core import UserInfo as Claims
from authlib.oidc.core import UserInfoEndpoint
from flask import Flask, Request

from .claims import user_claims
from .grants import CLIENT_AUTH_METHODS, S256, CodeGrant, IDToken, RefreshGrant
from .model import Client, Person
from .records import Credential

if TYPE_CHECKING:
    from .tenant import Tenant


class Provider(AuthorizationServer):
    """The authorization server of one tenant."""

    def __init__(self, tenant: Tenant, app: Flask) -> None:
        super().__init__(app, tenant.find_client, _save_nothing)
        self.tenant = tenant
        # Authlib writes whole tokens to its log at this level.
        logging.getLogger("authlib.oauth2.rfc6749.grants").setLevel(logging.INFO)
        self.register_grant(CodeGrant, [S256(), IDToken()])
        self.register_grant(RefreshGrant, [IDToken()])
        self.register_endpoint(Revocation(self))
        # An instance, as Authlib documents it, although it declares another type.
        userinfo: Any = UserInfo(self, bearer_tokens(tenant))
        self.register_endpoint(userinfo)

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
        try:
            client: Client = super().authenticate_client(request, methods, endpoint)
        except ValueError as error:
            # Authlib decodes Basic credentials without a look at their charset.
            raise InvalidClientError(status_code=401) from error
        return client


def _save_nothing(token: dict[str, Any], request: Request) -> None:
    """The tokens are kept where they are issued."""


class Revocation(RevocationEndpoint):
    """RFC 7009; with a refresh token goes all that came of its login."""

    CLIENT_AUTH_METHODS = CLIENT_AUTH_METHODS

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


class UserInfo(UserInfoEndpoint):
    """The claims of the person whose access token it is."""

    server: Provider

    def generate_user_info(self, user: Person, scope: str) -> Claims:
        return Claims(user_claims(self.server.tenant, user, scope))


class AccessTokenValidator(BearerTokenValidator):
    """Knows the access tokens that the tenant has issued."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__()
        self.tenant = tenant

    def authenticate_token(self, value: str) -> Credential | None:
        return self.tenant.credentials.access_token(value)


def bearer_tokens(tenant: Tenant) -> ResourceProtector:
    protector = ResourceProtector()
    protector.register_token_validator(AccessTokenValidator(tenant))
    return protector
