"""The errors of the SDK, and of HTTP below it, as errors of this extension."""

from __future__ import annotations

import importlib.util
import re
import ssl
import typing as t
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import jwt
from auth0_server_python.error import (
    AccessTokenError,
    AccessTokenErrorCode,
    AccessTokenForConnectionError,
    AccessTokenForConnectionErrorCode,
    ApiError,
    BackchannelLogoutError,
    InvalidArgumentError,
    MfaRequiredError,
    MissingTransactionError,
    OrganizationTokenValidationError,
    PollingApiError,
    SessionExpiredError,
    StartLinkUserError,
)
from auth0_server_python.error import Auth0Error as SdkError
from authlib.integrations.base_client.errors import OAuthError

from ..errors import (
    Auth0Error,
    AuthorizationFailed,
    LoginFailed,
    LoginRequired,
    MfaRequired,
    TenantError,
    TenantUnavailable,
    app_refused,
    in_one_line,
)
from ..pages import Text
from ..runtime.request import current_request
from ..runtime.tenant_answer import TenantAnswer
from ..runtime.tracebacks import causes_of, without_secrets
from .challenge_errors import (
    is_of_challenge,
    refusal_of_challenge,
    too_many_attempts,
)
from .refusals import refusal_of
from .responses import endpoint_in, is_unavailable, unavailable
from .unreachable import reason_for, remedy_for

#: httpx, and its successor, which Authlib uses where that is installed.
_HTTP = [
    importlib.import_module(name)
    for name in ("httpx", "httpx2")
    if importlib.util.find_spec(name)
]
_STATUS_ERRORS = tuple(http.HTTPStatusError for http in _HTTP)
#: The errors of a tenant that cannot be reached.
TRANSPORT_ERRORS: tuple[type[Exception], ...] = (
    TimeoutError,
    *(http.TransportError for http in _HTTP),
)

#: The keys that say who the app is.
_CREDENTIALS = (
    "what says who the app is: AUTH0_CLIENT_SECRET, "
    "AUTH0_CLIENT_ASSERTION_SIGNING_KEY or AUTH0_MTLS_CERT"
)
#: What a developer can do where the tenant does not know an API.
UNKNOWN_API = (
    "The audience is the identifier of no API of the tenant. Compare AUTH0_AUDIENCE "
    "with the dashboard, slash included."
)
_AGAIN = Text("Please log in again to go on.")
#: What a developer can do so that sessions outlast their access tokens.
WITHOUT_OFFLINE_ACCESS = (
    "The session has no refresh token: AUTH0_SCOPE needs offline_access, and the "
    "tenant has to allow it for the API."
)
#: The codes of the token endpoint that the SDK hands on, and their reasons.
_OF_TOKEN_ENDPOINT = {
    *("invalid_client", "unauthorized_client", "access_denied", "invalid_scope"),
    *("invalid_request", "unsupported_grant_type", "invalid_target"),
    *("server_error", "temporarily_unavailable", "too_many_requests"),
}
_REASONS = {
    "invalid_client": "client_refused",
    "unauthorized_client": "client_refused",
    "access_denied": "refused_by_tenant",
}
_LOG_IN_AGAIN = {
    AccessTokenErrorCode.MISSING_REFRESH_TOKEN,
    AccessTokenErrorCode.SESSION_EXPIRED,
    AccessTokenForConnectionErrorCode.MISSING_REFRESH_TOKEN,
}
#: The SDK's codes for an ID token that is not good.
_UNVERIFIED = {
    "invalid_audience",
    "invalid_signature",
    "invalid_token",
    "jwks_key_not_found",
}

