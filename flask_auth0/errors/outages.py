"""The session store or the tenant does not do its part."""

from __future__ import annotations

from functools import cached_property

from werkzeug.exceptions import BadGateway

from ..pages import Text
from .base import Action, Auth0Error, current_state


def _ways_to_try_again(error: Auth0Error) -> list[Action]:
    """Return the ways on for the user: to the same address, and to the start page."""
    state = current_state()
    return state.ways_to_try_again() if state else []


class SessionStoreUnavailable(Auth0Error):
    """The back end that keeps the sessions is down, or does not answer in time."""

    code: int | None = 503
    error = "session_store_unavailable"
    reason = "session_store_unavailable"
    title: str = Text("We cannot see who you are right now")
    description: str = Text(
        "This site cannot reach the place where it keeps its logins. Please try again "
        "in a moment."
    )
    retry_after: int | None = 5
    actions = cached_property(_ways_to_try_again)


class TenantUnavailable(Auth0Error):
    """The tenant cannot be reached, or does not answer in time."""

    code: int | None = 503
    error = "temporarily_unavailable"
    reason = "tenant_unavailable"
    title: str = Text("The login service is not answering")
    description: str = Text(
        "The login service cannot be reached right now. Please try again in a moment."
    )
    retry_after: int | None = 5
    actions = cached_property(_ways_to_try_again)


def tenant_busy(seconds: int, remedy: str, reason: str) -> TenantUnavailable:
    """Return the error of a tenant that is not to be asked right now.

    :param seconds: when it may be asked again.
    :param reason: for the log.
    """
    error = TenantUnavailable(
        Text("The login service is busy."), remedy=remedy, reason=reason
    )
    error.retry_after = seconds
    return error


class TenantError(Auth0Error, BadGateway):
    """The tenant answered, but its answer makes no sense or cannot be trusted."""

    code: int = 502
    error = "invalid_response"
    reason = "invalid_response"
    title: str = Text("The login service gave a wrong answer")
    description: str = Text(
        "The login service gave an answer that this site cannot use."
    )


def app_refused(remedy: str, reason: str | None = None) -> TenantError:
    """Return the error of a tenant that does not accept the app.

    :param reason: for the log, if more is known.
    """
    error = TenantError(
        Text(
            "The login service does not accept this site. You can do nothing about it: "
            "whoever runs this site finds the reason in its log."
        ),
        remedy=remedy,
        reason=reason,
    )
    error.title = Text("Something is wrong with this site")
    error.is_lasting = True
    return error
