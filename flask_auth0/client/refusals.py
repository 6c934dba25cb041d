"""What the tenant refuses beside logins by redirect, as errors of this extension.

These are exchanged tokens, passkeys, logins on another device and the My Account API.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable, Mapping

from auth0_server_python.error import (
    ApiError,
    CustomTokenExchangeError,
    CustomTokenExchangeErrorCode,
    IssuerValidationError,
    MyAccountApiError,
    PasskeyError,
    PasskeyErrorCode,
    PollingApiError,
)
from pydantic import ValidationError

from ..errors import (
    Auth0Error,
    AuthorizationFailed,
    LoginFailed,
    LoginRequired,
    MyAccountRefused,
    NotAllowed,
    TenantError,
    TenantUnavailable,
    app_refused,
    as_said,
)
from ..pages import Text
from .responses import is_unavailable

#: The errors whose reason is the tenant, and not the app.
KINDS: tuple[type[Exception], ...] = (
    CustomTokenExchangeError,
    IssuerValidationError,
    MyAccountApiError,
    PasskeyError,
)

#: What the user is told, by the kind of an error.
_TOLD: dict[type[Exception], str] = {
    CustomTokenExchangeError: Text(
        "The token that was to be exchanged is not good here."
    ),
    PasskeyError: Text("The passkey was not accepted. Please try again."),
    PollingApiError: Text(
        "The login on the other device did not work. Please try again."
    ),
}
_UNAVAILABLE = {"server_error", "temporarily_unavailable"}
#: Codes of a set-up that is not right, at the tenant or here.
_NOT_SET_UP = {
    *("invalid_client", "unauthorized_client", "unsupported_grant_type"),
    *("invalid_scope", "invalid_target", "invalid_response", "configuration_error"),
    CustomTokenExchangeErrorCode.TOKEN_EXCHANGE_FAILED,
    CustomTokenExchangeErrorCode.SETACTOR_REQUIRED,
    CustomTokenExchangeErrorCode.SESSION_TRANSFER_DISABLED,
    PasskeyErrorCode.CHALLENGE_FAILED,
    PasskeyErrorCode.TOKEN_EXCHANGE_FAILED,
}
#: The members of a validation error that name no value.
_SHOWN = ("detail", "field", "pointer", "source")


def refusal_of(chain: Iterable[BaseException]) -> Auth0Error | None:
    """Return the error with the same meaning, for an error and its causes."""
    for cause in chain:
        if isinstance(cause, MyAccountApiError):
            return _of_account(cause)
        if isinstance(cause, CustomTokenExchangeError | PasskeyError | PollingApiError):
            return _of_flow(cause)
        if isinstance(cause, ApiError) and str(cause.code) in _ANSWERS:
            return _ANSWERS[cause.code]()
        if isinstance(cause, IssuerValidationError):
            return TenantError(remedy="Its ID token is of another issuer.")
    return None


_ANSWERS: dict[str, t.Callable[[], Auth0Error]] = {
    "unknown_user_id": lambda: LoginFailed(
        Text("The login service does not know who is to log in."),
        error="unknown_user_id",
    ),
    "timeout": lambda: _not_in_time(),
    "federated_connection_refresh_token_not_found": lambda: MyAccountRefused(
        Text("No account of yours is connected there, or it is not any more."),
        code=404,
    ),
}


def _not_in_time() -> Auth0Error:
    told = Text("Nobody confirmed the login on the other device in time.")
    return LoginFailed(told, error="expired_token")


def _of_flow(
    error: CustomTokenExchangeError | PasskeyError | PollingApiError,
) -> Auth0Error:
    code = error.code if re.fullmatch("[a-z_]{1,64}", str(error.code)) else ""
    told = next(text for kind, text in _TOLD.items() if isinstance(error, kind))
    if code == "too_many_requests":
        return TenantUnavailable(reason="rate_limited")
    if code in _UNAVAILABLE:
        return TenantUnavailable()
    if code == "access_denied":
        return AuthorizationFailed(Text("The login service refused this."), code=403)
    if code == "expired_token":
        return _not_in_time()
    if code == CustomTokenExchangeErrorCode.ACTOR_UNAVAILABLE:
        return LoginRequired(
            remedy="There is no ID token of whoever acts for the other person: nobody "
            "is logged in, or theirs has expired and cannot be refreshed."
        )
    if not code or code in _NOT_SET_UP or _is_of_the_tenant(error):
        hint = f"It answered with {code or 'an unknown error'}: {type(error).__name__}."
        return app_refused(hint)
    refusal = LoginFailed(told, error=code)
    refusal.retry_after = getattr(error, "retry_after", None)
    return refusal


def _is_of_the_tenant(error: Exception) -> bool:
    """Tell whether the SDK has taken an answer of the tenant for a wrong argument."""
    cause = error.__context__
    return isinstance(cause, ValidationError) and cause.title.endswith("Response")


def _of_account(error: MyAccountApiError) -> Auth0Error:
    """Return the error for a status of the My Account API (RFC 9457)."""
    status: t.Any = error.status
    if not isinstance(status, int) or not 400 <= status < 600:
        return TenantError(remedy="Its My Account API answered without a status.")
    if is_unavailable(status):
        return TenantUnavailable(reason="rate_limited" if status == 429 else None)
    told = _text(error.detail) or _text(error.title) or None
    if status == 401:
        return LoginRequired(
            Text("Please log in again to change your account."), remedy=told
        )
    if status == 403:
        return NotAllowed(
            Text("Your login does not allow this for your account."),
            remedy=f"The My Account API refused the access token: {told}",
        )
    return MyAccountRefused(
        told, code=status, validation_errors=_shown(error.validation_errors)
    )


def _shown(found: t.Any) -> list[dict[str, str]]:
    """Return validation errors with what names no value of them."""
    errors = found if isinstance(found, list) else []
    return [
        {name: text for name in _SHOWN if (text := _text(each.get(name)))}
        for each in errors[:20]
        if isinstance(each, Mapping)
    ]


def _text(value: t.Any) -> str:
    return as_said(value) if isinstance(value, str) else ""
