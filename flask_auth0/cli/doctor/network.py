"""Checks of the way to the tenant: its proxy, its name, its certificate."""

from __future__ import annotations

import os
import socket
import ssl
import typing as t
from collections.abc import Iterator
from urllib.parse import urlsplit

from ...client.proxies import Proxy, proxy_to
from ...client.tls import make_context
from .examination import Check
from .findings import SKIPPED, Verdict, ok, wrong
from .subject import Subject


def _tenant(subject: Subject) -> Iterator[Verdict]:
    """Tell whether there is a tenant to look at."""
    if subject.config is None:
        yield wrong("The tenant is not known.", "See configuration.")
    elif subject.config.development_user is not None:
        yield Verdict(SKIPPED, "AUTH0_DEVELOPMENT_USER takes the place of a tenant.")
    elif not subject.config.domain:
        told = "AUTH0_DOMAIN is a function of the request."
        yield wrong(told, "Name one of the domains with --domain.")
    else:
        yield ok(f"It is {subject.config.domain}, for {subject.config.client_id}.")


def _proxy(subject: Subject) -> Iterator[Verdict]:
    proxy = _proxy_to(subject)
    if proxy is None:
        yield ok("No proxy is on the way.")
        return
    key, at = proxy.key, f"{proxy.host}:{proxy.port}"
    try:
        socket.create_connection((proxy.host, proxy.port), subject.limit).close()
        yield ok(f"Requests go through {at} ({key}).")
    except OSError as error:
        told = f"{key} names a proxy that does not answer ({at}: {_name(error)})."
        yield wrong(told, f"Correct {key}, or name the tenant in NO_PROXY.")


def _dns(subject: Subject) -> Iterator[Verdict]:
    host, port = _place(subject)
    if _proxy_to(subject):
        yield ok("The proxy looks the name up.")
        return
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        yield ok(f"{host} is {found[0][4][0]}.")
    except OSError:
        hint = "Correct AUTH0_DOMAIN, or look at the DNS of this machine."
        yield wrong(f"Nobody knows the name {host}.", hint)


def _certificates(subject: Subject) -> Iterator[Verdict]:
    try:
        make_context(subject.settings)
        yield ok(f"Certificates are compared with {_trusted()}.")
    except OSError as error:
        told = f"{_trusted()} cannot be read as certificates: {_name(error)}."
        yield wrong(told, "Unset it, or set it to a file of certificates in PEM.")


def _tls(subject: Subject) -> Iterator[Verdict]:
    if _proxy_to(subject):
        yield ok("The proxy hands the connection on.")
        return
    place = _place(subject)
    try:
        with (
            socket.create_connection(place, subject.limit) as plain,
            make_context(subject.settings).wrap_socket(
                plain, server_hostname=place[0]
            ) as secure,
        ):
            yield ok(f"{secure.version()}, with a certificate that is trusted.")
    except ssl.SSLCertVerificationError as error:
        told = f"The certificate is not trusted: {error.verify_message}."
        yield wrong(told, f"Certificates are compared with {_trusted()}. {_ADVICE}")
    except ssl.SSLError:
        told = f"There is no TLS at {place[0]}:{place[1]}."
        yield wrong(told, "Correct AUTH0_DOMAIN, and the port in it.")
    except OSError as error:
        told = f"Nothing answers at {place[0]}:{place[1]} ({_name(error)})."
        yield wrong(told, "Check AUTH0_DOMAIN, the network, and firewalls.")


_ADVICE = (
    "Set SSL_CERT_FILE to a file that has its authority, such as the one that a "
    "development tenant prints, or unset it for Auth0."
)


def _trusted() -> str:
    """Return where the certificates are that httpx trusts."""
    for key in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if os.environ.get(key):
            return f"{key} ({os.environ[key]})"
    return "the package certifi"


def _place(subject: Subject) -> tuple[str, int]:
    parts = urlsplit(f"//{subject.settings.domain}")
    return parts.hostname or "", parts.port or 443


def _proxy_to(subject: Subject) -> Proxy | None:
    return proxy_to(subject.settings.domain)


def _name(error: t.Any) -> str:
    return type(error).__name__


CHECKS = (
    Check("tenant", _tenant),
    Check("tenant.proxy", _proxy, ("tenant",)),
    Check("tenant.dns", _dns, ("tenant", "tenant.proxy")),
    Check("tenant.certificates", _certificates, ("tenant",)),
    Check("tenant.tls", _tls, ("tenant.certificates", "tenant.proxy", "tenant.dns")),
)
