"""A program that takes a lock in Redis, forks, and uses it on one side of the fork.

The other side reads meanwhile. It prints what it has read that it did not ask for.
"""

from __future__ import annotations

import os
import signal
import sys

from flask_auth0.sessions.stores.redis import make
from tests.harness.forks import fork
from tests.harness.setups import setup

#: Seconds in which the child has to be done.
LIMIT = 30
TIMES = 300


def main(url: str) -> None:
    back_end = make(setup({"SESSION_REDIS": url}))
    for n in range(TIMES):
        back_end.keep(f"forked {n}", str(n).encode(), 60)
    lock = back_end.lock("forked lock")
    assert lock.take()
    child = fork()
    if child == 0:
        signal.alarm(LIMIT)
        held = [lock.renew() for _ in range(TIMES)]
        os._exit(0 if all(held) else 1)
    found = {n: back_end.fetch(f"forked {n}") for n in range(TIMES)}
    _, status = os.waitpid(child, 0)
    wrong = {n: value for n, value in found.items() if value != str(n).encode()}
    print(wrong, os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(sys.argv[1])
