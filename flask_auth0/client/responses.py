"""Checks of the tenant's answers, before anything relies on them."""

from __future__ import annotations

import contextlib
import json
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

from ..config.urls import is_issuer
from ..errors import TenantError, TenantUnavailable
from ..runtime.request import current_request
from ..runtime.tenant_answer import TenantAnswer
from ..sessions.flows import arriving
from .rate_limits import pause_after, rate_limited, retry_after

#: Seconds that a token lasts without an ``expires_in``, as in the SDK.
DEFAULT_LIFETIME = 3600
#: Seconds that a token lasts at most, whatever its ``expires_in``: ten years.
LONGEST_LIFETIME = 315_360_000
#: The types of access tokens that are known, and those where a key was shown (RFC
#: 9449).
BEARER, BOUND = frozenset(["bearer"]), frozenset(["bearer", "dpop"])

#: The headers of an answer that the SDK reads, beside its content.
_READ = ("DPoP-Nonce", "Retry-After")


def note_answer(response: t.Any) -> None:
    """Keep an error that the tenant has answered with, for the log.

    :param response: of httpx, read to its end.
    """
    with contextlib.suppress(RuntimeError):
        # Outside of an app there is no request, as in a command for the tenant.
        current_request().tenant_answer = _error_in(response)


def _error_in(response: t.Any) -> TenantAnswer:
    """Return the error in an answer of OAuth, of Auth0's own APIs, or of RFC 9457."""
    try:
        told = response.json()
    except (ValueError, RecursionError):
        told = None
    told = told if isinstance(told, dict) else {}
    named = [told.get(each) for each in ("error", "code", "title")]
    said = [told.get(each) for each in ("error_description", "description", "detail")]
    return TenantAnswer(
        response.status_code,
        next(filter(_is_text, named), None),
        next(filter(_is_text, said), None),
        endpoint_in(response.request.url),
    )


def _is_text(value: t.Any) -> bool:
    return isinstance(value, str) and bool(value)


def endpoint_in(url: t.Any) -> str:
    """Return a URL of httpx without its query."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}{url.path}"


def is_unavailable(status: int) -> bool:
    """Tell whether a status means that the tenant cannot answer now."""
    return status >= 500 or status == 429


def unavailable(response: t.Any) -> TenantUnavailable:
    """Return the error for an answer of a tenant that cannot answer now."""
    if response.status_code == 429:
        return rate_limited(pause_after(response))
    error = TenantUnavailable(remedy=f"It answered with {response.status_code}.")
    error.retry_after = retry_after(response) or error.retry_after
    return error


def check_metadata(metadata: t.Any, domain: str) -> None:
    """Refuse a discovery document of another issuer than the tenant (OpenID Connect
    Discovery, section 4.3), or with endpoints that are no URLs of the web.
    """
    if not isinstance(metadata, dict):
        raise TenantError(remedy="Its discovery document is none.")
    if not is_issuer(metadata.get("issuer"), domain):
        told = str(metadata.get("issuer"))[:100]
        hint = f"Its discovery document is of the issuer {told!r}, not of {domain!r}."
        raise TenantError(remedy=f"{hint} Check AUTH0_DOMAIN.")
    for name in ("issuer", "token_endpoint", "jwks_uri"):
        _check_url(metadata, name, {"https"})
    _check_url(metadata, "authorization_endpoint", {"https", "http"})
    if metadata.get("revocation_endpoint") is not None:
        _check_url(metadata, "revocation_endpoint", {"https"})
    if metadata.get("end_session_endpoint") is not None:
        _check_url(metadata, "end_session_endpoint", {"https", "http"})


#: The endpoints that an app asks itself, and not its users' browsers.
_OWN_ENDPOINTS = (
    "token_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
    "pushed_authorization_request_endpoint",
    "backchannel_authentication_endpoint",
)


def with_mtls_endpoints(metadata: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return a discovery document with the endpoints for clients with certificates in
    place of the others (RFC 8705, section 5).

    The SDK looks for some of them, and asks the others without a certificate.

    :raises TenantError: when there are none, or wrong ones.
    """
    aliases = metadata.get("mtls_endpoint_aliases")
    if not isinstance(aliases, dict) or "token_endpoint" not in aliases:
        raise TenantError(
            remedy="It publishes no mtls_endpoint_aliases with a token_endpoint, which "
            "AUTH0_USE_MTLS needs. Turn mTLS endpoint aliases on at the tenant."
        )
    found = {**metadata, **aliases}
    used = {name: found[name] for name in _OWN_ENDPOINTS if name in found}
    for name in used:
        _check_url(used, name, {"https"})
    return {**metadata, **used, "mtls_endpoint_aliases": used}


