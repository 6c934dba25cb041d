"""The TLS context of the connections to the tenant."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

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
        _try_to_read(file)
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror
        hint = f"names a file that cannot be read as certificates: {file} ({reason})"
        return [Problem("SSL_CERT_FILE", f"{hint}; unset it, or correct the file")]
    return []


def _try_to_read(file: str) -> None:
    """Read one certificate: all those of a system take longer than the rest of a start.

    :raises OSError: where there is none.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    text = Path(file).read_text("ascii", "replace")
    _, begin, rest = text.partition("-----BEGIN CERTIFICATE-----")
    first, end, _ = rest.partition("-----END CERTIFICATE-----")
    if end:
        context.load_verify_locations(cadata=f"{begin}{first}{end}\n")
    else:
        context.load_verify_locations(file)
