"""A Redis that is killed, and comes back with what its settings have saved."""

from __future__ import annotations

import contextlib
import os
import signal
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.harness.processes import Service, stopped_at_the_end
from tests.harness.redis_server import free_port
from tests.harness.visitor import ADA, MakeApp, MakeVisitor

ALWAYS = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")
#: The settings are those of a stock Redis, except that the test says when to save.
SNAPSHOTS = ("--appendonly", "no", "--save", "3600 1")


class Server:
    """A Redis that can be killed and started again."""

    def __init__(self, binary: str, folder: Path, settings: tuple[str, ...]) -> None:
        self.port = free_port()
        self.client = redis.Redis(port=self.port)
        address = ("--port", str(self.port), "--bind", "127.0.0.1")
        self._command = [binary, *address, *settings]
        self._folder = folder
        self._services = contextlib.ExitStack()
        self.start()

    def start(self) -> None:
        self._service = Service("redis", self._command, self._folder)
        self._services.enter_context(stopped_at_the_end(self._service))
        self._service.wait_until(self._answers, "answers PING")

    def crash(self) -> None:
        """Kill it, and start it again."""
        os.kill(self._service.process.pid, signal.SIGKILL)
        self._service.process.wait()
        self.start()

    def close(self) -> None:
        self.client.close()
        self._services.close()

    def _answers(self) -> bool:
        with contextlib.suppress(redis.ConnectionError):
            return bool(self.client.ping())
        return False


@pytest.fixture
def make_server(
    redis_binary: str, tmp_path: Path
) -> Iterator[Callable[[tuple[str, ...]], Server]]:
    with contextlib.ExitStack() as stack:

        def make(settings: tuple[str, ...]) -> Server:
            return stack.enter_context(
                contextlib.closing(Server(redis_binary, tmp_path, settings))
            )

        yield make


@pytest.mark.parametrize(
    ("settings", "comes_back"), [(ALWAYS, False), (SNAPSHOTS, True)]
)
def test_a_logout_just_before_a_crash(
    settings: tuple[str, ...],
    comes_back: bool,
    make_server: Callable[[tuple[str, ...]], Server],
    make_app: MakeApp,
    make_visitor: MakeVisitor,
) -> None:
    """The logout is final if each deletion is on the disk before it is answered."""
    server = make_server(settings)
    config: dict[str, t.Any] = {
        "SESSION_TYPE": "redis",
        "SESSION_REDIS": f"redis://127.0.0.1:{server.port}",
    }
    app = make_app(config, session_store_timeout=10)
    leaving, staying = make_visitor(app), make_visitor(app)
    for visitor in (leaving, staying):
        visitor.log_in()
    if comes_back:
        server.client.save()
    before = leaving.cookies()
    assert leaving.get("/logout").status_code == 302
    server.crash()
    for name, value in before.items():
        leaving.set_cookie(name, value)
    assert (staying.user() or {}).get("email") == ADA
    assert (leaving.user() is not None) == comes_back
