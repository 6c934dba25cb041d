"""Client authentication with certificates (RFC 8705)."""

from __future__ import annotations

import ssl
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest

from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Request
from cryptography.x509 import load_pem_x509_certificate
from flask import has_request_context, request

from .model import Client

FindClient = Callable[[str | None], Client | None]


def presented_certificate() -> str | None:
    """The connection's certificate, in PEM; its key was proven in the handshake."""
    # Werkzeug's server sets it. A header of that name is `HTTP_SSL_CLIENT_CERT`.
    return request.environ.get("SSL_CLIENT_CERT") if has_request_context() else None


def thumbprint(pem: str) -> str:
    """``x5t#S256``: the hash of a certificate."""
    digest = sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def tls_client_auth(find: FindClient, request: FlaskOAuth2Request) -> Client | None:
    """A certificate of an authority that is trusted, with the client's subject."""
    client, presented = find(request.form.get("client_id")), presented_certificate()
    if client is None or presented is None or not client.tls_client_auth_subject_dn:
        return None
    subject = load_pem_x509_certificate(presented.encode()).subject
    same = subject.rfc4514_string() == client.tls_client_auth_subject_dn
    return client if same else None


def self_signed_tls_client_auth(
    find: FindClient, request: FlaskOAuth2Request
) -> Client | None:
    """One of the very certificates that the client is registered with."""
    client, presented = find(request.form.get("client_id")), presented_certificate()
    if client is None or presented is None:
        return None
    known = [thumbprint(pem) for pem in client.certificates]
    same = [compare_digest(each, thumbprint(presented)) for each in known]
    return client if any(same) else None


def bound_thumbprint(client: Client) -> str | None:
    """What the next access token of the client is bound to, if to anything."""
    method, presented = client.token_endpoint_auth_method, presented_certificate()
    by_certificate = method in ("tls_client_auth", "self_signed_tls_client_auth")
    bound = client.tls_client_certificate_bound_access_tokens
    return thumbprint(presented) if by_certificate and bound and presented else None
