"""The session store or the tenant does not do its part."""

from __future__ import annotations

from werkzeug.exceptions import BadGateway

from .base import Auth0Error


class SessionStoreUnavailable(Auth0Error):
    """The back end that keeps the sessions is down, or does not answer in time."""

    code: int | None = 503
    error = "session_store_unavailable"
    title = "Your session cannot be read"
    description = "The sessions of this app cannot be reached right now."
    retry_after: int | None = 5


class TenantUnavailable(Auth0Error):
    """The tenant cannot be reached, or does not answer in time."""

    code: int | None = 503
    error = "temporarily_unavailable"
    title = "The login service is not answering"
    description = "The login service cannot be reached right now."
    retry_after: int | None = 5


class TenantError(Auth0Error, BadGateway):
    """The tenant answered, but its answer makes no sense or cannot be trusted."""

    code: int = 502
    error = "invalid_response"
    title = "The login service gave a wrong answer"
    description = "The login service gave an answer that this app cannot use."
