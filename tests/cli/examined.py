"""Runs some checks of the doctor alone."""

from __future__ import annotations

import typing as t
from contextlib import closing

from flask import Flask
from flask.cli import ScriptInfo

from flask_auth0.cli.doctor.command import CHECKS
from flask_auth0.cli.doctor.examination import examine
from flask_auth0.cli.doctor.findings import Finding
from flask_auth0.cli.doctor.subject import Subject, examined
from tests.harness.visitor import HOST

#: Seconds that a check may take on a machine that is busy.
PATIENCE = 30.0


def subject_of(
    app: Flask | str | None,
    url: str | None = HOST,
    limit: float = PATIENCE,
    domain: str | None = None,
) -> Subject:
    """What the doctor knows of an app, or of the path of one."""
    if isinstance(app, Flask):
        make: t.Any = lambda: app  # noqa: E731
        return examined(ScriptInfo(create_app=make), limit, url, domain)
    return examined(ScriptInfo(app_import_path=app), limit, url, domain)


def findings(subject: Subject, *names: str) -> list[Finding]:
    """What checks find, after those that they need."""
    wanted: set[str] = set()
    for check in reversed(CHECKS):
        if check.name in {*names, *wanted}:
            wanted |= {check.name, *check.needs}
    with closing(subject):
        found = examine(subject, [each for each in CHECKS if each.name in wanted])
        return [each for each in found if each.check in names]


def finding(app: Flask | str | None, name: str, **options: t.Any) -> Finding:
    """The only thing that one check finds."""
    (found,) = findings(subject_of(app, **options), name)
    return found
