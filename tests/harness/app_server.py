"""Serves the test app, on threads of this process or under a server of its own."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from werkzeug.serving import make_server

from flask_auth0.tenant import Client

from .app import create_app
from .browser import Browser
from .processes import Service, stopped_at_the_end

#: The factory of the test app.
FACTORY = "tests.harness.app:create_app()"
#: The arguments that make gunicorn each of its kinds.
GUNICORN = {
    "gthread": ["--worker-class=gthread", "--workers=1", "--threads=4"],
    "preload": ["--worker-class=gthread", "--workers=2", "--threads=4", "--preload"],
    "gevent": ["--worker-class=gevent", "--workers=1"],
    # For as many requests at once as races need.
    "threads": ["--worker-class=gthread", "--workers=1", "--threads=8"],
    "pair": ["--worker-class=gthread", "--workers=2", "--threads=16", "--preload"],
    "workers": ["--worker-class=gthread", "--workers=4", "--threads=16", "--preload"],
}
#: Seconds, more than anybody pauses here: a request fails if its connection is closed
#: as it is sent, and unlike a browser the plain client does not try again.
KEEP_ALIVE = "--keep-alive=75"


class Address:
    """A loopback port, ours from the start, so that URLs are known before the app."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.callback_url = f"{self.url}/callback"
        self.logout_url = f"{self.url}/"

    def allow_at(self, client: Client) -> None:
        """Let the tenant send browsers here, after a login and after a logout."""
        client.callbacks.append(self.callback_url)
        client.logout_urls.append(self.logout_url)

    def __enter__(self) -> Address:
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()


@dataclass
class Served:
    """The test app behind one server, and the authority its tenant is trusted by."""

    url: str
    ca_file: str

    def browser(self) -> Browser:
        """Somebody's browser, looking at the app for the first time."""
        return Browser(self.url, self.ca_file)


@dataclass
class Deployment(Served):
    """The same in a process of its own."""

    service: Service


def server_command(server: str, descriptor: int, factory: str) -> list[str]:
    """The command line that serves the test app on an inherited socket."""
    if server == "werkzeug":
        return [sys.executable, "-m", "tests.harness.werkzeug_server", str(descriptor)]
    options = [f"--bind=fd://{descriptor}", KEEP_ALIVE, *GUNICORN[server]]
    return [sys.executable, "-m", "gunicorn", *options, factory]


def answers(url: str) -> bool:
    """Whether the app serves its home page yet."""
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(url, timeout=2).is_success
    return False


@contextlib.contextmanager
def running_app(
    server: str,
    address: Address,
    env: Mapping[str, str],
    folder: Path,
    factory: str = FACTORY,
) -> Iterator[Deployment]:
    """Serve the test app at the address until the block ends."""
    descriptor = address.socket.fileno()
    command = server_command(server, descriptor, factory)
    service = Service(f"app-{server}", command, folder, env, [descriptor])
    with stopped_at_the_end(service):
        service.wait_until(lambda: answers(address.url), "serves its home page")
        yield Deployment(address.url, env["SSL_CERT_FILE"], service)


@contextlib.contextmanager
def served_here(address: Address, env: Mapping[str, str]) -> Iterator[Served]:
    """Serve the test app on threads of this process, which starts at once."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        app = create_app()
    descriptor = address.socket.fileno()
    server = make_server("127.0.0.1", 0, app, threaded=True, fd=descriptor)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Served(address.url, env["SSL_CERT_FILE"])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
