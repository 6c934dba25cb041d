"""Serves a tenant over TLS, in threads of this process, on loopback only."""

from __future__ import annotations

import secrets
import threading
from types import TracebackType
from typing import TYPE_CHECKING

from werkzeug.test import Client as TestClient
from werkzeug.test import TestResponse

from . import visits
from .app import create_app
from .browser import name_cookie
from .certificates import Certificates, ClientCertificate
from .loopback import is_loopback
from .model import Client
from .mutual_tls import MutualTLSServer, is_needed
from .tenant import Tenant
from .wsgi import ConnectionTrackingServer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class TenantServer:
    """A tenant that can be reached; a context manager, or ``start`` and ``stop``.

    With ``plain_front_channel`` there is a second, plain listener for the pages that
    a person's browser opens, so that no browser warns about the certificate.
    """

    def __init__(
        self,
        tenant: Tenant | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        plain_front_channel: bool = False,
        front_channel_port: int = 0,
        request_log: bool = False,
    ) -> None:
        if not is_loopback(host):
            raise ValueError(
                f"A development tenant binds to loopback only, not to {host!r}."
            )
        self.tenant: Tenant = tenant or Tenant()
        self.host: str = host
        self._port = port
        self._plain_front_channel = plain_front_channel
        self._front_channel_port = front_channel_port
        self._request_log = request_log
        self._secret = secrets.token_hex(32)
        self._certificates: Certificates | None = None
        self._servers: list[ConnectionTrackingServer] = []
        self._threads: list[threading.Thread] = []

    @property
    def domain(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self._port}"

    @property
    def url(self) -> str:
        return f"https://{self.domain}"

    @property
    def front_channel_url(self) -> str:
        """Where a person's browser finds the login page and ``/admin``."""
        return self.tenant.front_channel_url

    @property
    def ca_file(self) -> str:
        """A bundle of the public roots and this tenant's own authority."""
        return self._running().bundle

    def _running(self) -> Certificates:
        if self._certificates is None:
            raise RuntimeError("The development tenant is not running.")
        return self._certificates

    def environment(self) -> dict[str, str]:
        """What an app has to have in its environment to log in here.

        Without a secret, if the client proves itself otherwise: its key, or its
        certificate, is the app's to add.
        """
        client = self.tenant.client
        environment = {
            "AUTH0_DOMAIN": self.domain,
            "AUTH0_CLIENT_ID": client.client_id,
            "AUTH0_CLIENT_SECRET": client.client_secret,
            "AUTH0_SECRET": self._secret,
            "SSL_CERT_FILE": self.ca_file,
            "AUTH0_ALLOW_DEVELOPMENT_TENANT": "true",
        }
        if not client.check_endpoint_auth_method("client_secret_post", "token"):
            del environment["AUTH0_CLIENT_SECRET"]
        return environment

    def allow(self, url: str, callback_path: str = "/callback") -> None:
        """Let the app whose root is at a URL log people in and out, with the first
        client.

        :param callback_path: as ``AUTH0_CALLBACK_PATH`` and its prefix say.
        """
        root, client = url.rstrip("/"), self.tenant.client
        client.callbacks.append(f"{root}{callback_path}")
        client.logout_urls += [f"{root}/", root]

    def log_in(
        self, client: TestClient, person: str, path: str = "/login"
    ) -> TestResponse:
        """Log somebody in at an app, as a browser does; return the callback's answer.

        Nobody is asked anything, not even for a second factor.

        :param client: a test client of the app.
        :param person: a ``sub`` or an e-mail address.
        :param path: the page of the app at which the login begins.
        :raises RuntimeError: when the app does not lead here, or this tenant does not
            lead back.
        """
        urls = (f"{self.front_channel_url}/", f"{self.url}/")
        place = visits.Place(self.tenant, urls, self.ca_file)
        return visits.log_in(place, client, person, path)

    def client_certificate(self, client: Client | None = None) -> ClientCertificate:
        """Make a certificate for a client, and register it (RFC 8705).

        It is signed by the tenant's own authority, or by itself, as the client's
        ``token_endpoint_auth_method`` says. The files are there until ``stop()``.
        """
        client, certificates = client or self.tenant.client, self._running()
        method = client.token_endpoint_auth_method
        if method == "tls_client_auth":
            made = certificates.issue(client)
        elif method == "self_signed_tls_client_auth":
            made = certificates.self_sign(client)
        else:
            raise ValueError(f"A client with {method!r} shows no certificate.")
        if self.tenant.mtls_url is None:
            app = self._servers[0].app
            self._threads.append(self._serve(self._listen_for_certificates(app)))
        return made

    def start(self) -> TenantServer:
        if self._servers:
            raise RuntimeError("The development tenant is running already.")
        self._certificates = Certificates(self.host)
        try:
            self._open_listeners(self._certificates)
        except BaseException:
            self.stop()
            raise
        self._threads = [self._serve(server) for server in self._servers]
        return self

    def stop(self) -> None:
        """Close every connection and remove the certificates."""
        for server, thread in zip(self._servers, self._threads, strict=False):
            server.shutdown()
            thread.join()
        for server in self._servers:
            server.server_close()
        self._servers, self._threads = [], []
        if self._certificates is not None:
            self._certificates.remove()
            self._certificates = None
        self.tenant.mtls_url = None

    def __enter__(self) -> TenantServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _open_listeners(self, certificates: Certificates) -> None:
        app = create_app(self.tenant, secure_cookie=not self._plain_front_channel)
        log, host = self._request_log, self.host
        main = ConnectionTrackingServer(
            host, self._port, app, certificates.server_context, request_log=log
        )
        self._servers.append(main)
        self._port = main.port
        name_cookie(app, self._port)
        self.tenant.url = self.tenant.front_channel_url = self.url
        if self._plain_front_channel:
            front = ConnectionTrackingServer(
                host, self._front_channel_port, app, request_log=log
            )
            self._servers.append(front)
            self.tenant.front_channel_url = f"http://{self._at(front.port)}"
        if is_needed(self.tenant):
            self._listen_for_certificates(app)

    def _listen_for_certificates(self, app: WSGIApplication) -> MutualTLSServer:
        """On a port of its own, so that no browser is asked for a certificate."""
        server = MutualTLSServer(
            self.host,
            app,
            self.tenant,
            self._running().mutual_context(),
            request_log=self._request_log,
        )
        self._servers.append(server)
        self.tenant.mtls_url = f"https://{self._at(server.port)}"
        return server

    def _at(self, port: int) -> str:
        return f"{self.domain.rpartition(':')[0]}:{port}"

    def _serve(self, server: ConnectionTrackingServer) -> threading.Thread:
        thread = threading.Thread(
            target=server.serve_forever,
            args=(0.05,),
            name=f"tenant-{server.port}",
            daemon=True,
        )
        thread.start()
        return thread
