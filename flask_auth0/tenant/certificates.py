"""A certificate authority made on the spot, and files for apps that use it."""

from __future__ import annotations

import os
import shutil
import ssl
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path

import certifi
from cryptography.x509 import load_pem_x509_certificate

from .model import Client


@dataclass(frozen=True)
class ClientCertificate:
    """What a client shows in a TLS handshake: the paths of two PEM files."""

    certificate: str
    key: str


class Certificates:
    """The tenant's own TLS: contexts, a bundle for clients, certificates of theirs."""

    def __init__(self, host: str) -> None:
        try:
            import trustme
        except ModuleNotFoundError as error:
            raise RuntimeError(
                "The development tenant needs trustme for its certificates: "
                "pip install 'flask-auth0-server[demo]'"
            ) from error
        self._make_authority = trustme.CA
        self._authority = trustme.CA(organization_name="flask_auth0 development tenant")
        names = dict.fromkeys([host, "127.0.0.1", "localhost"])
        self._own = self._authority.issue_cert(*names)
        self.server_context: ssl.SSLContext = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._own.configure_cert(self.server_context)
        self._folder = tempfile.mkdtemp(prefix="flask-auth0-tenant-")
        self.bundle: str = str(Path(self._folder, "bundle.pem"))
        # Public roots too, so that an app with this file still reaches the world.
        Path(self.bundle).write_bytes(
            _roots() + b"\n" + self._authority.cert_pem.bytes()
        )
        # Also when nobody comes to call `remove`.
        self._remove = weakref.finalize(self, shutil.rmtree, self._folder, True)

    def remove(self) -> None:
        self._remove()

    def mutual_context(self) -> ssl.SSLContext:
        """Asks for a client's certificate; the client's request tells if it has to."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._own.configure_cert(context)
        self._authority.configure_trust(context)
        context.verify_mode = ssl.CERT_OPTIONAL
        # A registered certificate is trusted itself, whoever has signed it.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context

    def issue(self, client: Client) -> ClientCertificate:
        """A certificate of the tenant's own authority; the client gets its subject."""
        made = self._authority.issue_cert(
            "client.invalid", common_name=client.client_id
        )
        pem = made.cert_chain_pems[0].bytes()
        subject = load_pem_x509_certificate(pem).subject
        client.tls_client_auth_subject_dn = subject.rfc4514_string()
        return self._write(pem, made.private_key_pem.bytes())

    def self_sign(self, client: Client) -> ClientCertificate:
        """A certificate that only its registration makes good."""
        made = self._make_authority(organization_name=client.client_id)
        pem = made.cert_pem.bytes()
        client.certificates.append(pem.decode())
        return self._write(pem, made.private_key_pem.bytes())

    def _write(self, certificate: bytes, key: bytes) -> ClientCertificate:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        paths = folder / "certificate.pem", folder / "key.pem"
        for path, content in zip(paths, (certificate, key), strict=True):
            path.write_bytes(content)
        return ClientCertificate(*map(str, paths))


def _roots() -> bytes:
    """Return what this process trusts already."""
    trusted = os.environ.get("SSL_CERT_FILE")
    known = trusted if trusted and os.path.exists(trusted) else certifi.where()
    return Path(known).read_bytes()
