"""Checks of what the tenant has to know of the app: its URLs, and its API."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx

from ...config.urls import LOOPBACK
from ..addresses import Addresses, addresses_of
from .examination import Check
from .findings import Verdict, ok, warning, wrong
from .logins import answer_to_login
from .subject import Subject

#: What a tenant says where nobody is logged in, and all else is right.
_EXPECTED = {"login_required", "interaction_required", "consent_required"}
_GUESS = "Name the address of the app with --url, if this is another one."


def _callback(subject: Subject) -> Iterator[Verdict]:
    """Ask for a login that shows nothing, and look where the tenant sends it."""
    url = _addresses(subject).callback
    answer = answer_to_login(subject, audience=None)
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
    answer = answer_to_login(subject, audience)
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
    """Tell whether the app hears of logouts at the tenant."""
    url = _addresses(subject).backchannel
    if url is None or not _is_heard(subject):
        return
    host, tenant = urlsplit(url).hostname, urlsplit(f"//{subject.settings.domain}")
    if host in LOOPBACK and tenant.hostname not in LOOPBACK:
        told = f"The tenant cannot reach {url}, which is this machine alone."
        yield warning(told, _guess(subject))
    else:
        yield _answer_of_route(subject, url)


def _answer_of_route(subject: Subject, url: str) -> Verdict:
    """Ask the app as the tenant would, with a logout token that is none."""
    try:
        status = subject.http.post(url, data={"logout_token": "none"}).status_code
    except httpx.HTTPError as error:
        told = f"Nothing answers at {url} ({type(error).__name__})."
        return warning(told, f"Is the app running? {_guess(subject)}".strip())
    if status == 400:
        return ok(f"{url} answers. Name it in the Auth0 dashboard, too.")
    hint = "Let POST requests for it reach the app, without a login or a check."
    return wrong(f"{url} answers with {status}, where the app says 400.", hint)


def _is_heard(subject: Subject) -> bool:
    """Tell whether the app keeps something that a logout token can end."""
    has_server = bool(subject.app_config.get("SESSION_TYPE")) or bool(
        subject.environ.get("SESSION_TYPE")
    )
    return has_server or subject.settings.revocation_store is not None


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
