"""One person who logs in without a tenant, in development and in tests alone."""

from __future__ import annotations

import secrets
import typing as t
from collections.abc import Iterator, Mapping

from .problems import Problem
from .values import parse_mapping

KEY = "AUTH0_DEVELOPMENT_USER"
#: What an app needs to start, where no tenant is asked. The secret is another one in
#: each process, since one that everybody knows would be used elsewhere.
_IN_THE_PLACE_OF_A_TENANT = {
    "AUTH0_DOMAIN": "localhost",
    "AUTH0_CLIENT_ID": "development",
    "AUTH0_CLIENT_SECRET": "development",
    "AUTH0_SECRET": secrets.token_hex(32),
}


def parse_user(value: t.Any) -> Mapping[str, t.Any]:
    """Return the claims of a user."""
    claims = parse_mapping(value)
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise ValueError("must have the claim sub, which says who the user is")
    return claims


def with_defaults(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment that has all that an app needs without a tenant."""
    given = {key: value for key, value in environ.items() if value}
    return {**environ, **_IN_THE_PLACE_OF_A_TENANT, **given}


def real_users(
    values: Mapping[str, t.Any], app_config: Mapping[str, t.Any]
) -> Iterator[Problem]:
    """Refuse the user where real ones may be."""
    is_refused = not (app_config.get("DEBUG") or app_config.get("TESTING"))
    if is_refused and values.get("development_user") is not None:
        yield Problem(
            KEY,
            "logs everybody in as one person, without a password, and is for debug and "
            "testing mode alone; unset it",
        )
