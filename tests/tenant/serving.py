"""Runs a WSGI server in a thread until a block ends."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from flask_auth0.tenant.wsgi import ConnectionTrackingServer


@contextlib.contextmanager
def serving(server: ConnectionTrackingServer) -> Iterator[ConnectionTrackingServer]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
