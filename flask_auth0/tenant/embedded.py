"""Logins without a redirect: an app proves who somebody is, and gets tokens."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, cast

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.grants.base import TokenEndpointMixin
from flask import Blueprint, Response, jsonify, request

from .apis import require_api
from .client_authentication import METHODS
from .context import get_provider
from .dpop import thumbprint_of_proof
from .grants import TenantGrant
from .issuing import granted_scope, issue_id_token, issue_tokens
from .model import MULTI_FACTOR, Client, Person
from .records import Authorization, Login

if TYPE_CHECKING:
    from .tenant import Tenant


class Refused(OAuth2Error):
    """An answer of Auth0's to a request that it does not grant."""

    def __init__(self, error: str, description: str, status: int = 403) -> None:
        super().__init__(description, error=error, status_code=status)


class EmbeddedGrant(TenantGrant, TokenEndpointMixin):
    """A grant that ends with tokens at once, or with the wish for a second factor."""

    login: Login
    #: The thumbprint of the key that the tokens are to be bound to.
    jkt: str | None

    def identify(self) -> Login:
        """Who has proven to be whom; raises ``OAuth2Error`` if nobody has."""
        raise NotImplementedError

    def validate_token_request(self) -> None:
        self.request.client = self.authenticate_token_endpoint_client()
        # Before anything is spent: with a nonce the same request is made again.
        self.jkt = thumbprint_of_proof()
        self.login = self.identify()

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        return 200, self.answer(), self.TOKEN_RESPONSE_HEADER

    def answer(self) -> dict[str, Any]:
        self.tenant.mfa.check(self.login)
        return tokens_of(self.tenant, self.login, self.jkt)

    def login_of(self, person: Person, **changes: Any) -> Login:
        """The login of a person with what this request asks for."""
        client: Any = self.request.client
        audience = self.request.form.get("audience") or None
        organization = self.request.form.get("organization") or None
        require_api(self.tenant, audience)
        requested = self.request.form.get("scope", "")
        return Login(
            client=client,
            person=person,
            scope=granted_scope(self.tenant, person, requested, audience),
            audience=audience,
            organization=self.tenant.organizations.id_for(person, organization),
            **changes,
        )


def tokens_of(tenant: Tenant, login: Login, jkt: str | None) -> dict[str, Any]:
    authorization = _authorization(tenant, login, jkt)
    token = issue_tokens(
        tenant, authorization, login.scope, login.audience, with_refresh_token=True
    )
    if "openid" in login.scope.split():
        token["id_token"] = issue_id_token(
            tenant, authorization, login.scope, nonce=None
        )
    return token


def _authorization(tenant: Tenant, login: Login, jkt: str | None) -> Authorization:
    registry = tenant.session_registry
    session = registry.get(login.sid) or registry.start(login.person)
    registry.add_client(session.sid, login.client.client_id)
    return Authorization(
        family=secrets.token_urlsafe(12),
        client=login.client,
        person=login.person,
        sid=session.sid,
        auth_time=session.auth_time,
        scope=login.scope,
        audience=login.audience,
        organization=login.organization,
        acr=MULTI_FACTOR if "mfa" in login.amr else None,
        amr=login.amr,
        act=login.act,
        jkt=jkt,
    )


def authenticated_client() -> Client:
    """The app that has made this request, beside the token endpoint."""
    provider = get_provider()
    return provider.authenticate_client(provider.create_oauth2_request(None), METHODS)


def text(name: str) -> str:
    """A member of the request that has to be there."""
    value = request.form.get(name, "").strip()
    if not value:
        raise Refused("invalid_request", f"Missing required parameter: {name}", 400)
    return value


def answer_errors(blueprint: Blueprint) -> None:
    """Let refusals of a blueprint be JSON, as those of the token endpoint are."""
    blueprint.register_error_handler(OAuth2Error, _answer)


def _answer(error: OAuth2Error) -> Response:
    status, body, headers = error()
    response = jsonify(body)
    response.status_code = status
    response.headers.extend(cast(Any, headers))
    return response