#: The errors of the SDK and of the libraries below it. All others, such as those of an
#: app's own store, stay as they are.
KNOWN: tuple[type[Exception], ...] = (
    SdkError,
    OAuthError,
    *(http.HTTPError for http in _HTTP),
    jwt.PyJWTError,
    ValueError,
    TimeoutError,
    ssl.SSLError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Raise an :class:`.Auth0Error` in place of an error of the SDK."""
    with untranslated():
        try:
            yield
        except KNOWN as error:
            translation = translate(error)
            raise translation from without_secrets(error)


@contextmanager
def untranslated() -> Iterator[None]:
    """Raise the error of a hook unchanged, since it is the app's own."""
    try:
        yield
    except Exception as error:
        failure = failure_of_hook(error)
        if failure is None or failure is error:
            raise
        raise failure  # noqa: B904  # it has causes of its own


def failure_of_hook(error: BaseException | None) -> Exception | None:
    """Return the error that a hook has raised, whatever has wrapped it since."""
    failures = current_request().hook_errors
    if not failures:
        return None
    pairs = ((cause, each) for cause in causes_of(error, "cause") for each in failures)
    found = (each for cause, each in pairs if each is cause or _is_copy(cause, each))
    return next(found, None)


def _is_copy(error: BaseException, failure: Exception) -> bool:
    """Tell whether asyncio has copied the error, as it does with some classes."""
    is_timeout = type(error) is type(failure) is TimeoutError
    return is_timeout and error.args == failure.args


def translate(error: Exception) -> Auth0Error:
    """Return the error of this extension with the same meaning."""
    chain = list(causes_of(error, "cause"))
    for cause in chain:
        if isinstance(cause, Auth0Error):
            return cause
        if isinstance(cause, OAuthError):
            return _refused(str(cause.error), str(cause.description or ""))
        if refusal := refusal_of_challenge(cause):
            return refusal
        if _is_spent(cause):
            return _spent(cause)
        if isinstance(cause, ApiError | MfaRequiredError) and _wants_factor(cause):
            return _mfa_required(cause)
        if isinstance(cause, _STATUS_ERRORS):
            if cause.response.status_code == 429 and is_of_challenge(error):
                return too_many_attempts(cause.response)
            return _wrong_status(cause.response)
        if isinstance(cause, TRANSPORT_ERRORS):
            return _unreachable(chain, cause)
    return refusal_of(chain) or _refused_request(chain) or _of_the_sdk(error)


def _is_spent(error: BaseException) -> bool:
    """Tell whether the tenant takes a refresh token no longer."""
    if not isinstance(error, ApiError) or isinstance(error, PollingApiError):
        return False
    # Some tenants give a token that they do not know another code.
    is_unknown = error.code == "invalid_request" and "refresh token" in str(error)
    return error.code == "invalid_grant" or is_unknown


def _spent(error: BaseException) -> LoginRequired:
    code = str(getattr(error, "code", ""))
    required = LoginRequired(
        _AGAIN,
        remedy="The tenant does not take the refresh token of this session any more.",
        reason="refresh_token_refused",
    )
    required.answer = TenantAnswer(None, code, str(error))
    return required


def _refused_request(chain: Iterable[BaseException]) -> Auth0Error | None:
    """Return the error for a code of the token endpoint that the SDK hands on."""
    for cause in chain:
        if isinstance(cause, ApiError) and str(cause.code) in _OF_TOKEN_ENDPOINT:
            return _refused(cause.code, str(cause))
    return None


def _wants_factor(error: ApiError | MfaRequiredError) -> bool:
    return bool(error.code == "mfa_required")


def _mfa_required(error: ApiError | MfaRequiredError) -> MfaRequired:
    required = MfaRequired()
    if isinstance(error, MfaRequiredError):
        # That of another error is the tenant's own token, which nobody may see.
        required.mfa_token = error.mfa_token
    if (wanted := getattr(error, "mfa_requirements", None)) is not None:
        required.mfa_requirements = wanted.model_dump(exclude_none=True)
    return required


def _of_the_sdk(error: Exception) -> Auth0Error:
    if found := _of_call(error) or _of_id_token(error):
        return found
    code = str(getattr(error, "code", ""))
    return TenantError(remedy=f"{type(error).__name__} {code}".strip())


def _of_call(error: Exception) -> Auth0Error | None:
    """Return the error for a call that does not fit the session or its arguments."""
    if isinstance(error, InvalidArgumentError):
        return LoginFailed(f"{error.argument}: {error}")
    if isinstance(error, BackchannelLogoutError):
        return LoginFailed(str(error), error="invalid_request")
    if isinstance(error, MissingTransactionError):
        return LoginFailed(
            Text("This was completed already, or it did not begin here.")
        )
    if isinstance(error, SessionExpiredError):
        return LoginRequired(Text("Your session has ended. Please log in again."))
    if isinstance(error, StartLinkUserError):
        return LoginRequired(
            remedy="The session has no ID token to link accounts with."
        )
    if isinstance(error, AccessTokenError | AccessTokenForConnectionError):
        if error.code in _LOG_IN_AGAIN:
            return _log_in_again(error.code)
        return TenantError(Text("The login service did not give access."))
    return None


def _of_id_token(error: Exception) -> Auth0Error | None:
    """Return the error for an ID token that is not the one of this login."""
    if isinstance(error, OrganizationTokenValidationError):
        return AuthorizationFailed(
            Text("You logged in to another organization."),
            code=403,
            remedy="The ID token is not of the organization of this login.",
            reason="id_token_not_verified",
        )
    code = str(getattr(error, "code", ""))
    if isinstance(error, SdkError) and code == "token_expired":
        return LoginFailed(
            Text("The login took too long."),
            remedy="The ID token had expired on arrival. Is the server's clock right?",
            reason="id_token_not_verified",
        )
    if code in _UNVERIFIED:
        return TenantError(
            remedy=f"Its ID token cannot be verified: {_check_that_failed(error)}. Is "
            "the algorithm of the application RS256, and the server's clock right?",
            reason="id_token_not_verified",
        )
    return None


def _log_in_again(code: str) -> LoginRequired:
    current = current_request()
    is_somebody = current.claims or (current.known and current.known.head)
    if code == AccessTokenErrorCode.SESSION_EXPIRED or not is_somebody:
        return LoginRequired(_AGAIN)
    return LoginRequired(
        _AGAIN, remedy=WITHOUT_OFFLINE_ACCESS, reason="no_refresh_token"
    )


def _check_that_failed(error: Exception) -> str:
    """Return a library's message on a token, which has nothing of the token in it."""
    causes = list(causes_of(error, "cause"))
    found = [each for each in causes if isinstance(each, jwt.PyJWTError)]
    return in_one_line(str((found or causes)[-1])).rstrip(".")


def _refused(code: str, said: str) -> Auth0Error:
    """Return the error for a code of the token endpoint (RFC 6749, section 5.2).

    :param said: the ``error_description``.
    """
    error = _of_code(code, said)
    error.answer = TenantAnswer(None, code, said or None)
    return error


def is_unknown_api(said: str) -> bool:
    """Tell whether an ``error_description`` means that there is no such API."""
    return "service not found" in said.lower()


def _of_code(code: str, said: str) -> Auth0Error:
    if code == "invalid_grant":
        return LoginFailed(
            Text("The login took too long, or it was already completed."),
            error=code,
            reason="code_refused",
        )
    if code == "too_many_requests":
        return TenantUnavailable(reason="rate_limited")
    if code in {"server_error", "temporarily_unavailable"}:
        return TenantUnavailable()
    remedies = {
        "invalid_client": f"Check AUTH0_CLIENT_ID and {_CREDENTIALS}.",
        "unauthorized_client": "Check the grant types of the application, and "
        f"{_CREDENTIALS}.",
        "access_denied": UNKNOWN_API
        if is_unknown_api(said)
        else "An Action or a rule of the tenant refused it.",
    }
    known = code if re.fullmatch("[a-z_]{1,64}", code) else "unknown_error"
    hint = remedies.get(code) or f"Its token endpoint answered with {known}."
    return app_refused(hint, _REASONS.get(code))


def _wrong_status(response: t.Any) -> Auth0Error:
    status = response.status_code
    if is_unavailable(status):
        return unavailable(response)
    return TenantError(remedy=f"It answered with {status}. Check AUTH0_DOMAIN.")


def _unreachable(chain: list[t.Any], cause: BaseException) -> Auth0Error:
    asked = _asked(cause)
    remedy, reason = remedy_for(chain, cause, asked), reason_for(chain, asked)
    error = TenantUnavailable(remedy=remedy, reason=reason)
    error.answer = TenantAnswer(endpoint=asked)
    return error


def _asked(error: BaseException) -> str | None:
    """Return the URL that an error of httpx is about, where it knows that."""
    try:
        return endpoint_in(error.request.url)  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):
        return None
