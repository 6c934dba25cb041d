"""A development tenant inside the app's process, for a start without an account.

Anyone can log in as anybody there. So it runs in debug or testing mode, or where
EXAMPLE_DEVELOPMENT_TENANT asks for it, and nowhere by accident. It suits one process,
as ``flask run`` is one: each process has a tenant of its own.
"""

from __future__ import annotations

import os
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

import click
from flask import Flask, current_app, request, url_for
from flask.helpers import get_debug_flag
from werkzeug.serving import is_running_from_reloader

from flask_auth0 import ConfigurationError
from flask_auth0.tenant import Client, Person, Tenant, TenantServer

AUDIENCE = "https://api.example-app.test"
SCOPE = "openid profile email offline_access"
PEOPLE = [
    Person("auth0|ada", "Ada Lovelace", "ada@example.com", roles=["editor"]),
    Person("auth0|grace", "Grace Hopper", "grace@example.com", roles=["author"]),
    Person("auth0|katherine", "Katherine Johnson", "katherine@example.com"),
    Person("auth0|alan", "Alan Turing", "alan@example.com"),
]
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
#: What a server that listens on all addresses is called, and where it is.
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
#: What lets an app end sessions that the tenant names: one of these is enough.
ENDING = ("SESSION_TYPE", "AUTH0_REVOCATION_STORE")


def options_for(app: Flask) -> dict[str, Any]:
    """Return options for Auth0: none where a tenant is configured already.

    :raises ConfigurationError: where neither is one, nor may it be one of our own.
    """
    if app.config.get("AUTH0_DOMAIN") or os.environ.get("AUTH0_DOMAIN"):
        return {}
    if not _is_wanted(app):
        raise ConfigurationError(
            "AUTH0_DOMAIN is not set. Set it, or EXAMPLE_DEVELOPMENT_TENANT=true: then "
            "the app brings a tenant along, where anyone can log in as anybody."
        )
    server = running_server()
    _prepare_environment(server)
    server.tenant.roles_claim = app.config["AUTH0_ROLES_CLAIM"]
    app.config["TENANT_ORIGIN"] = server.front_channel_url
    app.before_request(partial(_register_origin, server.tenant.client))
    app.context_processor(lambda: {"tenant_admin_url": _admin_url(server)})
    return {**_auth0_options(server), **_route_options(app)}


def _is_wanted(app: Flask) -> bool:
    switch = str(app.config.get("DEVELOPMENT_TENANT", "")).lower()
    return app.debug or app.testing or switch in {"true", "1", "yes", "on"}


@cache
def running_server() -> TenantServer:
    """Return the tenant's server; the first call starts it."""
    tenant = Tenant(clients=[Client(name="Example app")], people=PEOPLE)
    server = TenantServer(tenant, plain_front_channel=True).start()
    if not _is_reloaders_parent():
        click.echo(f" * Development tenant, instead of Auth0: {_admin_url(server)}")
    return server


def _is_reloaders_parent() -> bool:
    """Tell whether a child of this process, with a tenant of its own, will serve."""
    command = click.get_current_context(silent=True)
    wanted = command.params.get("reload", False) if command else False
    reloads = get_debug_flag() if wanted is None else wanted
    return reloads and not is_running_from_reloader()


def _admin_url(server: TenantServer) -> str:
    return f"{server.front_channel_url}/admin"


def _prepare_environment(server: TenantServer) -> None:
    """Let this process reach the tenant: by its certificates, past any proxy."""
    os.environ["SSL_CERT_FILE"] = server.ca_file
    unproxied = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    if "127.0.0.1" not in unproxied.split(","):
        os.environ["no_proxy"] = f"{unproxied},127.0.0.1".lstrip(",")


def _auth0_options(server: TenantServer) -> dict[str, Any]:
    environment = server.environment()
    return {
        "domain": server.domain,
        "client_id": server.tenant.client.client_id,
        "client_secret": server.tenant.client.client_secret,
        "secret": environment["AUTH0_SECRET"],
        "scope": SCOPE,
        "audience": AUDIENCE,
        "allow_development_tenant": True,
        # No proxy is in front of "flask run", and connecting takes several tokens.
        "response_header_limit": 16384,
    }


def _route_options(app: Flask) -> dict[str, Any]:
    """Turn back-channel logout off for sessions in cookies, which it cannot end."""
    if any(app.config.get(key) or os.environ.get(key) for key in ENDING):
        return {}
    return {"backchannel_logout_path": ""}


def _register_origin(client: Client) -> None:
    """Let the tenant send people back to the address at which they use this app.

    Its lists are exact, and only a request knows the port that was chosen.
    """
    is_here = urlsplit(request.host_url).hostname in LOOPBACK_HOSTS
    # The app asks its own API without a server, and nobody logs in there.
    if not is_here or request.blueprint == "api":
        return
    if "auth0.backchannel_logout" in current_app.view_functions:
        client.backchannel_logout_url = _backchannel_logout_url()
    callback = url_for("auth0.callback", _external=True)
    if callback not in client.callbacks:
        client.callbacks.append(callback)
        client.logout_urls.append(url_for("pages.home", _external=True))


def _backchannel_logout_url() -> str:
    """Return where the tenant tells this app which sessions have ended.

    A browser goes where the Host header leads, but the tenant must not: it would send
    tokens there. The server knows itself where it listens.
    """
    environ: dict[str, str] = request.environ
    host, port = environ["SERVER_NAME"], environ["SERVER_PORT"]
    host = ANYWHERE.get(host, host)
    origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    return f"{origin}{url_for('auth0.backchannel_logout')}"
