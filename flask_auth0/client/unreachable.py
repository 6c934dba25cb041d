"""Why a tenant cannot be reached, as a remedy for the operator."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

from .proxies import Proxy, proxy_to

#: OpenSSL's reason in the message of an error.
_REASON = r"certificate verify failed: ([^(\n]+)"


def remedy_for(
    chain: Sequence[BaseException], cause: BaseException, asked: str | None
) -> str:
    """Return what to look at.

    :param chain: the error and its causes, of which ``cause`` is one.
    :param asked: the URL that was asked for, if that is known.
    """
    said = " ".join(map(str, chain))
    if (reason := re.search(_REASON, said)) is not None:
        return _untrusted(reason[1].strip())
    if any(isinstance(each, ssl.SSLError) for each in chain):
        return f"Check the port in AUTH0_DOMAIN, and TLS there ({_told(cause)})."
    remedy = f"Check AUTH0_DOMAIN and the network ({_told(cause)})."
    proxy = _proxy_for(asked)
    if proxy is None:
        return remedy
    named = f"{proxy.key} names the proxy {proxy.host}:{proxy.port}"
    return f"{remedy} {named}, which may be down; see NO_PROXY."


def reason_for(chain: Sequence[BaseException], asked: str | None) -> str:
    """Return the reason that the log has; the parameters are :func:`remedy_for`'s."""
    if re.search(_REASON, " ".join(map(str, chain))):
        return "certificate_not_trusted"
    return "proxy_failed" if _proxy_for(asked) else "tenant_unreachable"


def _untrusted(reason: str) -> str:
    """Return the remedy for a certificate that is not trusted."""
    if "expired" in reason or "not yet valid" in reason:
        return f"Its certificate is out of date, or this clock is wrong ({reason})."
    if "mismatch" in reason:
        return f"Its certificate is for another host ({reason}). Check AUTH0_DOMAIN."
    told = f"Its certificate is not trusted here ({reason})."
    file = os.environ.get("SSL_CERT_FILE")
    if not file:
        return f"{told} Set SSL_CERT_FILE."
    return (
        f"{told} SSL_CERT_FILE is {file}, where its authority has to be. A development "
        "tenant makes a new one whenever it starts."
    )


def _proxy_for(asked: str | None) -> Proxy | None:
    return proxy_to(urlsplit(asked or "").netloc)


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
