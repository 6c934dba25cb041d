"""A Redis Cluster of three masters on loopback ports."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import redis

from .processes import Service, stopped_at_the_end, until

SLOTS = 16384
#: The bus of a node is on a port of its own, so much higher.
BUS = 10000


class Cluster:
    """The masters, and where they are."""

    def __init__(self) -> None:
        self.nodes: list[Service] = []
        self.ports: list[int] = []

    def flush(self) -> None:
        """Remove all keys."""
        for port in self.ports:
            with redis.Redis(port=port) as client:
                client.flushall()

    def keys(self) -> int:
        """How many keys there are on all masters."""
        total = 0
        for port in self.ports:
            with redis.Redis(port=port) as client:
                total += client.dbsize()
        return total


@contextlib.contextmanager
def running_cluster(binary: str, folder: Path) -> Iterator[Cluster]:
    """Run three masters that share all slots."""
    cluster = Cluster()
    with contextlib.ExitStack() as stack:
        for number in range(3):
            port = _free_port_with_bus()
            node = _start(binary, folder, port, number)
            stack.enter_context(stopped_at_the_end(node))
            cluster.nodes.append(node)
            cluster.ports.append(port)
            node.wait_until(partial(_answers, port), "answers PING")
        _join(cluster.ports)
        yield cluster


def _start(binary: str, folder: Path, port: int, number: int) -> Service:
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    command += ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"]
    command += ["--cluster-config-file", f"nodes-{port}.conf"]
    command += ["--cluster-require-full-coverage", "no"]
    return Service(f"redis-{number}", command, folder)


def _join(ports: list[int]) -> None:
    """Give each master its share of the slots, and let them meet."""
    for number, port in enumerate(ports):
        with redis.Redis(port=port) as client:
            start, end = (n * SLOTS // 3 for n in (number, number + 1))
            client.execute_command("CLUSTER ADDSLOTS", *range(start, end))
            client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
    for port in ports[1:]:
        with redis.Redis(port=ports[0]) as client:
            client.execute_command("CLUSTER MEET", "127.0.0.1", port)
    until(lambda: all(_knows_all(port) for port in ports), "the masters have met")


def _knows_all(port: int) -> bool:
    with redis.Redis(port=port) as client:
        info = client.execute_command("CLUSTER INFO")
        slots = client.execute_command("CLUSTER SLOTS")
    return info["cluster_state"] == "ok" and len(slots) == 3


def _answers(port: int) -> bool:
    with contextlib.suppress(redis.ConnectionError), redis.Redis(port=port) as client:
        return bool(client.ping())
    return False


def _free_port_with_bus() -> int:
    while True:
        port = random.randrange(12000, 22000)  # noqa: S311
        with (
            contextlib.suppress(OSError),
            socket.create_server(("127.0.0.1", port)),
            socket.create_server(("127.0.0.1", port + BUS)),
        ):
            return port
