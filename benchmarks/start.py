"""What the start of an app costs, beyond Flask and the SDK that it is made of."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import typing as t

from .lab import Lab
from .report import Table

#: A process that has imported Flask and the SDK, with a mark for what comes then.
_PROGRAM = """
import gc, json, time, warnings
warnings.simplefilter("ignore")
from flask import Flask
from auth0_server_python.auth_server.server_client import ServerClient
from benchmarks.footprint import resident

app = Flask("app")
gc.collect()
memory, clock = resident(), time.process_time()
{start}
took = time.process_time() - clock
gc.collect()
print(json.dumps([took, resident() - memory]))
"""
_IMPORT = "import flask_auth0"
_COOKIES = """
from flask_auth0 import Auth0
app.config["AUTH0_BACKCHANNEL_LOGOUT_PATH"] = ""
Auth0(app)
"""
_REDIS = """
from flask_auth0 import Auth0
app.config.update(SESSION_TYPE="redis", SESSION_REDIS={url!r})
Auth0(app)
"""
#: What somebody pays who uses Redis, however they do.
_REDIS_ALONE = """
import redis
redis.Redis.from_url({url!r}).ping()
"""


class Cost(t.NamedTuple):
    """What a start takes: seconds of the processor, and bytes."""

    seconds: float
    memory: float


def measure(lab: Lab) -> list[Table]:
    """Start each kind of app in processes of their own, in turn."""
    starts = {
        "import flask_auth0": _IMPORT,
        "Auth0(app), cookies": _COOKIES,
        "Auth0(app), Redis": _REDIS.format(url=lab.redis_url),
        "redis-py alone, connected": _REDIS_ALONE.format(url=lab.redis_url),
    }
    found: dict[str, list[Cost]] = {name: [] for name in starts}
    for _ in range(lab.size.starts):
        for name, start in starts.items():
            found[name].append(_started(start))
    rows = [[name, *_row(costs)] for name, costs in found.items()]
    headings = ["What is done", "CPU ms", "least ms", "MiB"]
    return [Table("A start, beyond importing Flask and the SDK", headings, rows)]


def _started(start: str) -> Cost:
    command = [sys.executable, "-c", _PROGRAM.format(start=start)]
    done = subprocess.run(  # noqa: S603
        command, env=os.environ, capture_output=True, check=True, text=True
    )
    return Cost(*json.loads(done.stdout))


def _row(costs: list[Cost]) -> list[str]:
    seconds, memory = zip(*costs, strict=True)
    return [
        f"{statistics.median(seconds) * 1e3:.0f}",
        f"{min(seconds) * 1e3:.0f}",
        f"{statistics.median(memory) / 2**20:.1f}",
    ]
