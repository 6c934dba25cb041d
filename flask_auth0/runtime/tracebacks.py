"""Tracebacks that leave the extension: they keep the frames of the app alone.

Error reporters collect the variables of each frame. Those of the SDK, of HTTP below it
and of this package hold tokens, codes and the client's secret.
"""

from __future__ import annotations

import sys
import types
import typing as t
from collections.abc import Iterator

#: Modules, besides those of Python itself, whose frames are left out.
_PRIVATE = frozenset(
    (
        *("flask_auth0", "auth0_server_python", "authlib", "joserfc", "jwcrypto"),
        *("jwt", "anyio", "asgiref", "h11", "h2", "httpcore", "httpcore2", "httpx"),
        *("httpx2", "msgspec", "pydantic"),
    )
)

E = t.TypeVar("E", bound=BaseException | None)


def without_secrets(error: E) -> E:
    """Remove the frames that hold secrets from an error and its causes.

    Classes and messages stay, and so do the frames of the app's own code: of a hook, or
    of a store.
    """
    for each in _chain(error, set()):
        each.__traceback__ = _of_the_app(each.__traceback__)
    return error


def without_frames(error: E) -> E:
    """Remove all frames from an error and its causes, if none is the app's."""
    for each in _chain(error, set()):
        each.__traceback__ = None
    return error


def causes_of(error: t.Any, attribute: str) -> Iterator[BaseException]:
    """Return an error and its causes, down to the first.

    :param attribute: where a library keeps the cause of an error of its own.
    """
    seen: set[int] = set()
    while isinstance(error, BaseException) and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = getattr(error, attribute, None) or error.__cause__ or error.__context__


def _chain(error: t.Any, seen: set[int]) -> Iterator[BaseException]:
    if not isinstance(error, BaseException) or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    # The SDK's errors have an attribute ``cause``, and exception groups several errors.
    causes = (error.__cause__, error.__context__, getattr(error, "cause", None))
    for cause in (*causes, *getattr(error, "exceptions", ())):
        yield from _chain(cause, seen)


def _of_the_app(traceback: types.TracebackType | None) -> types.TracebackType | None:
    kept = []
    while traceback is not None:
        if not _is_private(traceback.tb_frame):
            kept.append(traceback)
        traceback = traceback.tb_next
    chosen: types.TracebackType | None = None
    for each in reversed(kept):
        at = each.tb_frame, each.tb_lasti, each.tb_lineno
        chosen = types.TracebackType(chosen, *at)
    return chosen


def _is_private(frame: types.FrameType) -> bool:
    package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return package in _PRIVATE or package in sys.stdlib_module_names
