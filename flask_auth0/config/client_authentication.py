"""Contradictions in how an app proves to its tenant who it is."""

from __future__ import annotations

import ssl
import typing as t
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from . import pem
from .problems import Problem, key_of

Values = Mapping[str, t.Any]

#: The algorithms of client assertions: Auth0's first, then those that others have.
SIGNING_ALGORITHMS = ("RS256", "RS384", "PS256", "RS512", "ES256", "ES384", "EdDSA")
#: Bits of the shortest RSA key that may sign (RFC 7518, section 3.3).
_LEAST_BITS = 2048


def contradictions(values: Values, wrong: set[str]) -> list[Problem]:
    """Find options that do not go together.

    :param wrong: the keys with a value that makes no sense, about which nothing else
        is said.
    """
    return [
        *_no_way(values, wrong),
        *_several_ways(values),
        *_without_effect(values, wrong),
        *_unfit_algorithm(values),
        *_unusable_certificate(values, wrong),
    ]


def _no_way(values: Values, wrong: set[str]) -> Iterator[Problem]:
    names = ("client_secret", "client_assertion_signing_key", "use_mtls")
    if not any(values.get(name) or key_of(name) in wrong for name in names):
        yield Problem(
            "AUTH0_CLIENT_SECRET",
            "is missing in config and environment; copy it from the application's "
            "settings in the Auth0 dashboard",
        )


def _several_ways(values: Values) -> Iterator[Problem]:
    """Find other credentials beside a certificate.

    A secret may stay beside a signing key, which wins: until the tenant knows the key,
    the app can go back.
    """
    for name in ("client_secret", "client_assertion_signing_key"):
        if values.get("use_mtls") and name in values:
            yield Problem(
                key_of(name),
                "cannot be used with AUTH0_USE_MTLS, where the certificate alone says "
                "who the app is; leave one of the two out",
            )


def _without_effect(values: Values, wrong: set[str]) -> Iterator[Problem]:
    needed_by = {
        "client_assertion_signing_alg": "client_assertion_signing_key",
        "mtls_cert": "use_mtls",
        "mtls_key": "use_mtls",
    }
    for name, needed in needed_by.items():
        if name in values and not values.get(needed) and key_of(needed) not in wrong:
            yield Problem(
                key_of(name), f"has no effect without {key_of(needed)}; set that too"
            )


def _unfit_algorithm(values: Values) -> Iterator[Problem]:
    text = values.get("client_assertion_signing_key")
    if text is None:
        return
    key, algorithm = pem.private_key(text), values.get("client_assertion_signing_alg")
    if isinstance(key, RSAPrivateKey) and key.key_size < _LEAST_BITS:
        told = f"has {key.key_size} bits, and an RSA key needs {_LEAST_BITS}"
        yield Problem("AUTH0_CLIENT_ASSERTION_SIGNING_KEY", told)
    elif not _signs(key, algorithm or SIGNING_ALGORITHMS[0]):
        fitting = [name for name in SIGNING_ALGORITHMS if _signs(key, name)]
        told = f"set it to {fitting[0]}" if fitting else "use an RSA key"
        yield Problem(
            "AUTH0_CLIENT_ASSERTION_SIGNING_ALG",
            f"is {algorithm or SIGNING_ALGORITHMS[0]}, which does not fit the key in "
            f"AUTH0_CLIENT_ASSERTION_SIGNING_KEY; {told}",
        )


def _signs(key: PrivateKeyTypes, algorithm: str) -> bool:
    """Tell whether a key signs with an algorithm."""
    try:
        jwt.encode({}, t.cast(t.Any, key), algorithm=algorithm)
    except (TypeError, ValueError, AttributeError, jwt.PyJWTError):
        return False
    return True


def _unusable_certificate(values: Values, wrong: set[str]) -> Iterator[Problem]:
    if not values.get("use_mtls"):
        return
    names = ("mtls_cert", "mtls_key")
    missing = [name for name in names if name not in values]
    for name in missing:
        if key_of(name) not in wrong:
            yield Problem(key_of(name), "is needed with AUTH0_USE_MTLS")
    if "mtls_cert" not in missing:
        yield from _outdated(values["mtls_cert"])
    if not missing:
        yield from _no_pair(values["mtls_cert"], values["mtls_key"])


def _outdated(text: str) -> Iterator[Problem]:
    shown, now = pem.certificate(text), datetime.now(timezone.utc)
    if shown.not_valid_after_utc <= now:
        told = f"expired on {shown.not_valid_after_utc:%Y-%m-%d}; renew it"
        yield Problem("AUTH0_MTLS_CERT", told)
    if shown.not_valid_before_utc > now:
        told = f"is not valid before {shown.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        yield Problem("AUTH0_MTLS_CERT", told)


def _no_pair(text: str, key: str) -> Iterator[Problem]:
    publics = pem.certificate(text).public_key(), pem.private_key(key).public_key()
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    first, second = (each.public_bytes(*form) for each in publics)
    if first != second:
        told = "is not the key of the certificate in AUTH0_MTLS_CERT"
        yield Problem("AUTH0_MTLS_KEY", told)
        return
    try:
        pem.show(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), text, key)
    except OSError as error:
        why = error.strerror or getattr(error, "reason", "")
        yield Problem("AUTH0_MTLS_CERT", f"cannot be used for TLS here: {why}")
