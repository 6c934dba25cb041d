"""A certificate authority made on the spot, and a file that makes apps trust it."""

from __future__ import annotations

import os
import ssl
import tempfile
import weakref
from pathlib import Path

import certifi


class Certificates:
    """The tenant's own TLS: a server context and a bundle for clients."""

    def __init__(self, host: str) -> None:
        try:
            import trustme
        except ModuleNotFoundError as error:
            raise RuntimeError(
                "The development tenant needs trustme for its certificates: "
                "pip install 'flask_auth0[demo]'"
            ) from error
        authority = trustme.CA(organization_name="flask_auth0 development tenant")
        names = dict.fromkeys([host, "127.0.0.1", "localhost"])
        self.server_context: ssl.SSLContext = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(self.server_context)
        self.bundle: str = _write_bundle(authority.cert_pem.bytes())
        # Also when nobody comes to call `remove`.
        self._remove = weakref.finalize(self, _unlink, self.bundle)

    def remove(self) -> None:
        self._remove()


def _write_bundle(authority: bytes) -> str:
    """Public roots too, so that an app with this file still reaches the world."""
    descriptor, path = tempfile.mkstemp(prefix="flask-auth0-tenant-", suffix=".pem")
    with os.fdopen(descriptor, "wb") as file:
        file.write(_roots() + b"\n" + authority)
    return path


def _roots() -> bytes:
    """Return what this process trusts already."""
    trusted = os.environ.get("SSL_CERT_FILE")
    known = trusted if trusted and os.path.exists(trusted) else certifi.where()
    return Path(known).read_bytes()


def _unlink(path: str) -> None:
    Path(path).unlink(missing_ok=True)
