"""A real Memcached on a loopback port, for as long as the tests need it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from .processes import Service, stopped_at_the_end
from .redis_server import free_port


@contextlib.contextmanager
def running_memcached(binary: str, folder: Path) -> Iterator[int]:
    """Run Memcached and yield its port."""
    port = free_port()
    command = [binary, "-l", "127.0.0.1", "-p", str(port), "-u", "nobody"]
    service = Service("memcached", command, folder)

    with stopped_at_the_end(service):
        service.wait_until_it_accepts(port)
        yield port
