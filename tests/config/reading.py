"""Reads a configuration, and finds its problems."""

from __future__ import annotations

import typing as t

from flask_auth0.config import Config, read_config

VALID: dict[str, t.Any] = {
    "domain": "tenant.example.com",
    "client_id": "id",
    "client_secret": "hidden-client-secret",
    "secret": "hidden-3d9bd0a4f7c61e852b90fc47a1d63e58",
}


def read(
    options: dict[str, t.Any] | None = None,
    config: dict[str, t.Any] | None = None,
    environ: dict[str, str] | None = None,
) -> Config:
    found, problems = read_config(
        {**VALID, **(options or {})}, config or {}, environ or {}
    )
    assert problems == []
    assert found is not None
    return found


def problem(**options: t.Any) -> tuple[str, str]:
    """The only problem of these options."""
    found, problems = read_config({**VALID, **options}, {}, {})
    assert found is None
    assert len(problems) == 1
    return problems[0].key, problems[0].remedy
