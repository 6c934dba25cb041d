"""The command ``flask auth0 init``: a file of settings, and URLs for the dashboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from secrets import token_hex

import click

from . import development_tenant, env_file
from .addresses import DEVELOPMENT, Addresses, addresses_in, checked_url
from .output import as_json, echo_json


@click.command("init")
@click.option(
    "--env-file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".env"),
    show_default=True,
    help="The file of the settings.",
)
@click.option(
    "--url",
    default=DEVELOPMENT,
    show_default=True,
    callback=checked_url,
    help="The address of the app.",
)
@click.option(
    "--tenant",
    "is_tenant",
    is_flag=True,
    help="Run a development tenant as well, for which the settings are complete.",
)
@as_json
@click.pass_context
def init(
    context: click.Context, path: Path, url: str, is_tenant: bool, is_json: bool
) -> None:
    """Write a file of settings with a fresh secret, and show the URLs for Auth0.

    A file that is there already stays as it is; what is missing in it is told.
    """
    if is_tenant:
        development_tenant.run(path, url)
        return
    is_new = not path.exists()
    if is_new:
        text = env_file.HEAD + env_file.EMPTY
        text += env_file.SEALING.format(token_hex(32))
        env_file.write(path, text)
    missing = list(env_file.problems_in(path))
    addresses = addresses_in(env_file.read(path), url)
    if is_json:
        told = addresses._asdict() if addresses else None
        echo_json({"written": is_new, "missing": missing, "addresses": told})
    else:
        lines = _about_file(path, missing, is_new=is_new)
        click.echo("\n".join([*lines, *_for_dashboard(addresses)]))
    context.exit(1 if missing and not is_new else 0)


def _about_file(path: Path, missing: Sequence[str], *, is_new: bool) -> Iterator[str]:
    """Yield the lines about a file of settings."""
    if is_new:
        yield f"{path} is written, with a fresh AUTH0_SECRET, for you alone."
        yield "Keep it out of version control."
    if missing:
        yield f"What is missing in {path}:"
        yield from (f"  {each}" for each in missing)
    elif not is_new:
        yield f"{path} is there already, and nothing is missing in it."


def _for_dashboard(addresses: Addresses | None) -> Iterator[str]:
    """Yield the lines about what the tenant has to know of the app."""
    if addresses is None:
        return
    yield "For the application's settings in the Auth0 dashboard:"
    yield f"  Allowed Callback URLs    {addresses.callback}"
    yield f"  Allowed Logout URLs      {', '.join(addresses.logout)}"
    if addresses.backchannel:
        yield f"  Back-Channel Logout URI  {addresses.backchannel}"
    yield "Then 'flask auth0 doctor' tells whether all of it works."
