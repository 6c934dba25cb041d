"""``flask auth0 tenant``: a development tenant as a process of its own."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from urllib.parse import urljoin

import click

from .model import Api, Client
from .server import TenantServer
from .tenant import Tenant

DEFAULT_CALLBACKS = (
    "http://127.0.0.1:5000/callback",
    "http://localhost:5000/callback",
)
DEFAULT_LOGOUT_URLS = (
    "http://127.0.0.1:5000",
    "http://127.0.0.1:5000/",
    "http://localhost:5000",
    "http://localhost:5000/",
)


@click.command("tenant")
@click.option("--port", default=0, help="The port; any free one by default.")
@click.option("--client-id", help="The app's client ID; random by default.")
@click.option("--client-secret", help="The app's client secret; random by default.")
@click.option(
    "--callback-url",
    "callback_urls",
    multiple=True,
    default=DEFAULT_CALLBACKS,
    show_default=True,
    help="A URL that a login may return to. Can be repeated.",
)
@click.option(
    "--logout-url",
    "logout_urls",
    multiple=True,
    default=DEFAULT_LOGOUT_URLS,
    show_default=True,
    help="A URL that a logout may return to. Can be repeated.",
)
@click.option(
    "--backchannel-logout-url",
    help="Where the app is told that a session has ended; by default "
    "'backchannel-logout' beside the first callback URL. Empty: nowhere.",
)
@click.option(
    "--audience",
    "audiences",
    multiple=True,
    help="The identifier of an API. Can be repeated. With one, others are refused, as "
    "at Auth0; without, any will do.",
)
@click.option(
    "--plain-front-channel",
    is_flag=True,
    help="Serve the login page without TLS, so that no browser warns.",
)
@click.option("--request-log", is_flag=True, help="Show each request.")
@click.option(
    "--json", "is_json", is_flag=True, help="Write JSON, and no export lines."
)
def tenant(
    port: int,
    client_id: str | None,
    client_secret: str | None,
    callback_urls: Sequence[str],
    logout_urls: Sequence[str],
    backchannel_logout_url: str | None,
    audiences: Sequence[str],
    plain_front_channel: bool,
    request_log: bool,
    is_json: bool,
) -> None:
    """Run a development tenant: a login like Auth0's, without an account.

    The lines on standard output are for the shell that starts the app.
    """
    client = Client(
        callbacks=list(callback_urls),
        logout_urls=list(logout_urls),
        backchannel_logout_url=backchannel_logout_url,
    )
    if backchannel_logout_url is None:
        told = urljoin(client.callbacks[0], "backchannel-logout")
        client.backchannel_logout_url = told
    client.client_id = client_id or client.client_id
    client.client_secret = client_secret or client.client_secret
    whole = Tenant([client])
    whole.apis += [Api(each, whole.api_scopes) for each in audiences]
    server = TenantServer(
        whole,
        port=port,
        plain_front_channel=plain_front_channel,
        request_log=request_log,
    )
    serve(server, announce_as_json if is_json else announce)


def serve(server: TenantServer, tell: Callable[[TenantServer], None]) -> None:
    """Run a tenant until Ctrl-C, or until the process is told to end.

    :param tell: tells the developer of the tenant, once it answers.
    """
    interrupted = watch_for_interrupts()
    try:
        server.start()
    except (OSError, RuntimeError) as error:
        raise click.ClickException(f"The tenant cannot start: {error}") from error
    try:
        tell(server)
        interrupted.wait()
    finally:
        server.stop()


def announce(server: TenantServer) -> None:
    """Lines for the shell on standard output, and words on standard error."""
    for name, value in server.environment().items():
        quoted = value.replace("'", "'\\''")
        click.echo(f"export {name}='{quoted}'")
    sys.stdout.flush()
    describe(server, "Paste the export lines into the shell that starts your app.")


def announce_as_json(server: TenantServer) -> None:
    """The environment of the app on standard output, and words on standard error."""
    click.echo(json.dumps(server.environment(), indent=2))
    sys.stdout.flush()
    describe(server, "Start your app with the environment that is shown as JSON.")


def describe(server: TenantServer, next_step: str) -> None:
    """Words about a tenant, on standard error."""
    client = server.tenant.client
    lines = (
        "",
        "This is a DEVELOPMENT TENANT, not Auth0: anyone can be anyone here.",
        f"  Tenant          {server.url}",
        f"  Administration  {server.front_channel_url}/admin",
        f"  Callback URLs   {', '.join(client.callbacks)}",
        f"  Logout URLs     {', '.join(client.logout_urls)}",
        f"  Back channel    {client.backchannel_logout_url or '(none)'}",
        _certificate_hint(server),
        next_step,
        "Press Ctrl-C to stop.",
    )
    click.echo("\n".join(lines), err=True)


def _certificate_hint(server: TenantServer) -> str:
    if server.front_channel_url == server.url:
        return "Your browser will warn; --plain-front-channel spares you that."
    return f"The login page is at {server.front_channel_url}, without TLS."


def watch_for_interrupts() -> threading.Event:
    """Set by Ctrl-C, and by a request to terminate, so that both end tidily."""
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    return interrupted
