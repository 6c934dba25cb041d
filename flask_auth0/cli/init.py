"""The command ``flask auth0 init``: a file of settings, and URLs for the dashboard."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from urllib.parse import urljoin, urlsplit

import click
from dotenv import dotenv_values

from ..config import key_of, read_config
from ..config.urls import LOOPBACK
from ..tenant.command import DEFAULT_CALLBACKS, DEFAULT_LOGOUT_URLS, describe, serve
from ..tenant.model import Client
from ..tenant.server import TenantServer
from ..tenant.tenant import Tenant
from .addresses import DEVELOPMENT, Addresses, addresses_of, checked_url
from .output import as_json, echo_json

_HEAD = """\
# The settings of Auth0 for this app, which flask reads. Keep them to yourself.
"""
_SEALING = """\
# Seals the sessions. To rotate it, put the new one in front: new,old
AUTH0_SECRET={}
"""
_EMPTY = """\
# Applications > your Regular Web Application > Settings, in the Auth0 dashboard.
AUTH0_DOMAIN=
AUTH0_CLIENT_ID=
AUTH0_CLIENT_SECRET=
"""


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
        _run_tenant(path, url)
        return
    is_new = not path.exists()
    if is_new:
        _write(path, _HEAD + _EMPTY + _SEALING.format(token_hex(32)))
    missing = list(_missing(path))
    addresses = _addresses(_values(path), url)
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


def _write(path: Path, text: str) -> None:
    """Write a new file that nobody else can read.

    :raises click.ClickException: when it is there already, or cannot be written.
    """
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        told = f"{path} cannot be written: {error.strerror}."
        raise click.ClickException(told) from error


def _values(path: Path) -> dict[str, str]:
    return {key: value for key, value in dotenv_values(path).items() if value}


def _missing(path: Path) -> Iterator[str]:
    """Yield what is missing or wrong in a file of settings, without its values."""
    for each in read_config({}, {}, _values(path))[1]:
        yield str(each).replace("is missing in config and environment", "is missing")


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


def _addresses(values: Mapping[str, str], url: str) -> Addresses | None:
    """Return the addresses of an app, if the keys that change them make sense."""
    # No address depends on what the file still lacks.
    stand_ins: dict[str, t.Any] = {
        "domain": "tenant.example",
        "client_id": "id",
        "client_secret": "hidden",
        "secret": token_hex(32),
    }
    kept = {k: v for k, v in values.items() if k.endswith(("_PATH", "_PREFIX"))}
    for name in ("redirect_uri", "post_logout_redirect", "allowed_logout_urls"):
        if key_of(name) in values:
            kept[key_of(name)] = values[key_of(name)]
    config, _ = read_config(stand_ins, {}, kept)
    return addresses_of(config, url) if config else None


def _run_tenant(path: Path, url: str) -> None:
    """Run a development tenant for the settings of a file, which is made if needed."""
    command = "flask run" if path == Path(".env") else f"flask -e {path} run"
    certificates = Path(f"{path.resolve()}.tenant-ca.pem")
    if os.environ.get("SSL_CERT_FILE") == str(certificates):
        # The authority in it is that of the last tenant, which is gone.
        del os.environ["SSL_CERT_FILE"]
    elif "SSL_CERT_FILE" in os.environ:
        # The file of certificates has those of the shell's as well.
        command = f"env -u SSL_CERT_FILE {command}"
    known = _values(path)
    client, port = _client(known, url), 0
    if path.exists():
        port = _port(path, known, certificates)
        client.client_id = known.get("AUTH0_CLIENT_ID", client.client_id)
        client.client_secret = known.get("AUTH0_CLIENT_SECRET", client.client_secret)
    server = TenantServer(Tenant([client]), port=port, plain_front_channel=True)

    def tell(server: TenantServer) -> None:
        certificates.write_bytes(Path(server.ca_file).read_bytes())
        if not path.exists():
            _write(path, _settings_for(server, certificates))
        describe(server, f"{path} has the settings: start your app with '{command}'.")

    serve(server, tell)


def _client(values: Mapping[str, str], url: str) -> Client:
    """Return a client that may send people to an app at an address."""
    found = _addresses(values, url)
    if found is None or found.callback in DEFAULT_CALLBACKS:
        # A browser may know the same app by two names.
        client = Client(
            callbacks=list(DEFAULT_CALLBACKS), logout_urls=list(DEFAULT_LOGOUT_URLS)
        )
        client.backchannel_logout_url = urljoin(DEVELOPMENT, "/backchannel-logout")
        return client
    return Client(
        callbacks=[found.callback],
        logout_urls=list(found.logout),
        backchannel_logout_url=found.backchannel,
    )


def _port(path: Path, values: Mapping[str, str], certificates: Path) -> int:
    """Return the port of the development tenant in a file of settings.

    :raises click.ClickException: when the file is for another tenant.
    """
    is_ours = values.get("SSL_CERT_FILE") == str(certificates)
    try:
        place = urlsplit(f"//{values.get('AUTH0_DOMAIN', '')}")
        port = place.port if place.hostname in LOOPBACK else None
    except ValueError:
        port = None
    if port is None or not is_ours:
        told = f"{path} is there already, and was not made by this command."
        raise click.ClickException(f"{told} Name another file with --env-file.")
    return port


def _settings_for(server: TenantServer, certificates: Path) -> str:
    environment = {**server.environment(), "SSL_CERT_FILE": str(certificates)}
    del environment["AUTH0_SECRET"]
    lines = [f"{key}={value}" for key, value in environment.items()]
    words = "# A development tenant, which 'flask auth0 init --tenant' runs.\n"
    return f"{_HEAD}{words}" + "\n".join(lines) + "\n" + _SEALING.format(token_hex(32))
