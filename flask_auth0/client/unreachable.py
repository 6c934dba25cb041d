"""Why a tenant cannot be reached, as a remedy for the operator."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

#: The variables that name a proxy for the way to the tenant; the first one counts.
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
#: OpenSSL's reason in the message of an error.
_REASON = re.compile(r"certificate verify failed: ([^(\n]+)")


def remedy_for(
    chain: Sequence[BaseException],
    cause: BaseException,
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Return what to look at.

    :param chain: the error and its causes, of which ``cause`` is one.
    """
    said = " ".join(map(str, chain))
    if (reason := _REASON.search(said)) is not None:
        return _untrusted(reason[1].strip(), environ)
    if any(isinstance(each, ssl.SSLError) for each in chain):
        return f"Check the port in AUTH0_DOMAIN, and TLS there ({_told(cause)})."
    return f"Check AUTH0_DOMAIN and the network ({_told(cause)}).{_proxy(environ)}"


def reason_for(
    chain: Sequence[BaseException], environ: Mapping[str, str] = os.environ
) -> str:
    """Return the reason that the log has.

    :param chain: the error and its causes.
    """
    if _REASON.search(" ".join(map(str, chain))):
        return "certificate_not_trusted"
    return "proxy_failed" if _proxy(environ) else "tenant_unreachable"


def _untrusted(reason: str, environ: Mapping[str, str]) -> str:
    """Return the remedy for a certificate that is not trusted."""
    if "expired" in reason or "not yet valid" in reason:
        return f"Its certificate is out of date, or this clock is wrong ({reason})."
    if "mismatch" in reason:
        return f"Its certificate is for another host ({reason}). Check AUTH0_DOMAIN."
    told = f"Its certificate is not trusted here ({reason})."
    file = environ.get("SSL_CERT_FILE")
    if not file:
        return f"{told} Set SSL_CERT_FILE."
    return (
        f"{told} SSL_CERT_FILE is {file}, where its authority has to be. A development "
        "tenant makes a new one whenever it starts."
    )


def _proxy(environ: Mapping[str, str]) -> str:
    """Return which proxy the environment names, without its password."""
    for key in _PROXIES:
        if value := environ.get(key):
            url = value if "//" in value else f"//{value}"
            _, _, place = urlsplit(url).netloc.rpartition("@")
            return f" {key} names the proxy {place}, which may be down; see NO_PROXY."
    return ""


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
