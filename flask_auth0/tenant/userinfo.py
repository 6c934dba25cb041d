"""What ``/userinfo`` says, and which access tokens it believes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authlib.consts import default_json_headers
from authlib.integrations.flask_oauth2.resource_protector import ResourceProtector
from authlib.oauth2.rfc6750 import BearerTokenValidator, InvalidTokenError
from authlib.oidc.core import UserInfo as Claims
from authlib.oidc.core import UserInfoEndpoint

from .claims import user_claims
from .client_certificates import presented_certificate, thumbprint
from .model import Person
from .records import Credential

if TYPE_CHECKING:
    from .tenant import Tenant


class UserInfo(UserInfoEndpoint):
    """The claims of the person whose access token it is, as JSON or signed."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(resource_protector=bearer_tokens(tenant))
        self.tenant = tenant

    def __call__(self, request: Any) -> tuple[int, Any, list[tuple[str, str]]]:
        protector: Any = self.resource_protector
        token: Credential = protector.acquire_token("openid")
        claims = self.generate_user_info(token.get_user(), token.scope)
        if not token.get_client().userinfo_signed_response_alg:
            return 200, claims, default_json_headers
        issued = {"iss": self.tenant.issuer, "aud": token.get_client().client_id}
        # With the `kid`, which Authlib's own answer lacks.
        signed = self.tenant.keys.sign({**issued, **claims})
        return 200, signed, [("Content-Type", "application/jwt")]

    def generate_user_info(self, user: Person, scope: str) -> Claims:
        claims = user_claims(self.tenant, user, scope)
        return Claims(claims | self.tenant.userinfo_claims)


class AccessTokenValidator(BearerTokenValidator):
    """Knows the access tokens that the tenant has issued."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__()
        self.tenant = tenant

    def authenticate_token(self, value: str) -> Credential | None:
        return self.tenant.credentials.access_token(value)

    def validate_token(
        self, token: Credential | None, scopes: list[str], request: Any
    ) -> None:
        super().validate_token(token, scopes, request)
        if token and token.certificate:
            shown = presented_certificate()
            if shown is None or thumbprint(shown) != token.certificate:
                raise InvalidTokenError("The token is bound to another certificate.")


def bearer_tokens(tenant: Tenant) -> ResourceProtector:
    protector = ResourceProtector()
    protector.register_token_validator(AccessTokenValidator(tenant))
    return protector
