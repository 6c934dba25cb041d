"""Serves apps of this process over TLS, as a browser needs it for Secure cookies."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator

import trustme
from flask import Flask
from werkzeug.serving import make_server

#: Chromium resolves names below localhost itself, and takes these for one site.
SITE = "example.localhost"


@contextlib.contextmanager
def served_over_tls(app: Flask) -> Iterator[int]:
    """Serve an app at every host of the site until the block ends; return the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(f"*.{SITE}", f"*.app.{SITE}").configure_cert(context)
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=context)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
