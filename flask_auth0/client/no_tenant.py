"""The refusal of requests to hosts at which no tenant can be."""

from __future__ import annotations

from flask import current_app, has_app_context

from ..errors import TenantUnavailable

_IN_TESTS = (
    "To be logged in, use log_in of flask_auth0.testing, with refresh= for what a "
    "refresh brings; to try a login itself, use the fixture auth0_tenant."
)


def refusal(host: str, *, is_offline: bool) -> TenantUnavailable:
    """Return an error that tells a developer what to do, and a visitor nothing.

    :param is_offline: whether the app is not to ask any tenant.
    """
    why = "No tenant is at {}, which is a name for examples."
    if is_offline:
        why = "Nothing is sent to {} in tests of users who are logged in without it."
    remedy = f"{why.format(host)} {_IN_TESTS}"
    is_shown = has_app_context() and (current_app.testing or current_app.debug)
    return TenantUnavailable(remedy if is_shown else None, remedy=remedy)
