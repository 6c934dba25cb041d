"""Calls one app of the benchmark some times, in a process that Valgrind counts."""

from __future__ import annotations

import sys

from .view import in_cookies_of

if __name__ == "__main__":
    name, calls, crowd = sys.argv[1:]
    call = in_cookies_of(int(crowd))[name]()
    for _ in range(int(calls)):
        call()
