"""A way to a server that can be cut, or left open without anything coming through."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

Connect = Callable[[socket.socket], socket.socket]


class Proxy:
    """Forwards TCP connections on a loopback port.

    :param connect: makes a connection to the server, for the client that it is given.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._open: list[socket.socket] = []
        self._lost: set[socket.socket] = set()
        self._flowing = threading.Event()
        self._flowing.set()
        #: Seconds that everything takes on its way, there and back.
        self.delay = 0.0
        self._listen(0)

    def freeze(self) -> None:
        """Accept connections and take what comes, but answer nothing."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Answer again."""
        self._flowing.set()

    def lose(self) -> None:
        """Forget the open connections without a word, as a router does."""
        self._lost.update(self._open)

    def cut(self) -> None:
        """End all connections and refuse new ones."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._open.clear()

    def restore(self) -> None:
        """Accept connections again."""
        self._listen(self.port)

    def _listen(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept, self._listener)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = self._connect(client)
                self._open += [client, server]
                for end in (client, server):
                    _send_at_once(end)
                self._start(self._forward, client, server)
                self._start(self._forward, server, client)

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                time.sleep(self.delay / 2)
                if source not in self._lost:
                    target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _start(target: Callable[..., None], *args: object) -> None:
        threading.Thread(target=target, args=args, daemon=True).start()


@contextlib.contextmanager
def proxied(connect: Connect) -> Iterator[Proxy]:
    """Run a proxy."""
    proxy = Proxy(connect)
    try:
        yield proxy
    finally:
        proxy.thaw()
        proxy.cut()


def _send_at_once(connection: socket.socket) -> None:
    """Let a small piece not wait until the one before it is acknowledged, for 40 ms."""
    if connection.family != socket.AF_UNIX:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def unix_socket(path: str) -> socket.socket:
    """Connect to a Unix socket."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection
