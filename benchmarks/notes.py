"""What ``AUTH0_REVOCATION_STORE`` keeps of sessions in cookies."""

from __future__ import annotations

from collections.abc import Callable

import redis
from flask import Flask

from . import ours
from .lab import Lab
from .report import Table
from .shapes import API
from .tenant import logout_token_of_newest, set_token_lifetime
from .visitor import Visitor

_DAY = 86400
#: Seconds from which on something is there for long.
_LONG = 3600


def table(lab: Lab) -> Table:
    """Refresh a token, log out, be logged out, and weigh what that leaves for long."""
    url = f"{lab.redis_url}/11"
    app = ours.ours_at({"AUTH0_REVOCATION_STORE": url}, AUTH0_AUDIENCE=API)
    with redis.Redis.from_url(url) as client:
        rows = []
        for name, do in _steps(lab, app).items():
            before = _lasting(client)
            do()
            rows.append([name, f"{_lasting(client) - before:,}"])
    return Table("Notes of a session in cookies", ["After", "Bytes"], rows)


def _steps(lab: Lab, app: Flask) -> dict[str, Callable[[], object]]:
    visitor, client = Visitor(app), app.test_client()

    def log_in() -> None:
        lab.tenant.ask(set_token_lifetime, 0)
        visitor.log_in()
        lab.tenant.ask(set_token_lifetime, _DAY)

    def end() -> None:
        form = {"logout_token": lab.tenant.ask(logout_token_of_newest)}
        client.post("/backchannel-logout", data=form)

    return {
        "a login": log_in,
        "its first refresh": lambda: visitor.get("/token"),
        "its logout": lambda: visitor.get("/logout"),
        "a logout from outside": end,
    }


def _lasting(client: redis.Redis) -> int:
    """Return the bytes of all keys that are there for long."""
    keys = [key for key in client.scan_iter() if client.ttl(key) > _LONG]
    return sum(client.memory_usage(key) or 0 for key in keys)
