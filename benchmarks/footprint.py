"""Prints how many bytes of memory a process has that has made one of the apps."""

from __future__ import annotations

import gc
import resource
from pathlib import Path


def resident() -> int:
    """Return the bytes in memory that are this process's."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    # The most there ever were, where nothing says how many there are.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    from .serving import create_app

    app = create_app()
    app.test_client().get("/profile")
    gc.collect()
    print(resident())
