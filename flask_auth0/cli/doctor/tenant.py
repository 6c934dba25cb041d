"""Checks of what the tenant publishes."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx

from ...client.discovery import DEVELOPMENT_MARKER
from ...client.responses import check_metadata, with_mtls_endpoints
from ...client.signed_tokens import check_keys, signs_tokens
from ...config import is_development
from ...errors import TenantError
from .examination import Check
from .findings import Verdict, ok, warning, wrong
from .subject import Subject

#: Seconds that two clocks may differ by: more is noticed, and more ends logins.
_NOTICED, _TOO_MUCH = 5, 60


def _discovery(subject: Subject) -> Iterator[Verdict]:
    domain = subject.settings.domain
    url = f"https://{domain}/.well-known/openid-configuration"
    began = time.monotonic()
    found, problem = document(subject, url)
    if problem is not None:
        yield problem
        return
    subject.metadata = found
    yield ok(f"{url} answers in {(time.monotonic() - began) * 1000:.0f} ms.")


def document(subject: Subject, url: str) -> tuple[t.Any, Verdict | None]:
    """Return a JSON document of the tenant, or what is wrong with it."""
    advice = "Check AUTH0_DOMAIN, and the network."
    try:
        answer = subject.http.get(url)
        if answer.status_code != 200:
            return None, wrong(f"{url} answers with {answer.status_code}.", advice)
        subject.date = answer.headers.get("Date"), time.time()
        return answer.json(), None
    except httpx.HTTPError as error:
        return None, wrong(f"{url} fails: {type(error).__name__}.", advice)
    except ValueError:
        return None, wrong(f"{url} is no JSON.", advice)


def _issuer(subject: Subject) -> Iterator[Verdict]:
    try:
        check_metadata(subject.metadata, subject.settings.domain)
        if subject.settings.use_mtls:
            subject.metadata = with_mtls_endpoints(subject.metadata)
    except TenantError as error:
        yield wrong(error.remedy or "The discovery document is not one.")
        return
    yield ok(f"It is {subject.metadata['issuer']}.")


def _is_for_development(subject: Subject) -> Iterator[Verdict]:
    if not subject.metadata.get(DEVELOPMENT_MARKER):
        return
    told = "It is a development tenant: anyone can be anyone there."
    settings = vars(subject.settings)
    is_allowed = subject.settings.allow_development_tenant
    if is_allowed or is_development(settings, subject.app_config):
        yield ok(told)
    else:
        yield wrong(told, "Set AUTH0_DOMAIN to a tenant of Auth0, or use debug mode.")


def _keys(subject: Subject) -> Iterator[Verdict]:
    found, problem = document(subject, subject.metadata["jwks_uri"])
    if problem is not None:
        yield problem
        return
    try:
        keys = check_keys(found)["keys"]
    except TenantError as error:
        yield wrong(error.remedy or "The key set is not one.")
        return
    fitting = [key for key in keys if signs_tokens(key)]
    if fitting:
        yield ok(f"{len(fitting)} of {len(keys)} keys can sign with RS256.")
    else:
        advice = "Choose RS256 in the application's advanced settings, under OAuth."
        yield wrong("No key can sign with RS256.", advice)


def _clock(subject: Subject) -> Iterator[Verdict]:
    """Compare the clock of this machine with the tenant's."""
    told, at = subject.date
    try:
        theirs = parsedate_to_datetime(told or "").timestamp()
    except ValueError:
        return
    # A Date has whole seconds.
    off = max(abs(at - theirs) - 1, 0)
    ahead = "ahead" if at > theirs else "behind"
    sentence = f"The clock of this machine is {off:.0f} s {ahead}."
    if off > _TOO_MUCH:
        yield wrong(sentence, "Set it, with NTP for example: tokens seem to be old.")
    elif off > _NOTICED:
        yield warning(sentence, "Set it, with NTP for example.")
    else:
        yield ok("The clock of this machine is right.")


CHECKS = (
    Check("tenant.discovery", _discovery, ("tenant", "tenant.tls")),
    Check("tenant.issuer", _issuer, ("tenant.discovery",)),
    Check("tenant.development", _is_for_development, ("tenant.discovery",)),
    Check("tenant.keys", _keys, ("tenant.issuer",)),
    Check("tenant.clock", _clock, ("tenant.discovery",)),
)
