"""Checks of how the app proves to its tenant who it is."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping
from secrets import token_urlsafe

import httpx
from auth0_server_python.auth_schemes.client_assertion import (
    CLIENT_ASSERTION_TYPE,
    build_client_assertion,
)

from ...config import Config, Problem
from ..addresses import addresses_of
from .examination import Check
from .findings import Verdict, ok, warning, wrong
from .subject import Subject

_KEYS = {
    "AUTH0_CLIENT_SECRET",
    "AUTH0_CLIENT_ASSERTION_SIGNING_KEY",
    "AUTH0_CLIENT_ASSERTION_SIGNING_ALG",
    "AUTH0_USE_MTLS",
    "AUTH0_MTLS_CERT",
    "AUTH0_MTLS_KEY",
}


def _credentials(subject: Subject) -> Iterator[Verdict]:
    """Ask for tokens with a code that nobody has made."""
    code = {
        "grant_type": "authorization_code",
        "code": token_urlsafe(24),
        "code_verifier": token_urlsafe(48),
        "redirect_uri": addresses_of(subject.settings, subject.base).callback,
    }
    yield _judged(subject, code, "A login")


def _refresh(subject: Subject) -> Iterator[Verdict]:
    """Ask for tokens with a refresh token that nobody has made."""
    if "offline_access" not in subject.settings.scope.split():
        return
    token = {"grant_type": "refresh_token", "refresh_token": token_urlsafe(24)}
    yield _judged(subject, token, "A refresh")


def _judged(subject: Subject, content: Mapping[str, str], what: str) -> Verdict:
    wrong_keys = {each.key for each in subject.problems if isinstance(each, Problem)}
    if wrong_keys & _KEYS:
        return wrong("There is nothing to prove it with.", "See configuration.")
    try:
        url = subject.metadata["token_endpoint"]
        answer = post(subject, url, content)
    except httpx.HTTPError as error:
        return wrong(f"The token endpoint fails: {type(error).__name__}.")
    told, said = error_in(answer)
    way = way_of(subject.settings)
    if told == "invalid_grant":
        return ok(f"The tenant accepts {way}.")
    if told == "unauthorized_client":
        grant = content["grant_type"]
        advice = f"Turn on '{grant}' in the application's advanced settings."
        return wrong(f"{what} is not allowed: {said}.", advice)
    if answer.status_code == 401 or told in {"invalid_client", "access_denied"}:
        hint = f"Check AUTH0_CLIENT_ID, {_keys_of(subject.settings)}, and the "
        hint += "authentication method of the application in the Auth0 dashboard."
        return wrong(f"The tenant refuses {way}: {said}.", hint)
    return warning(f"The tenant answers {what.lower()} with {said}.")


def post(subject: Subject, url: str, content: Mapping[str, str]) -> httpx.Response:
    """Send a request that proves who the app is.

    :raises httpx.HTTPError: when there is no answer.
    """
    config = subject.settings
    body: dict[str, str] = {**content, "client_id": config.client_id}
    if config.client_assertion_signing_key is not None:
        body["client_assertion_type"] = CLIENT_ASSERTION_TYPE
        body["client_assertion"] = build_client_assertion(
            config.client_assertion_signing_key,
            config.client_id,
            subject.metadata["issuer"],
            config.client_assertion_signing_alg or "RS256",
        )
    if config.shared_secret is None:
        return subject.http.post(url, data=body)
    return subject.http.post(
        url, data=body, auth=(config.client_id, config.shared_secret)
    )


def error_in(answer: httpx.Response) -> tuple[str, str]:
    """Return the error of an answer, and what to show of it."""
    try:
        found: t.Any = answer.json()
    except ValueError:
        found = None
    members = found if isinstance(found, dict) else {}
    error = str(members.get("error") or answer.status_code)
    description = str(members.get("error_description") or "").rstrip(".")
    return error, f"{error} ({description[:200]})" if description else error


def way_of(config: Config) -> str:
    """Return how the app proves who it is."""
    if config.use_mtls:
        return "the certificate"
    return "the signature" if config.client_assertion_signing_key else "the secret"


def _keys_of(config: Config) -> str:
    if config.use_mtls:
        return "AUTH0_MTLS_CERT"
    if config.client_assertion_signing_key:
        return "AUTH0_CLIENT_ASSERTION_SIGNING_KEY"
    return "AUTH0_CLIENT_SECRET"


CHECKS = (
    Check("tenant.credentials", _credentials, ("tenant.issuer",)),
    Check("tenant.refresh", _refresh, ("tenant.credentials",)),
)
