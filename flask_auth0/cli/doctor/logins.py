"""A login at the tenant that may show nothing, to see what the tenant makes of it."""

from __future__ import annotations

import base64
import hashlib
import typing as t
from secrets import token_urlsafe

import httpx

from ...config import Config
from ..addresses import addresses_of
from .credentials import error_in, post
from .findings import Verdict, wrong
from .subject import Subject


def answer_to_login(subject: Subject, audience: str | None) -> httpx.Response | Verdict:
    """Return the tenant's answer to a login that may show nothing."""
    config = subject.settings
    query = _query(config, addresses_of(config, subject.base).callback, audience)
    try:
        if config.pushed_authorization_requests:
            return _pushed(subject, query)
        endpoint = subject.metadata["authorization_endpoint"]
        return subject.http.get(endpoint, params=query)
    except httpx.HTTPError as error:
        return wrong(f"The login of the tenant fails: {type(error).__name__}.")


def _query(config: Config, callback: str, audience: str | None) -> dict[str, t.Any]:
    """Return the parameters of a login that may show nothing."""
    challenge = hashlib.sha256(token_urlsafe(48).encode()).digest()
    return {
        **(config.authorization_params or {}),
        "scope": config.scope,
        "response_type": "code",
        "client_id": config.client_id,
        "redirect_uri": callback,
        "state": token_urlsafe(16),
        "nonce": token_urlsafe(16),
        "prompt": "none",
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **_given(audience=audience, organization=config.organization),
    }


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
