"""Private keys and certificates in PEM, from the configuration or from files."""

from __future__ import annotations

import os
import secrets
import ssl
import tempfile
import typing as t
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import Certificate, load_pem_x509_certificates

_BEGIN = "-----BEGIN "


def parse_private_key(value: t.Any) -> str:
    """Return a private key in PEM, which the value is, or the path of a file with it.

    No error has any of the value in it: that may be a key without its first line.
    """
    pem = _text(value)
    try:
        load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        raise ValueError(
            "is encrypted, and nobody is there to type its password; write it without "
            "one to a file that only the app's user can read: openssl pkey -in "
            "encrypted.pem -out key.pem"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("has no private key in PEM that can be read") from None
    return pem


def parse_certificate(value: t.Any) -> str:
    """Return a certificate in PEM, with those that have signed it, if it has any.

    :param value: the text, or the path of a file with it.
    """
    pem = _text(value)
    try:
        certificate(pem)
    except ValueError:
        raise ValueError("has no certificate in PEM that can be read") from None
    return pem


def private_key(pem: str) -> PrivateKeyTypes:
    """Return the private key in a text that has been parsed.

    What is slow, to test the numbers of an RSA key, was done then.
    """
    return load_pem_private_key(
        pem.encode(), password=None, unsafe_skip_rsa_key_validation=True
    )


def certificate(pem: str) -> Certificate:
    """Return the first certificate in a text, which is the client's own."""
    return load_pem_x509_certificates(pem.encode())[0]


def show(context: ssl.SSLContext, text: str, key: str) -> None:
    """Let a context show the certificates in a text, which Python reads from files.

    The key is encrypted there with a password that this function alone knows.

    :raises ssl.SSLError: when TLS takes no such certificate or key.
    :raises OSError: when there is no place for the files.
    """
    password = secrets.token_bytes(32)
    encrypted = private_key(key).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password)
    )
    chain = load_pem_x509_certificates(text.encode())
    with tempfile.TemporaryDirectory(prefix="flask-auth0-") as folder:
        shown, hidden = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        shown.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in chain))
        hidden.write_bytes(encrypted)
        context.load_cert_chain(shown, hidden, password)


def _text(value: t.Any) -> str:
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str) or not text.strip():
        raise ValueError("must be a text in PEM, or the path of a file with one")
    if _BEGIN in text:
        # Where a variable is one line, the ends of lines are written as escapes.
        return text.replace("\\n", "\n")
    try:
        content = Path(text.strip()).expanduser().read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no path"
        raise ValueError(
            f"is neither PEM nor the path of a file that can be read ({why})"
        ) from None
    # Some programs write names beside a key, in any encoding.
    return content.decode("ascii", "replace")
