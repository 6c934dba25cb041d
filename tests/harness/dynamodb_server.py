"""DynamoDB's API on a loopback port, served by moto in this process."""

from __future__ import annotations

import contextlib
import threading
import typing as t
import warnings
from collections.abc import Iterator
from unittest import mock


@contextlib.contextmanager
def running_dynamodb() -> Iterator[str]:
    """Serve it, and yield its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from moto.dynamodb.responses import DynamoHandler
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
    act, lock = DynamoHandler.call_action, threading.Lock()

    def call_action(self: DynamoHandler) -> t.Any:
        # One write amid another is lost in moto. DynamoDB itself does one at a time.
        with lock:
            return act(self)

    host, port = server.get_host_and_port()
    with mock.patch.object(DynamoHandler, "call_action", call_action):
        yield f"http://{host}:{port}"
    server.stop()
