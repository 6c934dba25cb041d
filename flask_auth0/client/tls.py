"""The TLS context of the connections to the tenant."""

from __future__ import annotations

import ssl

import httpx

from ..config import Config
from ..config.pem import show


def make_context(config: Config) -> ssl.SSLContext:
    """Return a context that trusts what httpx trusts, and shows the app's certificate.

    It shows one where AUTH0_USE_MTLS asks for it (RFC 8705).
    """
    context = httpx.create_ssl_context()
    if config.use_mtls and config.mtls_cert and config.mtls_key:
        show(context, config.mtls_cert, config.mtls_key)
    return context
