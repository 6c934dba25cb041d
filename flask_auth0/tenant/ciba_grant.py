"""The grant that a client polls with, until a person has answered (CIBA)."""

from __future__ import annotations

import secrets
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc6749.grants import TokenEndpointMixin

from .backchannel_logins import BackchannelLogin
from .grants import TenantGrant
from .issuing import granted_scope, issue_id_token, issue_tokens
from .records import Authorization

GRANT_TYPE = "urn:openid:params:grant-type:ciba"


class BackchannelLoginGrant(TenantGrant, TokenEndpointMixin):
    """Tokens for a login that somebody has approved on another device."""

    # Authlib declares `None`.
    GRANT_TYPE: Any = GRANT_TYPE
    _login: BackchannelLogin

    def validate_token_request(self) -> None:
        request: Any = self.request
        request.client = self.authenticate_token_endpoint_client()
        auth_req_id = request.form.get("auth_req_id")
        if not auth_req_id:
            raise InvalidRequestError("Missing 'auth_req_id' in request.")
        logins = self.tenant.backchannel_logins
        login, too_early = logins.poll(auth_req_id, request.client)
        if login is None:
            raise InvalidGrantError("The auth_req_id is unknown or was used before.")
        if too_early:
            raise SlowDown(login.interval)
        self._login = _approved(login)

    def create_token_response(self) -> tuple[int, Any, list[tuple[str, str]]]:
        authorization = self._authorization(self._login)
        scope, audience = authorization.scope, authorization.audience
        token = issue_tokens(
            self.tenant, authorization, scope, audience, with_refresh_token=True
        )
        token["id_token"] = issue_id_token(
            self.tenant, authorization, scope, nonce=None
        )
        return 200, token, self.TOKEN_RESPONSE_HEADER

    def _authorization(self, login: BackchannelLogin) -> Authorization:
        return Authorization(
            family=secrets.token_urlsafe(12),
            client=login.client,
            person=login.person,
            # No browser has a session of it, so that no logout could name one.
            sid="",
            auth_time=login.answered_at,
            scope=granted_scope(self.tenant, login.person, login.scope, login.audience),
            audience=login.audience,
            authorization_details=login.authorization_details,
        )


def _approved(login: BackchannelLogin) -> BackchannelLogin:
    if login.answer == "approve":
        return login
    if login.answer == "deny":
        raise OAuth2Error(
            "The end-user denied the authorization request or it has been expired",
            error="access_denied",
            status_code=400,
        )
    if login.has_expired:
        raise OAuth2Error(
            "The auth_req_id has expired", error="expired_token", status_code=400
        )
    raise OAuth2Error(
        "The end-user authorization is pending",
        error="authorization_pending",
        status_code=400,
    )


class SlowDown(OAuth2Error):
    """The client asks more often than it may."""

    error: str = "slow_down"
    status_code = 400

    def __init__(self, interval: float) -> None:
        self.seconds: int = round(interval)
        super().__init__(
            f"You are polling faster than allowed. Try again in {self.seconds} seconds."
        )

    def get_headers(self) -> list[tuple[str, str]]:
        headers: list[tuple[str, str]] = super().get_headers()
        return [*headers, ("Retry-After", str(self.seconds))]
