"""Access tokens that are bound to the certificate of their client (RFC 8705)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
import typing as t

from ..errors import InvalidToken

#: The confirmation method of such a token (RFC 8705, section 3.1).
X5T = "x5t#S256"
#: Where the server that ends TLS puts the certificate, as ``mod_ssl`` has named it. No
#: client can send it: what comes in a header has a name that begins with ``HTTP_``.
VARIABLE = "SSL_CLIENT_CERT"
_END = "-----END CERTIFICATE-----"


def check_certificate(certificate: t.Any, thumbprint: t.Any) -> None:
    """Refuse a token whose client has not shown its certificate in the handshake.

    :param certificate: the one of the connection in PEM, with its chain perhaps.
    :param thumbprint: that of the token.
    :raises InvalidToken: with the reason.
    """
    if not certificate:
        raise InvalidToken("The access token is bound to a certificate, and none came.")
    found = _thumbprint_of(str(certificate))
    if not hmac.compare_digest(str(thumbprint).encode(), found.encode()):
        raise InvalidToken("The access token is bound to another certificate.")


def _thumbprint_of(certificate: str) -> str:
    first, end, _ = certificate.strip().partition(_END)
    try:
        der = ssl.PEM_cert_to_DER_cert(first + end)
    except ValueError:
        raise InvalidToken("The certificate of the client cannot be read.") from None
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
