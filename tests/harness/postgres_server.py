"""A real PostgreSQL on a Unix socket, for as long as the tests need it."""

from __future__ import annotations

import contextlib
import importlib.util
import warnings
from collections.abc import Iterator
from pathlib import Path


def is_installed() -> bool:
    """Tell whether the wheel with the server is there."""
    return importlib.util.find_spec("pgserver") is not None


@contextlib.contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Run PostgreSQL and yield the path of its socket's folder."""
    with warnings.catch_warnings():
        # The server looks for a folder that a user without a desktop lacks.
        warnings.simplefilter("ignore")
        from pgserver import postgres_server

        server = postgres_server.get_server(folder, cleanup_mode="delete")
    try:
        yield str(server.get_uri().partition("host=")[2])
    finally:
        server.cleanup()


def forget_the_disk(socket_folder: str) -> None:
    """Let a server answer before the disk has anything, as no test cuts the power."""
    import psycopg

    with psycopg.connect(
        host=socket_folder, user="postgres", autocommit=True
    ) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
