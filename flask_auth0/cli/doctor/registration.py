"""Checks of what the tenant has to know of the app: its URLs, and its API."""

from __future__ import annotations

import base64
import hashlib
import typing as t
from collections.abc import Iterator
from secrets import token_urlsafe
from urllib.parse import parse_qs, urlsplit

import httpx

from ...config.urls import LOOPBACK
from ..addresses import Addresses, addresses_of
from .credentials import error_in, post
from .examination import Check
from .findings import Verdict, ok, warning, wrong
from .subject import Subject

#: What a tenant says where nobody is logged in, and all else is right.
_EXPECTED = {"login_required", "interaction_required", "consent_required"}
_GUESS = "Name the address of the app with --url, if this is another one."


def _callback(subject: Subject) -> Iterator[Verdict]:
    """Ask for a login that shows nothing, and look where the tenant sends it."""
    url = _addresses(subject).callback
    answer = _authorization(subject, audience=None)
    if isinstance(answer, Verdict):
        yield answer
    elif answer.headers.get("Location", "").startswith(url):
        yield ok(f"The tenant sends browsers back to {url}.")
    elif 300 <= answer.status_code < 500:
        hint = "Add it to Allowed Callback URLs in the Auth0 dashboard"
        hint += f" of the application {subject.settings.client_id}. "
        told = f"The tenant does not send browsers back to {url}"
        yield wrong(f"{told} ({answer.status_code}).", hint + _guess(subject))
    else:
        yield warning(f"The tenant answers a login with {answer.status_code}.")


def _audience(subject: Subject) -> Iterator[Verdict]:
    audience = subject.settings.audience
    if audience is None:
        return
    answer = _authorization(subject, audience)
    if isinstance(answer, Verdict):
        yield answer
        return
    query = parse_qs(urlsplit(answer.headers.get("Location", "")).query)
    error = query.get("error", [""])[0]
    if error in _EXPECTED or "code" in query:
        yield ok(f"The tenant knows the API {audience}.")
    else:
        said = query.get("error_description", [str(answer.status_code)])[0][:200]
        hint = "Set AUTH0_AUDIENCE to the identifier of an API in the Auth0 dashboard."
        yield wrong(f"The tenant refuses AUTH0_AUDIENCE: {said}.", hint)


def _logout(subject: Subject) -> Iterator[Verdict]:
    for url in _addresses(subject).logout:
        yield _judged_logout(subject, url)


def _judged_logout(subject: Subject, url: str) -> Verdict:
    config, endpoint = subject.settings, subject.metadata.get("end_session_endpoint")
    if config.logout_strategy == "oidc" and not endpoint:
        told = "The tenant publishes no end_session_endpoint."
        return wrong(told, "Set AUTH0_LOGOUT_STRATEGY to auto or v2.")
    name = "post_logout_redirect_uri"
    if config.logout_strategy == "v2" or not endpoint:
        endpoint, name = f"https://{config.domain}/v2/logout", "returnTo"
    query = {"client_id": config.client_id, name: url}
    try:
        answer = subject.http.get(endpoint, params=query)
    except httpx.HTTPError as error:
        return wrong(f"The logout of the tenant fails: {type(error).__name__}.")
    if answer.status_code < 400:
        return ok(f"The tenant lets a logout lead to {url}.")
    hint = "Add it to Allowed Logout URLs in the Auth0 dashboard. "
    told = f"The tenant lets no logout lead to {url} ({answer.status_code})."
    return wrong(told, hint + _guess(subject))


def _backchannel(subject: Subject) -> Iterator[Verdict]:
    """Ask the route as the tenant would, with a logout token that is none."""
    url = _addresses(subject).backchannel
    if url is None or not _is_heard(subject):
        return
    host, tenant = urlsplit(url).hostname, urlsplit(f"//{subject.settings.domain}")
    if host in LOOPBACK and tenant.hostname not in LOOPBACK:
        told = f"The tenant cannot reach {url}, which is this machine alone."
        yield warning(told, _guess(subject))
        return
    try:
        answer = subject.http.post(url, data={"logout_token": "none"})
        status = answer.status_code
    except httpx.HTTPError as error:
        told = f"Nothing answers at {url} ({type(error).__name__})."
        yield warning(told, f"Is the app running? {_guess(subject)}".strip())
        return
    if status == 400:
        yield ok(f"{url} answers. Name it in the Auth0 dashboard, too.")
    else:
        hint = "Let POST requests for it reach the app, without a login or a check."
        yield wrong(f"{url} answers with {status}, where the app says 400.", hint)


def _is_heard(subject: Subject) -> bool:
    """Tell whether the app keeps something that a logout token can end."""
    has_server = bool(subject.app_config.get("SESSION_TYPE")) or bool(
        subject.environ.get("SESSION_TYPE")
    )
    return has_server or subject.settings.revocation_store is not None


def _authorization(subject: Subject, audience: str | None) -> httpx.Response | Verdict:
    """Return the tenant's answer to a login that may show nothing."""
    config = subject.settings
    challenge = hashlib.sha256(token_urlsafe(48).encode()).digest()
    query = {
        **(config.authorization_params or {}),
        "scope": config.scope,
        "response_type": "code",
        "client_id": config.client_id,
        "redirect_uri": _addresses(subject).callback,
        "state": token_urlsafe(16),
        "nonce": token_urlsafe(16),
        "prompt": "none",
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **_given(audience=audience, organization=config.organization),
    }
    try:
        if config.pushed_authorization_requests:
            return _pushed(subject, query)
        endpoint = subject.metadata["authorization_endpoint"]
        return subject.http.get(endpoint, params=query)
    except httpx.HTTPError as error:
        return wrong(f"The login of the tenant fails: {type(error).__name__}.")


def _given(**parameters: str | None) -> dict[str, str]:
    """Return the parameters that have a value."""
    return {name: value for name, value in parameters.items() if value}


def _pushed(subject: Subject, query: dict[str, t.Any]) -> httpx.Response | Verdict:
    """Return the answer to a request that was pushed before (RFC 9126)."""
    url = subject.metadata.get("pushed_authorization_request_endpoint")
    if not url:
        told = "The tenant takes no pushed requests."
        return wrong(told, "Turn AUTH0_PUSHED_AUTHORIZATION_REQUESTS off.")
    pushed = post(subject, url, query)
    if pushed.status_code >= 400:
        _, said = error_in(pushed)
        hint = f"Is {query['redirect_uri']} among Allowed Callback URLs?"
        return wrong(f"The tenant refuses the pushed request: {said}.", hint)
    begin = {
        "client_id": subject.settings.client_id,
        "request_uri": pushed.json()["request_uri"],
    }
    return subject.http.get(subject.metadata["authorization_endpoint"], params=begin)


def _addresses(subject: Subject) -> Addresses:
    return addresses_of(subject.settings, subject.base)


def _guess(subject: Subject) -> str:
    return _GUESS if subject.is_guess else ""


CHECKS = (
    Check("tenant.callback", _callback, ("tenant.issuer",)),
    Check("tenant.audience", _audience, ("tenant.callback",)),
    Check("tenant.logout", _logout, ("tenant.issuer",)),
    Check("tenant.backchannel", _backchannel, ("tenant",)),
)
