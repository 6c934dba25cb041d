"""The guards that decorators have put in front of views."""

from __future__ import annotations

import typing as t
import weakref
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from .needs import Need

View = Callable[..., t.Any]


class Guard(Struct, frozen=True):
    """What is known of a guard."""

    #: What it asks for.
    needs: Sequence[Need]
    #: Whether it lets access tokens pass.
    takes_tokens: bool
    #: Whether it keeps the forms that it refuses.
    keeps_forms: bool = False


#: The functions that a guard has wrapped, and the resulting views.
_wrapped: weakref.WeakSet[View] = weakref.WeakSet()
_guards: weakref.WeakKeyDictionary[View, Guard] = weakref.WeakKeyDictionary()


def note_guard(view: View, guarded: View, guard: Guard) -> None:
    """Remember the guard of a view.

    :param guarded: the view with its guard in front.
    """
    _wrapped.add(view)
    _guards[guarded] = guard


def is_left_out(view: View) -> bool:
    """Tell whether a function has a guard that requests for this view do not meet."""
    return view in _wrapped


def guard_in(wrapper: View) -> Guard | None:
    """Return the guard that a wrapper of a view is, if it is one."""
    return _guards.get(wrapper) if wrapper in _guards else None


def guards_of(view: View) -> Iterator[Guard]:
    """Yield the guards of a view, from the outside in."""
    return filter(None, map(guard_in, wrappers(view)))


def wrappers(view: View) -> Iterator[View]:
    """Yield a view and the functions that it wraps, from the outside in."""
    found: View | None = view
    while found is not None:
        yield found
        found = getattr(found, "__wrapped__", None)
