"""How clients prove who they are, at every endpoint alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Request
from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc6749.authenticate_client import ClientAuthentication

from .assertions import PrivateKeyJWT
from .client_certificates import self_signed_tls_client_auth, tls_client_auth
from .model import AuthMethod, Client

if TYPE_CHECKING:
    from .tenant import Tenant

METHODS: list[str] = list(get_args(AuthMethod))

#: What may be in a request's body to prove who the client is.
CREDENTIALS = ("client_secret", "client_assertion")


class ClientAuthenticator:
    """RFC 6749, 7523 and 8705; what a client is not registered with is refused."""

    def __init__(self, tenant: Tenant) -> None:
        self._methods = ClientAuthentication(tenant.find_client)
        self._methods.register("private_key_jwt", PrivateKeyJWT(tenant))
        self._methods.register("tls_client_auth", tls_client_auth)
        self._methods.register(
            "self_signed_tls_client_auth", self_signed_tls_client_auth
        )

    def authenticate(self, request: FlaskOAuth2Request, endpoint: str) -> Client:
        _refuse_several(request)
        try:
            client: Client = self._methods(request, METHODS, endpoint)
        except (InvalidClientError, ValueError) as error:
            # Authlib decodes Basic credentials without a look at their charset, and
            # its status depends on where it noticed. Auth0's is always 401.
            description = getattr(error, "description", "")
            raise InvalidClientError(description, status_code=401) from error
        if request.form.get("client_id", client.client_id) != client.client_id:
            raise InvalidClientError(
                "The client_id is another client's.", status_code=401
            )
        return client


def _refuse_several(request: FlaskOAuth2Request) -> None:
    """RFC 6749, section 2.3: no more than one way in a request."""
    ways = [name for name in CREDENTIALS if request.form.get(name)]
    if request.headers.get("Authorization"):
        ways.append("Authorization")
    if len(ways) > 1:
        raise InvalidClientError("More than one client credential.", status_code=401)
