"""A Redis Sentinel that watches a server of the tests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import redis

from .processes import Service, stopped_at_the_end
from .redis_server import free_port


@contextlib.contextmanager
def running_sentinel(binary: str, watched: str, folder: Path) -> Iterator[str]:
    """Run Sentinel for the server at a port, and yield its address."""
    port = free_port()
    settings = folder / "sentinel.conf"
    settings.write_text(
        f"port {port}\nbind 127.0.0.1\nsentinel monitor primary 127.0.0.1 {watched} 1\n"
    )
    service = Service("sentinel", [binary, settings, "--sentinel"], folder)

    def answers() -> bool:
        with (
            contextlib.suppress(redis.ConnectionError),
            redis.Redis(port=port) as client,
        ):
            return bool(client.ping())
        return False

    with stopped_at_the_end(service):
        service.wait_until(answers, "answers PING")
        yield f"127.0.0.1:{port}"
