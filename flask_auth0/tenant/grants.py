"""The grants of Authlib's provider, with the tenant as their storage."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc6749.grants import (
    AuthorizationCodeGrant,
    BaseGrant,
    RefreshTokenGrant,
)
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from werkzeug.datastructures import MultiDict

from .acr import methods_of, proven_acr, requested_acr
from .apis import api_scopes, require_api
from .authorization_details import requested_details
from .issuing import granted_scope, issue_id_token, issue_tokens
from .model import MULTI_FACTOR, Client, Person
from .records import Authorization, AuthorizationCode, Credential, Session

if TYPE_CHECKING:
    from .tenant import Tenant


class CallbackMismatch(InvalidRequestError):
    """The redirect URI is not registered, so nobody may be sent there."""


class TenantGrant(BaseGrant):
    """What the grants of the tenant share."""

    @property
    def tenant(self) -> Tenant:
        tenant: Tenant = self.server.tenant
        return tenant


class CodeGrant(TenantGrant, AuthorizationCodeGrant):
    """The authorization code, good once and for a short time."""

    #: Set by the view before the response is created.
    session: Session
    organization: str | None = None

    @property
    def parameters(self) -> MultiDict[str, str]:
        """What the app asks for."""
        request: Any = self.request
        parameters: MultiDict[str, str] = request.payload.data
        return parameters

    def validate_authorization_request(self) -> str:
        redirect_uri: str = super().validate_authorization_request()
        try:
            self._require_what_auth0_does()
        except OAuth2Error as error:
            error.redirect_uri = redirect_uri
            raise
        return redirect_uri

    def _require_what_auth0_does(self) -> None:
        pushed = getattr(self.request, "pushed", False)
        if self.client.require_pushed_authorization_requests and not pushed:
            raise InvalidRequestError("Pushed authorization requests are required.")
        require_api(self.tenant, self.parameters.get("audience"))
        requested_details(self.parameters)

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: Client) -> str:
        redirect_uri: str | None = request.payload.redirect_uri
        if not redirect_uri:
            redirect_uri = client.get_default_redirect_uri()
        if not redirect_uri or not client.check_redirect_uri(redirect_uri):
            # Authlib would quote the URI, in a description that may not hold it.
            raise CallbackMismatch("The redirect_uri is not a registered callback URL.")
        return redirect_uri

    def save_authorization_code(self, code: str, request: Any) -> None:
        data = request.payload.data
        authorization = self._authorization(request)
        self.tenant.credentials.save_code(
            AuthorizationCode(
                value=code,
                authorization=authorization,
                scope=authorization.scope,
                issued_at=time.time(),
                lifetime=self.tenant.lifetimes.code,
                audience=authorization.audience,
                redirect_uri=request.payload.redirect_uri,
                nonce=data.get("nonce"),
                code_challenge=data.get("code_challenge"),
                code_challenge_method=data.get("code_challenge_method"),
            )
        )

    def _authorization(self, request: Any) -> Authorization:
        data = request.payload.data
        audience = data.get("audience") or None
        acr = proven_acr(self.session, requested_acr(self.tenant, data))
        return Authorization(
            family=secrets.token_urlsafe(12),
            client=request.client,
            person=request.user,
            sid=self.session.sid,
            auth_time=self.session.auth_time,
            scope=granted_scope(
                self.tenant, request.user, data.get("scope", ""), audience
            ),
            audience=audience,
            max_age_requested=bool(data.get("max_age")),
            organization=self.organization,
            acr=acr or (MULTI_FACTOR if MULTI_FACTOR in self.session.acr else None),
            amr=methods_of(self.session),
            authorization_details=requested_details(data),
            act=self.session.act,
        )

    def query_authorization_code(
        self, code: str, client: Client
    ) -> AuthorizationCode | None:
        return self.tenant.credentials.redeem_code(code, client)

    def delete_authorization_code(self, code: AuthorizationCode) -> None:
        """It was spent when it was looked up, and is kept to notice a second use."""

    def authenticate_user(self, code: AuthorizationCode) -> Person:
        return code.authorization.person

    def generate_token(self, *_: Any, **__: Any) -> dict[str, Any]:
        code: Any = self.request.authorization_code
        return issue_tokens(
            self.tenant,
            code.authorization,
            code.scope,
            code.audience,
            with_refresh_token=True,
        )


class RefreshGrant(TenantGrant, RefreshTokenGrant):
    """Refreshing, for the same audience or another one."""

    def authenticate_refresh_token(self, value: str) -> Credential | None:
        client: Any = self.request.client
        # Both before the refresh token is spent.
        require_api(self.tenant, self.request.form.get("audience"))
        self._check_second_factor(value)
        return self.tenant.credentials.redeem_refresh_token(
            value, client, rotation=self.tenant.rotation
        )

    def _check_second_factor(self, value: str) -> None:
        """Before the token is spent: it is needed again if a factor is missing."""
        client: Any = self.request.client
        token = self.tenant.credentials.refresh_token(value)
        if token and not token.used and token.check_client(client):
            audience = self.request.form.get("audience") or token.audience
            scope = self._scope(token, audience)
            self.tenant.mfa.check_refresh(token.authorization, scope, audience)

    def _validate_token_scope(self, token: Credential) -> None:
        """Auth0 narrows a scope that is too wide; it does not refuse it."""

    def authenticate_user(self, token: Credential) -> Person:
        return token.authorization.person

    def issue_token(self, user: Person, token: Credential) -> dict[str, Any]:
        audience = self.request.form.get("audience") or token.audience
        return issue_tokens(
            self.tenant,
            # Without a proof of its own, a refresh binds the token to no key.
            replace(token.authorization, jkt=None),
            self._scope(token, audience),
            audience,
            with_refresh_token=self.tenant.rotation,
        )

    def _scope(self, token: Credential, audience: str | None) -> str:
        allowed, person = set(token.scope.split()), token.authorization.person
        if audience != token.audience:
            allowed |= api_scopes(self.tenant, person, audience)
        requested = self.request.form.get("scope") or token.scope
        scopes = granted_scope(self.tenant, person, requested, audience).split()
        return " ".join(scope for scope in scopes if scope in allowed)

    def revoke_old_credential(self, token: Credential) -> None:
        """It was spent when it was looked up."""


class S256(CodeChallenge):
    """PKCE with S256 alone."""

    SUPPORTED_CODE_CHALLENGE_METHOD: list[str] = ["S256"]  # noqa: RUF012

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        super().validate_code_challenge(grant, redirect_uri)
        request: Any = grant.request
        data = request.payload.data
        if data.get("code_challenge") and not data.get("code_challenge_method"):
            raise InvalidRequestError("Missing 'code_challenge_method'")


class IDToken(OpenIDCode):
    """The ID token of a login, and of a refresh that asks for ``openid``."""

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        # The client compares the nonce; the tenant only has to echo it.
        return False

    def process_token(self, grant: TenantGrant, response: Any) -> None:
        _, token, _ = response
        if "openid" not in token["scope"].split():
            return
        request: Any = grant.request
        code: AuthorizationCode | None = request.authorization_code
        credential: Credential = code or request.refresh_token
        token["id_token"] = issue_id_token(
            grant.tenant,
            credential.authorization,
            token["scope"],
            # It belongs to the login, not to what is refreshed later.
            nonce=code.nonce if code else None,
        )
