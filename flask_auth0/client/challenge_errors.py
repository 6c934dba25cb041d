"""The SDK's errors on one-time codes and other factors, as errors of this extension."""

from __future__ import annotations

import re
import typing as t

from auth0_server_python.error import (
    AnonymousSessionError,
    MfaApiError,
    MfaTokenExpiredError,
    MfaTokenInvalidError,
    PasswordlessErrorCode,
    PasswordlessStartError,
    PasswordlessVerifyError,
)

from ..errors import Auth0Error, ChallengeFailed, WrongCode, app_refused
from ..pages import Text
from .rate_limits import retry_after

_CODE = r"[a-z_.]{1,64}"
_ON_CHALLENGES = (
    MfaApiError,
    MfaTokenExpiredError,
    MfaTokenInvalidError,
    PasswordlessStartError,
    PasswordlessVerifyError,
)
_TOO_LATE = ("mfa_token_expired", Text("You took too long. Please begin again."))
_NOT_OURS = ("mfa_token_invalid", Text("This cannot go on. Please begin again."))

#: The tenant's codes that are the app's or the tenant's own business, with remedies.
_REMEDIES = {
    "bad.connection": "Enable the passwordless connection for the application.",
    "feature_not_enabled": "Enable the feature in the tenant.",
    "invalid_client": "Check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET.",
    "sms_provider_error": "Check the tenant's provider of text messages.",
    "unauthorized_client": "Enable the grant type for the application.",
}
#: The codes of anonymous sessions for what only the visitor, or the app, can change.
_OF_VISITORS = {
    "anonymous_token_error": Text("You have no anonymous session here."),
    "invalid_session_state": Text("Your anonymous session cannot be read."),
    "invalid_session_token": Text("Your anonymous session is not valid any more."),
    "session_expired": Text("Your anonymous session has ended."),
    "invalid_metadata": "The metadata of an anonymous session is not valid.",
    "invalid_options": "The options of an anonymous session are not valid.",
    "metadata_too_large": "The metadata of an anonymous session is too large.",
}


def is_of_challenge(error: Exception) -> bool:
    """Tell whether an error is on a code that a user has entered or asked for."""
    code = getattr(error, "code", None)
    is_known = isinstance(error, _ON_CHALLENGES)
    return is_known and code != PasswordlessErrorCode.DISCOVERY_ERROR


def refusal_of_challenge(error: BaseException) -> Auth0Error | None:
    """Return the error for what the tenant has refused, or the SDK for itself.

    :return: ``None`` for other errors, and for those that another one has caused.
    """
    if isinstance(error, MfaTokenExpiredError):
        return _failed(*_TOO_LATE)
    if isinstance(error, MfaTokenInvalidError):
        return _failed(*_NOT_OURS)
    if isinstance(error, AnonymousSessionError):
        return None if error.__cause__ else _of_anonymous_session(error)
    if not isinstance(error, _ON_CHALLENGES):
        return None
    answer = getattr(error, "cause", None)
    if isinstance(answer, dict):
        return _refused(str(answer.get("error") or ""), answer, error)
    # What has no cause is about the arguments of the call.
    is_caused = answer or error.__cause__ or error.__context__
    return None if is_caused else _failed(_known(str(error.code)), None)


def too_many_attempts(response: t.Any) -> ChallengeFailed:
    """Return the error for a user who has tried too often.

    :param response: the tenant's.
    """
    failed = ChallengeFailed(
        Text("That was too often. Please wait a while, and try again."),
        code=429,
        error="too_many_requests",
        reason="too_many_attempts",
    )
    failed.retry_after = retry_after(response)
    return failed


def _refused(code: str, answer: dict[str, t.Any], error: Exception) -> Auth0Error:
    if code in _REMEDIES:
        return app_refused(_REMEDIES[code])
    if code == "expired_token":
        return _failed(*_TOO_LATE)
    if code == "invalid_grant":
        if "mfa_token" in str(answer.get("error_description")):
            return _failed(*_NOT_OURS)
        return WrongCode()
    return _failed(_known(code or str(getattr(error, "code", ""))), None)


def _of_anonymous_session(error: AnonymousSessionError) -> Auth0Error:
    code = str(error.code)
    if code in _OF_VISITORS:
        return Auth0Error(_OF_VISITORS[code], code=400, error=code)
    remedy = _REMEDIES.get(code) or f"It answered with {_known(code)}."
    return app_refused(remedy)


def _failed(code: str, description: str | None) -> ChallengeFailed:
    return ChallengeFailed(description, error=code)


def _known(code: str) -> str:
    return code if re.fullmatch(_CODE, code) else ChallengeFailed.error
