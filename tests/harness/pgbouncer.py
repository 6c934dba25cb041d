"""A real PgBouncer, which shares few connections among many, while tests need it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from .processes import Service, stopped_at_the_end
from .proxy import proxied, unix_socket
from .redis_server import free_port

CONFIG = """
[databases]
postgres = host=127.0.0.1 port={server_port} dbname=postgres user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 200
"""


@contextlib.contextmanager
def running_pgbouncer(
    binary: str, postgres_folder: str, folder: Path, size: int
) -> Iterator[int]:
    """Run PgBouncer in transaction mode, and yield its port.

    :param size: how many connections to PostgreSQL it shares.
    """
    with proxied(lambda _: unix_socket(f"{postgres_folder}/.s.PGSQL.5432")) as proxy:
        port, file = free_port(), folder / "pgbouncer.ini"
        file.write_text(CONFIG.format(server_port=proxy.port, port=port, size=size))
        # PgBouncer does not run as root.
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        service = Service("pgbouncer", [binary, *user, str(file)], folder)

        with stopped_at_the_end(service):
            service.wait_until_it_accepts(port)
            yield port
