"""Finds mistakes in the guards of views, with the first request."""

from __future__ import annotations

from flask import current_app

from ..app_state import AppState, current_state
from .guards_in_use import View, guard_in, is_left_out, wrappers


def find_mistakes() -> None:
    """Log an error for each view that its guard lets everybody pass, or nobody."""
    state = current_state()
    for endpoint, view in current_app.view_functions.items():
        if endpoint not in state.checked_views:
            _check(state, endpoint, view)
        state.checked_views.add(endpoint)


def is_cached_for_all(view: View) -> bool:
    """Tell whether a cache answers before the guard is called."""
    is_cached = False
    for each in wrappers(view):
        if guard_in(each) is not None:
            return is_cached
        is_cached = is_cached or _is_cache(each)
    return False


def _check(state: AppState, endpoint: str, view: View) -> None:
    guards = [found for each in wrappers(view) if (found := guard_in(each))]
    kinds = {need.kind for guard in guards for need in guard.needs}
    if "roles" in kinds and state.config.roles_claim is None:
        current_app.logger.error(
            "The view '%s' is shut to everybody: it asks for roles, and "
            "AUTH0_ROLES_CLAIM does not say which claim has them.",
            endpoint,
        )
    if is_left_out(view):
        current_app.logger.error(
            "The view '%s' is open to everybody: put @login_required below the "
            "route's decorator, next to the function.",
            endpoint,
        )
    elif is_cached_for_all(view):
        current_app.logger.error(
            "The view '%s' is cached for everybody, whoever may see it: put "
            "@login_required above the decorator that caches.",
            endpoint,
        )


def _is_cache(wrapper: View) -> bool:
    """Tell whether a decorator is one of Flask-Caching's or functools'.

    ``functools.wraps`` copies ``uncached`` to the decorators further out, but those
    wrap another function.
    """
    wrapped = getattr(wrapper, "__wrapped__", None)
    is_flask_caching = wrapped is not None and wrapped is vars(wrapper).get("uncached")
    return is_flask_caching or hasattr(wrapper, "cache_info")
