"""Logins through the proxy that the environment names."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.harness.proxy import proxied
from tests.harness.visitor import MakeApp, MakeVisitor


class Tunnels:
    """Where to a proxy has opened tunnels (RFC 9110, section 9.3.6)."""

    port = 0

    def __init__(self) -> None:
        self.asked: list[str] = []

    def open(self, client: socket.socket) -> socket.socket:
        """Connect a client to where it asks for."""
        target = client.recv(65536).split()[1].decode()
        self.asked.append(target)
        host, _, port = target.rpartition(":")
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        return server


@pytest.fixture
def tunnels(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tunnels]:
    """The tunnels of the proxy that the environment names."""
    tunnels = Tunnels()
    with proxied(tunnels.open) as proxy:
        tunnels.port = proxy.port
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        yield tunnels


def test_a_login_goes_through_the_proxy(
    make_app: MakeApp, make_visitor: MakeVisitor, tunnels: Tunnels, made: list[int]
) -> None:
    visitor = make_visitor(make_app())
    callback = visitor.authorize(visitor.get("/login"))
    # One for discovery, and for the keys.
    before = len(tunnels.asked)
    assert before >= 1
    assert visitor.get(callback).status_code == 302
    # One for the code.
    assert len(tunnels.asked) == before + 1
    # Once the tenant is known, logins need no event loop and go the same way.
    assert visitor.log_in().status_code == 302
    assert len(tunnels.asked) == before + 2
    assert made == [tunnels.port]


def test_a_host_that_no_proxy_is_for(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tunnels: Tunnels,
    made: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    visitor = make_visitor(make_app())
    for _ in range(2):
        assert visitor.log_in().status_code == 302
    assert tunnels.asked == []
    assert len(made) == 1
    assert made != [tunnels.port]
