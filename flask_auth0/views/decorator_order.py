"""Finds views whose decorators are in the wrong order, with the first request."""

from __future__ import annotations

import typing as t
import weakref
from collections.abc import Callable, Iterator

from flask import current_app

from ..app_state import current_state

View = Callable[..., t.Any]

#: The functions that ``login_required`` has wrapped, and the resulting views.
_unguarded: weakref.WeakSet[View] = weakref.WeakSet()
_guards: weakref.WeakSet[View] = weakref.WeakSet()


def note_guard(view: View, guard: View) -> None:
    """Remember the guard of a view."""
    _unguarded.add(view)
    _guards.add(guard)


def warn_of_wrong_order() -> None:
    """Log an error for each view that its guard does not protect."""
    checked = current_state().checked_views
    for endpoint, view in current_app.view_functions.items():
        if endpoint not in checked:
            _check(endpoint, view)
        checked.add(endpoint)


def _check(endpoint: str, view: View) -> None:
    if view in _unguarded:
        current_app.logger.error(
            "The view '%s' is open to everybody: put @login_required below the "
            "route's decorator, next to the function.",
            endpoint,
        )
    elif _is_cached_for_all(view):
        current_app.logger.error(
            "The view '%s' is cached for everybody, whoever may see it: put "
            "@login_required above the decorator that caches.",
            endpoint,
        )


def _is_cached_for_all(view: View) -> bool:
    """Tell whether a cache answers before the guard is called."""
    is_cached = False
    for each in _wrappers(view):
        if each in _guards:
            return is_cached
        is_cached = is_cached or _is_cache(each)
    return False


def _wrappers(view: View) -> Iterator[View]:
    """Yield a view and the functions that it wraps, from the outside in."""
    found: View | None = view
    while found is not None:
        yield found
        found = getattr(found, "__wrapped__", None)


def _is_cache(wrapper: View) -> bool:
    """Tell whether a decorator is one of Flask-Caching's or functools'.

    ``functools.wraps`` copies ``uncached`` to the decorators further out, but those
    wrap another function.
    """
    wrapped = getattr(wrapper, "__wrapped__", None)
    is_flask_caching = wrapped is not None and wrapped is vars(wrapper).get("uncached")
    return is_flask_caching or hasattr(wrapper, "cache_info")
