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
    """Ask for tokens that nobody should get, and judge the refusal.

    :param what: what would get them.
    """
    wrong_keys = {each.key for each in subject.problems if isinstance(each, Problem)}
    if wrong_keys & _KEYS:
        return wrong("There is nothing to prove it with.", "See configuration.")
    try:
        answer = post(subject, subject.metadata["token_endpoint"], content)
    except httpx.HTTPError as error:
        return wrong(f"The token endpoint fails: {type(error).__name__}.")
    error_code, said = error_in(answer)
    if error_code == "invalid_grant":
        return ok(f"The tenant accepts {way_of(subject.settings)}.")
    if error_code == "unauthorized_client":
        advice = f"Turn on '{content['grant_type']}' in the application's settings."
        return wrong(f"{what} is not allowed: {said}.", advice)
    if answer.status_code == 401 or error_code in {"invalid_client", "access_denied"}:
        return _refused(subject.settings, said)
    return warning(f"The tenant answers {what.lower()} with {said}.")


def _refused(config: Config, said: str) -> Verdict:
    return wrong(
        f"The tenant refuses {way_of(config)}: {said}.",
        f"Check AUTH0_CLIENT_ID, {_key_of(config)}, and the authentication method of "
        "the application in the Auth0 dashboard.",
    )


def post(subject: Subject, url: str, content: Mapping[str, str]) -> httpx.Response:
    """Send a request that proves who the app is.

    :raises httpx.HTTPError: when there is no answer.
    """
    config = subject.settings
    proof = _assertion(config, subject.metadata["issuer"])
    body = {**content, "client_id": config.client_id, **proof}
    if config.shared_secret is None:
        return subject.http.post(url, data=body)
    secret = (config.client_id, config.shared_secret)
    return subject.http.post(url, data=body, auth=secret)


def _assertion(config: Config, issuer: str) -> dict[str, str]:
    """Return the parameters of a signature, if that proves who the app is."""
    key = config.client_assertion_signing_key
    if key is None:
        return {}
    algorithm = config.client_assertion_signing_alg or "RS256"
    return {
        "client_assertion_type": CLIENT_ASSERTION_TYPE,
        "client_assertion": build_client_assertion(
            key, config.client_id, issuer, algorithm
        ),
    }


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


def _key_of(config: Config) -> str:
    if config.use_mtls:
        return "AUTH0_MTLS_CERT"
    if config.client_assertion_signing_key:
        return "AUTH0_CLIENT_ASSERTION_SIGNING_KEY"
    return "AUTH0_CLIENT_SECRET"


CHECKS = (
    Check("tenant.credentials", _credentials, ("tenant.issuer",)),
    Check("tenant.refresh", _refresh, ("tenant.credentials",)),
)
