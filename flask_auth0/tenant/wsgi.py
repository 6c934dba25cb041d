"""A Werkzeug server with what the tenant needs: keep-alive, TLS in the threads."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
from typing import TYPE_CHECKING, Any, ClassVar

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: Longer than any client of ours leaves a connection idle, in seconds.
IDLE_TIMEOUT = 60.0

#: A larger body is not read, and its connection closed.
BODY_LIMIT = 1_000_000


class KeepAliveHandler(WSGIRequestHandler):
    """Answers many requests per connection, which Werkzeug's own never does."""

    protocol_version = "HTTP/1.1"
    timeout: ClassVar[float | None] = IDLE_TIMEOUT
    # One packet per response: a second small one would wait for the first's ACK.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: ConnectionTrackingServer

    def run_wsgi(self) -> None:
        body = self._read_body()
        try:
            environ = self.make_environ()
        except ValueError:
            # The request's target is not a URL.
            self.send_error(400)
            return
        self.environ: dict[str, Any] = environ
        environ["wsgi.input"] = io.BytesIO(body)
        response = Response.from_app(self.server.app, environ, buffered=True)
        self.send_response(response.status_code)
        for name, value in response.headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.data)

    def _read_body(self) -> bytes:
        """All of it: what stays unread would be taken for the next request."""
        length = self.headers.get("Content-Length", "0")
        chunked = "Transfer-Encoding" in self.headers
        if chunked or not length.isdecimal() or int(length) > BODY_LIMIT:
            self.close_connection = True
            return b""
        return self.rfile.read(int(length))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if self.server.request_log:
            # The query is left out: it can hold codes and hints.
            path = self.path.partition("?")[0]
            self.log("info", '"%s %s" %s', self.command, path, int(code))

    def log_error(self, format: str, *args: Any) -> None:
        """Broken handshakes and idle connections are nobody's concern."""


class ConnectionTrackingServer(ThreadedWSGIServer):
    """Does the TLS handshake in the connection's thread; closes all at the end."""

    def __init__(
        self,
        host: str,
        port: int,
        app: WSGIApplication,
        ssl_context: ssl.SSLContext | None = None,
        *,
        request_log: bool = False,
    ) -> None:
        self.request_log = request_log
        self._connections: set[socket.socket] = set()
        # Werkzeug's own bind ends the process when the port is in use.
        with _listen(host, port) as listener:
            super().__init__(host, port, app, KeepAliveHandler, fd=listener.fileno())
        if ssl_context is not None:
            # A client that is slow to shake hands must not keep others waiting.
            self.socket: socket.socket = ssl_context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
            self.ssl_context: ssl.SSLContext | None = ssl_context

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        # A stopped tenant is down for connections that are kept alive, too.
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=128)
