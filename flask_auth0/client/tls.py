"""The TLS context of the connections to the tenant."""

from __future__ import annotations

import os
import ssl

import httpx

from ..config import Config, Problem
from ..config.pem import show


def make_context(config: Config) -> ssl.SSLContext:
    """Return a context that trusts what httpx trusts, and shows the app's certificate.

    It shows one where AUTH0_USE_MTLS asks for it (RFC 8705).
    """
    context = httpx.create_ssl_context()
    if config.use_mtls and config.mtls_cert and config.mtls_key:
        show(context, config.mtls_cert, config.mtls_key)
    return context


def unreadable_certificates() -> list[Problem]:
    """Find a file that has no certificates, before the first request to the tenant."""
    file = os.environ.get("SSL_CERT_FILE")
    if not file or not os.path.exists(file):
        return []
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror
        hint = f"names a file that cannot be read as certificates: {file} ({reason})"
        return [Problem("SSL_CERT_FILE", f"{hint}; unset it, or correct the file")]
    return []
