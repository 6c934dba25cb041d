"""Finds mistakes in the guards of views, with the first request of any kind."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, current_app

from ..app_state import current_state
from ..config import Config
from ..runtime.logger import logger_of
from ..runtime.request import this_app
from .guards_in_use import View, guard_in, guards_of, is_left_out, wrappers


def find_mistakes() -> None:
    """Log an error for each view that its guard lets everybody pass, or nobody."""
    state = current_state()
    for endpoint, view in current_app.view_functions.items():
        if endpoint not in state.checked_views:
            for mistake in _mistakes(state.config, endpoint, view):
                logger_of(this_app()).error("%s", mistake)
        state.checked_views.add(endpoint)


def find_mistakes_before_views(app: Flask, config: Config) -> None:
    """Log the same for the guards before all views of a blueprint, or of the app."""
    for mistake in _mistakes_before_views(app, config):
        logger_of(app).error("%s", mistake)


def mistakes_in_app(app: Flask, config: Config) -> Iterator[str]:
    """Yield a sentence for each of those, whether or not it was logged."""
    yield from _mistakes_before_views(app, config)
    for endpoint, view in app.view_functions.items():
        yield from _mistakes(config, endpoint, view)


def is_cached_for_all(view: View) -> bool:
    """Tell whether a cache answers before the guard is called."""
    is_cached = False
    for each in wrappers(view):
        if guard_in(each) is not None:
            return is_cached
        is_cached = is_cached or _is_cache(each)
    return False


def _mistakes_before_views(app: Flask, config: Config) -> Iterator[str]:
    for blueprint, functions in app.before_request_funcs.items():
        views = f"all views of '{blueprint}'" if blueprint else "all views"
        for each in functions:
            yield from _missing_settings(config, f"The guard of {views}", each)


def _mistakes(config: Config, endpoint: str, view: View) -> Iterator[str]:
    yield from _missing_settings(config, f"The view '{endpoint}'", view)
    if is_left_out(view):
        yield (
            f"The view '{endpoint}' is open to everybody: put @login_required below "
            "the route's decorator, next to the function."
        )
    elif is_cached_for_all(view):
        yield (
            f"The view '{endpoint}' is cached for everybody, whoever may see it: put "
            "@login_required above the decorator that caches."
        )


def _missing_settings(config: Config, subject: str, view: View) -> Iterator[str]:
    """Tell which settings the guard of a view needs and does not have."""
    guards = list(guards_of(view))
    kinds = {need.kind for guard in guards for need in guard.needs}
    if "roles" in kinds and config.roles_claim is None:
        yield (
            f"{subject} is shut to everybody: it asks for roles, and "
            "AUTH0_ROLES_CLAIM does not say which claim has them."
        )
    if config.audience is None and any(guard.takes_tokens for guard in guards):
        yield (
            f"{subject} answers 500: it takes access tokens, and AUTH0_AUDIENCE does "
            "not say for which API. Set it to its identifier in the Auth0 dashboard."
        )


def _is_cache(wrapper: View) -> bool:
    """Tell whether a decorator is one of Flask-Caching's or functools'.

    ``functools.wraps`` copies ``uncached`` to the decorators further out, but those
    wrap another function.
    """
    wrapped = getattr(wrapper, "__wrapped__", None)
    is_flask_caching = wrapped is not None and wrapped is vars(wrapper).get("uncached")
    return is_flask_caching or hasattr(wrapper, "cache_info")