def check_login(response: httpx.Response, scope: str) -> httpx.Response:
    """Refuse a token response without an ID token, with which nobody is logged in.

    Authlib and the SDK would take its member ``userinfo`` for verified claims.

    :param scope: as in :func:`check_tokens`.
    """
    tokens = _tokens(response, scope)
    if tokens is None:
        return response
    if not isinstance(tokens.get("id_token"), str):
        raise TenantError(remedy="The token response has no ID token.")
    tokens.pop("userinfo", None)
    arrival = arriving.get()
    if arrival is not None:
        arrival.authorization_details = tokens.get("authorization_details")
    return _answer(response, 200, tokens)


def check_tokens(
    response: httpx.Response, scope: str, types: frozenset[str] = BEARER
) -> httpx.Response:
    """Refuse a token response that RFC 6749, section 5.1, does not allow.

    :param scope: what was asked for, and granted if the response does not say so.
    :param types: the types of access tokens that the app can use.
    """
    tokens = _tokens(response, scope, types)
    if tokens is None:
        # The SDK tells an error by its status and one spelling of its content type.
        status = response.status_code if response.is_client_error else 400
        return _answer(response, status, response.json())
    return _answer(response, 200, tokens)


def _tokens(
    response: httpx.Response, scope: str, types: frozenset[str] = BEARER
) -> dict[str, t.Any] | None:
    """Return the members of a token response, or ``None`` if it is an error."""
    if is_unavailable(response.status_code):
        # Authlib may use another library in place of httpx, with errors of its own.
        raise unavailable(response)
    with as_json(f"It answered with {response.status_code}, and no JSON."):
        tokens = response.json()
    if not isinstance(tokens, dict):
        raise TenantError(remedy="Its token response is none.")
    if "error" in tokens:
        # Some tenants say so with a status of success.
        current_request().tenant_answer = _error_in(response)
        return None
    if not response.is_success:
        # Authlib takes any answer without an error for tokens.
        hint = f"It answered with {response.status_code}, and no error."
        raise TenantError(remedy=hint)
    if not tokens.get("access_token") or not isinstance(tokens["access_token"], str):
        raise TenantError(remedy="The token response has no access token.")
    _check_types(tokens, types)
    tokens["scope"] = tokens.get("scope") or scope
    tokens["expires_in"] = _seconds(tokens.get("expires_in"))
    return tokens


@contextmanager
def as_json(remedy: str) -> Iterator[None]:
    """Raise :class:`.TenantError` if an answer that is read inside is no JSON.

    :param remedy: the error's sentence for the operator.
    """
    try:
        yield
    except (ValueError, RecursionError) as error:
        raise TenantError(remedy=remedy) from error


def _check_types(tokens: dict[str, t.Any], known: frozenset[str]) -> None:
    """Refuse members that are not of the type that RFC 6749 gives them."""
    if "issued_token_type" in tokens:
        # A token exchange may bring a token that gives no access (RFC 8693, 2.2.1).
        known |= {"n_a"}
    if str(tokens.get("token_type", "Bearer")).lower() not in known:
        # A client must not use a token of a type that it does not know (RFC 6749, 7.1).
        raise TenantError(remedy="The token_type of its token response is not Bearer.")
    for name in ("access_token", "refresh_token", "id_token", "scope"):
        # Tokens become parts of headers, so they are printable (RFC 6749, appendix A).
        if tokens.get(name) is not None and not _is_plain_text(tokens[name]):
            raise TenantError(remedy=f"The {name} of its token response is no text.")


def _is_plain_text(value: t.Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _answer(
    response: httpx.Response, status: int, content: dict[str, t.Any]
) -> httpx.Response:
    kept = {name: response.headers[name] for name in _READ if name in response.headers}
    # The answer is in ASCII, since JSON can have surrogates, which UTF-8 cannot.
    return type(response)(
        status,
        content=json.dumps(content),
        headers={"Content-Type": "application/json", **kept},
        request=response.request,
    )


def _check_url(metadata: dict[str, t.Any], name: str, schemes: set[str]) -> None:
    if not _is_url(metadata.get(name), schemes):
        hint = f"Its discovery document has a wrong {name}, or none."
        raise TenantError(remedy=hint)


def _is_url(value: t.Any, schemes: set[str]) -> bool:
    if not _is_plain_text(value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        # urlsplit refuses brackets without an address, and ports above 65535.
        return False


def _seconds(value: t.Any) -> int:
    """Return a lifetime as a number, which some tenants send as a string."""
    try:
        return min(max(int(value), 0), LONGEST_LIFETIME)
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_LIFETIME
