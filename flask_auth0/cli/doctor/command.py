"""The command ``flask auth0 doctor``: a line for each check, or JSON."""

from __future__ import annotations

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
from .hiding import without_secrets
from .subject import examined

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
        for finding in without_secrets(subject, examine(subject, CHECKS)):
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
