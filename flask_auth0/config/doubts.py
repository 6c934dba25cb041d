"""Settings with which an app starts, and which are likely to be mistakes."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from .keys import settings
from .misspelt import misspelt
from .problems import Problem, key_of, warning

_QUOTES = "\"'"


def doubts(
    options: Mapping[str, t.Any],
    app_config: Mapping[str, t.Any],
    environ: Mapping[str, str],
) -> list[Problem]:
    """Find what an app starts with, and what its operator should look at."""
    given = {key_of(name): value for name, value in options.items()}
    read = {**environ, **_set(app_config), **_set(given)}
    return [
        *misspelt(app_config, environ),
        *quoted(read, [key_of(name) for name in settings()]),
        *shared_secret(_secrets_in(read), app_config.get("SECRET_KEY")),
        *_foreign_domain(read),
        *_pointless_inactivity(read),
    ]


def quoted(read: Mapping[str, t.Any], keys: list[str]) -> Iterator[Problem]:
    """Find values with quotes around them, as ``docker run --env-file`` keeps them."""
    for key in keys:
        value = str(read.get(key) or "").strip()
        if len(value) > 1 and value[0] in _QUOTES and value[0] == value[-1]:
            yield warning(
                key,
                "has quotes around its value, which belong to it: a shell removes "
                "them, docker's --env-file does not; leave them out",
                "quoted_value",
            )


def _set(values: Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {key: value for key, value in values.items() if value is not None}


def shared_secret(secrets: Iterable[str], secret_key: t.Any) -> Iterator[Problem]:
    """Find the line ``app.secret_key = os.environ["AUTH0_SECRET"]``.

    :param secrets: the secrets, and the whole text that has them.
    """
    is_bytes = isinstance(secret_key, bytes)
    text = secret_key.decode("utf-8", "replace") if is_bytes else secret_key
    if text and text in list(secrets):
        yield warning(
            "SECRET_KEY",
            "is AUTH0_SECRET, so that a new AUTH0_SECRET logs everybody out, even if "
            "the old one stays in its list; leave app.secret_key out, as one is "
            "derived from AUTH0_SECRET, or set it to a secret of its own",
            "shared_secret",
        )


def _secrets_in(read: Mapping[str, t.Any]) -> list[str]:
    raw = read.get("AUTH0_SECRET")
    several = raw if isinstance(raw, list | tuple) else str(raw or "").split(",")
    return [str(each).strip() for each in (raw, *several)]


def _foreign_domain(read: Mapping[str, t.Any]) -> Iterator[Problem]:
    """Find a domain of cookies that the host of the callback is not in."""
    domain = str(read.get("AUTH0_COOKIE_DOMAIN") or "").strip().lower().lstrip(".")
    try:
        host = urlsplit(str(read.get("AUTH0_REDIRECT_URI") or "").strip()).hostname
    except ValueError:
        return
    if domain and host and not f".{host}".endswith(f".{domain}"):
        yield warning(
            "AUTH0_COOKIE_DOMAIN",
            f"is {domain}, so that browsers drop the cookies of {host}, which is the "
            "host in AUTH0_REDIRECT_URI; leave it out, or set it to that host or a "
            "domain above it",
            "foreign_cookie_domain",
        )


def _pointless_inactivity(read: Mapping[str, t.Any]) -> Iterator[Problem]:
    """Find a limit of inactivity that no session lives to see."""
    inactivity, absolute = "SESSION_INACTIVITY_DURATION", "SESSION_ABSOLUTE_DURATION"
    try:
        seconds = [int(read[f"AUTH0_{name}"]) for name in (inactivity, absolute)]
    except (KeyError, TypeError, ValueError):
        # One of them is the default, which nobody chose for the sake of the other.
        return
    if seconds[0] > seconds[1]:
        yield warning(
            f"AUTH0_{inactivity}",
            f"has no effect, as it is longer than AUTH0_{absolute}, which ends every "
            "session before: make the one shorter, or the other one longer",
            "pointless_inactivity",
        )
