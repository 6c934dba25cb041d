"""A development tenant for an app whose settings are in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

import click

from ..config.urls import LOOPBACK
from ..tenant.command import DEFAULT_CALLBACKS, DEFAULT_LOGOUT_URLS, describe, serve
from ..tenant.model import Client
from ..tenant.server import TenantServer
from ..tenant.tenant import Tenant
from . import env_file
from .addresses import addresses_in


def run(path: Path, url: str) -> None:
    """Run a development tenant for the settings of a file, which is made if needed."""
    certificates = Path(f"{path.resolve()}.tenant-ca.pem")
    _forget(certificates)
    command, known = _command(path), env_file.read(path)
    client, port = _client(known, url), 0
    if path.exists():
        port = _port(path, known, certificates)
        client.client_id = known.get("AUTH0_CLIENT_ID", client.client_id)
        client.client_secret = known.get("AUTH0_CLIENT_SECRET", client.client_secret)
    server = TenantServer(Tenant([client]), port=port, plain_front_channel=True)

    def tell(server: TenantServer) -> None:
        certificates.write_bytes(Path(server.ca_file).read_bytes())
        if not path.exists():
            env_file.write(path, _settings_for(server, certificates))
        describe(server, f"{path} has the settings: start your app with '{command}'.")

    serve(server, tell)


def _forget(certificates: Path) -> None:
    """Trust the authority of the last tenant no longer, as it is gone."""
    if os.environ.get("SSL_CERT_FILE") == str(certificates):
        del os.environ["SSL_CERT_FILE"]


def _command(path: Path) -> str:
    """Return the command that starts the app with the settings of a file."""
    command = "flask run" if path == Path(".env") else f"flask -e {path} run"
    # The shell's certificates would hide the file's, which are the same and more.
    is_hidden = "SSL_CERT_FILE" in os.environ
    return f"env -u SSL_CERT_FILE {command}" if is_hidden else command


def _client(values: Mapping[str, str], url: str) -> Client:
    """Return a client that may send people to an app at an address."""
    found = addresses_in(values, url)
    if found is None or found.callback in DEFAULT_CALLBACKS:
        # A browser may know the same app by two names.
        return Client(
            callbacks=list(DEFAULT_CALLBACKS),
            logout_urls=list(DEFAULT_LOGOUT_URLS),
            backchannel_logout_url=found.backchannel if found else None,
        )
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
    return (
        f"{env_file.HEAD}{words}"
        + "\n".join(lines)
        + "\n"
        + env_file.SEALING.format(token_hex(32))
    )
