"""The command ``flask auth0 doctor``: a line for each check, or JSON."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator, Mapping
from contextlib import closing

import click
from flask.cli import ScriptInfo

from ..addresses import checked_url
from ..output import as_json, echo_json, printable
from . import (
    configuration,
    credentials,
    database,
    installation,
    network,
    redis_server,
    registration,
    store,
    tenant,
    two_loads,
    views,
)
from .examination import examine
from .findings import OK, SKIPPED, WARNING, WRONG, Finding
from .subject import Subject, examined

#: All checks, in the order in which a reader understands them.
CHECKS = (
    *installation.CHECKS,
    *configuration.CHECKS,
    *views.CHECKS,
    *two_loads.CHECKS,
    *store.checks_of(store.SESSIONS),
    *redis_server.checks_of(store.SESSIONS),
    *database.CHECKS,
    *store.checks_of(store.REVOCATIONS),
    *redis_server.checks_of(store.REVOCATIONS),
    *network.CHECKS,
    *tenant.CHECKS,
    *credentials.CHECKS,
    *registration.CHECKS,
)
_COLORS = {OK: "green", WARNING: "yellow", WRONG: "red", SKIPPED: None}


@click.command("doctor")
@as_json
@click.option(
    "--url",
    callback=checked_url,
    help="The address of the app, such as https://app.example.com; without it, "
    "AUTH0_REDIRECT_URI or SERVER_NAME tells it.",
)
@click.option("--domain", help="The tenant's domain, if the app has several.")
@click.option(
    "--limit", default=10.0, show_default=True, help="Seconds that a check may take."
)
@click.pass_context
def doctor(
    context: click.Context,
    is_json: bool,
    url: str | None,
    domain: str | None,
    limit: float,
) -> None:
    """Find what is wrong with the app, its settings, its tenant and its sessions.

    It works where the app does not load as well. Nothing is changed but a few keys of
    its own in the session store, which are removed. The exit status is 1 if something
    is wrong.
    """
    subject = examined(context.ensure_object(ScriptInfo), limit, url, domain)
    found = []
    with closing(subject):
        for finding in _without_secrets(subject, examine(subject, CHECKS)):
            found.append(finding)
            if not is_json:
                click.echo(_line(finding))
    is_well = all(each.level != WRONG for each in found)
    if is_json:
        echo_json({"ok": is_well, "checks": [each._asdict() for each in found]})
    else:
        click.echo(_summary(found))
    context.exit(0 if is_well else 1)


def _line(finding: Finding) -> str:
    level = click.style(finding.level.ljust(7), fg=_COLORS[finding.level])
    words = f"{finding.told} {finding.remedy}".rstrip()
    return f"{level}  {finding.check:<24}  {printable(words)}"


def _summary(found: list[Finding]) -> str:
    levels = [each.level for each in found]
    counts = [f"{levels.count(each)} {each}" for each in (WRONG, WARNING, SKIPPED, OK)]
    return ", ".join(counts) + "."


def _without_secrets(
    subject: Subject, findings: Iterator[Finding]
) -> Iterator[Finding]:
    """Yield findings without the secrets that the words of others may have."""
    for each in findings:
        told, remedy = (_hide(text, subject) for text in (each.told, each.remedy))
        yield each._replace(told=told, remedy=remedy)


def _hide(text: str, subject: Subject) -> str:
    for secret in _secrets(subject):
        text = text.replace(secret, "…")
    return text


#: Keys whose values are secret, and the passwords in URLs.
_SECRET_KEY = re.compile(r"SECRET|PASSWORD|_KEY$|TOKEN")
_IN_URL = re.compile(r"://[^/@\s]*:([^/@\s]+)@")
#: Characters of the shortest text that is looked for.
_SHORTEST = 6


def _secrets(subject: Subject) -> Iterator[str]:
    """Yield the secrets among the settings."""
    options: Mapping[str, t.Any] = subject.set_up.options if subject.set_up else {}
    named = {f"AUTH0_{name.upper()}": value for name, value in options.items()}
    for source in (named, subject.app_config, subject.environ):
        for key, value in source.items():
            text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
            parts = text.split(",") if _SECRET_KEY.search(key) else []
            for each in (*parts, *_IN_URL.findall(text)):
                if len(each.strip()) >= _SHORTEST:
                    yield each.strip()
