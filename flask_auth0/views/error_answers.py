"""The answers to errors that views leave to the extension."""

from __future__ import annotations

import typing as t

from auth0_server_python.error import (
    AccessTokenError,
    AccessTokenForConnectionError,
    AnonymousSessionError,
    ApiError,
    BackchannelLogoutError,
    InvalidArgumentError,
    MfaApiError,
    MfaTokenExpiredError,
    MfaTokenInvalidError,
    MissingTransactionError,
    OrganizationTokenValidationError,
    SessionExpiredError,
    StartLinkUserError,
)
from flask import Flask

from ..client import refusals
from ..client.translation import translate
from ..errors import Auth0Error
from ..runtime import error_handlers
from ..runtime.request import this_app
from . import own_urls
from .login_urls import offer_way_on

#: Errors of the SDK whose reason is the tenant, the browser or its user, and not the
#: app.
_SDK_ERRORS = (
    AccessTokenError,
    AccessTokenForConnectionError,
    AnonymousSessionError,
    ApiError,
    BackchannelLogoutError,
    InvalidArgumentError,
    MfaApiError,
    MfaTokenExpiredError,
    MfaTokenInvalidError,
    MissingTransactionError,
    OrganizationTokenValidationError,
    SessionExpiredError,
    StartLinkUserError,
    *refusals.KINDS,
)


def register(app: Flask) -> None:
    """Answer errors of the SDK, and those of the extension as they are.

    A handler for all HTTP exceptions, which REST frameworks register, would leave out
    the page and the login. A handler of the app for :class:`.Auth0Error` counts.
    """
    if Auth0Error not in app.error_handler_spec[None][None]:
        app.register_error_handler(Auth0Error, _answer)
    for kind in _SDK_ERRORS:
        app.register_error_handler(kind, _handle_sdk_error)


def _handle_sdk_error(error: Exception) -> t.Any:
    """Answer for a view that awaits ``client`` and does not handle its errors."""
    translation = translate(error)
    offer_way_on(translation)
    return error_handlers.answer(this_app(), translation)


def _answer(error: Auth0Error) -> t.Any:
    """Answer an error, or the one behind it: that Flask does not trust the host."""
    refusal = own_urls.refusal_of_host()
    if refusal is not None:
        return error_handlers.answer(this_app(), refusal)
    return error.get_response()
