"""A server that keeps sessions for others: get, set and delete by id, over HTTP."""

from __future__ import annotations

import contextlib
import threading
import time
import typing as t
from collections.abc import Iterator

from flask import Flask, request
from werkzeug.serving import make_server


class SessionService:
    """The values that the server keeps, and their ends."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, float]] = {}
        self.asked: list[str] = []
        self.url = ""

    def get(self, key: str) -> t.Any:
        """The value of an id, unless it has expired."""
        self.asked.append(key)
        content, until = self.kept.get(key, (b"", 0.0))
        return content if time.time() < until else ("", 404)

    def put(self, key: str) -> t.Any:
        """Keep what was sent."""
        seconds = float(request.args["seconds"])
        self.kept[key] = request.get_data(), time.time() + seconds
        return "", 204

    def delete(self, key: str) -> t.Any:
        """Forget what is kept."""
        return "", 204 if self.kept.pop(key, None) else 404


@contextlib.contextmanager
def running_service() -> Iterator[SessionService]:
    """Run the server on a loopback port."""
    service, app = SessionService(), Flask(__name__)
    rule = "/sessions/<path:key>"
    app.get(rule)(service.get)
    app.put(rule)(service.put)
    app.delete(rule)(service.delete)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    service.url = f"http://127.0.0.1:{server.server_port}/sessions"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
