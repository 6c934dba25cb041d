"""The TLS context of the connections to the tenant."""

from __future__ import annotations

import secrets
import ssl
import tempfile
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from ..config import Config
from ..config.pem import private_key


def make_context(config: Config) -> ssl.SSLContext:
    """Return a context that trusts what httpx trusts, and shows the app's certificate.

    It shows one where AUTH0_USE_MTLS asks for it (RFC 8705).
    """
    context = httpx.create_ssl_context()
    if config.use_mtls and config.mtls_cert and config.mtls_key:
        _show(context, config.mtls_cert, config.mtls_key)
    return context


def _show(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Let a context show a certificate, which Python reads from files alone.

    The key is encrypted there with a password that this function alone knows.
    """
    password = secrets.token_bytes(32)
    encrypted = private_key(key).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password)
    )
    with tempfile.TemporaryDirectory(prefix="flask-auth0-") as folder:
        shown, hidden = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        shown.write_text(certificate, "utf-8")
        hidden.write_bytes(encrypted)
        context.load_cert_chain(shown, hidden, password)
