"""Keys that nobody reads, and that are nearly those of the extension."""

from __future__ import annotations

import difflib
import typing as t
from collections.abc import Collection, Iterator, Mapping

from .keys import settings
from .problems import Problem, key_of, warning

_PREFIX = "AUTH0_"
#: How alike two names are, of which one is the other with a mistake in it.
_ALIKE = 0.7
#: What other SDKs call a setting, with the key here.
_ALIASES = {
    "AUTH0_CALLBACK": "AUTH0_REDIRECT_URI",
    "AUTH0_CALLBACK_URL": "AUTH0_REDIRECT_URI",
    "AUTH0_CALLBACK_URI": "AUTH0_REDIRECT_URI",
    "AUTH0_COOKIE_NAME": "SESSION_COOKIE_NAME",
    "AUTH0_SESSION_NAME": "SESSION_COOKIE_NAME",
}
#: The beginnings of keys of other programs, such as a client of the Management API.
_OF_OTHERS = (
    "AUTH0_API_",
    "AUTH0_AUTHORIZE_",
    "AUTH0_CLIENT_KWARGS",
    "AUTH0_CLI_",
    "AUTH0_HTTP_TIMEOUT",
    "AUTH0_ID_TOKEN_",
    "AUTH0_M2M_",
    "AUTH0_MANAGEMENT_",
    "AUTH0_MGMT_",
)


def misspelt(
    app_config: Mapping[str, t.Any], environ: Mapping[str, str]
) -> Iterator[Problem]:
    """Find keys that are not known, where a known one is nearly the same.

    All others may be those of other programs.
    """
    known = {key_of(name) for name in settings()}
    for key in sorted({*app_config, *environ}):
        if key.startswith(_PREFIX) and not key.startswith(_OF_OTHERS):
            near = None if key in known else nearest(key, known)
            if near is not None:
                yield unread(key, near)


def nearest(key: str, known: Collection[str]) -> str | None:
    """Return the known key that is meant by another one, as far as can be told."""
    if key in _ALIASES:
        return _ALIASES[key]
    # The first words of all keys are the same, and make any two of them alike.
    names = {each.partition("_")[2]: each for each in known}
    name = key.partition("_")[2]
    near = difflib.get_close_matches(name, names, n=1, cutoff=_ALIKE)
    return names[near[0]] if near else None


def unread(key: str, near: str) -> Problem:
    """Return the problem of a key that is not known."""
    return warning(
        key, f"is set, and nobody reads it; did you mean {near}?", "misspelt_key"
    )
