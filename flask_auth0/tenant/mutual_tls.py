"""The listener where clients show certificates (RFC 8705)."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING, Any

from .wsgi import ConnectionTrackingServer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from .tenant import Tenant

METHODS = ("tls_client_auth", "self_signed_tls_client_auth")


def is_needed(tenant: Tenant) -> bool:
    return any(
        client.token_endpoint_auth_method in METHODS for client in tenant.clients
    )


class MutualTLSServer(ConnectionTrackingServer):
    """Asks for a certificate; trusts those that clients are registered with."""

    def __init__(
        self,
        host: str,
        app: WSGIApplication,
        tenant: Tenant,
        context: ssl.SSLContext,
        *,
        request_log: bool = False,
    ) -> None:
        super().__init__(host, 0, app, context, request_log=request_log)
        self._tenant = tenant
        self._context = context

    def get_request(self) -> tuple[Any, Any]:
        connection = super().get_request()
        for client in self._tenant.clients:
            for certificate in client.certificates:
                # One that cannot be read must not stop the listener.
                with contextlib.suppress(ssl.SSLError, ValueError):
                    self._context.load_verify_locations(cadata=certificate)
        return connection
