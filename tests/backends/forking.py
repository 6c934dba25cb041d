"""A program that uses the test app, forks as uWSGI does, and uses it on both sides.

It prints a line of JSON for what it did before the fork, what the parent did after it,
and what the child did.
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import sys
import time
import typing as t

import httpx
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from flask_auth0.sessions.server.storage import back_end_of
from flask_auth0.sessions.stores.sqlalchemy import SqlBackEnd
from tests.harness.app import create_app
from tests.harness.browser import FETCH, NAVIGATION
from tests.harness.forks import fork

#: Seconds in which the child has to be done.
LIMIT = 30
URL = "http://localhost"

#: The addresses to which connections were made, by what is ours.
connected: list[str] = []


def note(event: str, arguments: tuple[t.Any, ...]) -> None:
    """Note whom this process connects to."""
    if event == "socket.connect":
        connected.append(str(arguments[1]))


def log_in(client: FlaskClient) -> None:
    """Log in, as a browser does."""
    redirect = client.get("/login?prompt=login", base_url=URL, headers=NAVIGATION)
    count = len(connected)
    trust = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    answer = httpx.get(redirect.location, verify=trust, trust_env=False)
    # The worker has inherited the browser's connection.
    del connected[count:]
    callback = client.get(answer.headers["Location"], base_url=URL, headers=NAVIGATION)
    assert callback.status_code == 302, callback.text


def use(app: Flask) -> dict[str, t.Any]:
    """Log in directly, refresh a token on the loop, and log out."""
    connected.clear()
    client = app.test_client()
    log_in(client)
    user = client.get("/profile", headers=FETCH)
    token = client.get("/token?force", headers=FETCH)
    backend = backend_of(app)
    client.get("/logout", headers=FETCH)
    after = client.get("/profile", headers=FETCH)
    statuses = [each.status_code for each in (user, token, after)]
    return {"statuses": statuses, "connected": [*connected], "backend": backend}


def backend_of(app: Flask) -> int | None:
    """The process of PostgreSQL that answers."""
    store = back_end_of(app.session_interface)
    if not isinstance(store, SqlBackEnd):
        return None
    if store.engine.dialect.name != "postgresql":
        return None
    with store.engine.connect() as connection:
        found = connection.scalar(text("SELECT pg_backend_pid()"))
    return t.cast(int, found)


def tell(who: str, what: object) -> None:
    os.write(1, json.dumps({who: what}).encode() + b"\n")


def wait_for(child: int) -> int:
    """Wait for a process, but not for ever."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


def main() -> None:
    app = create_app()
    app.testing = True
    sys.addaudithook(note)
    # The first one asks the tenant about itself.
    use(app)
    tell("before", use(app))
    child = fork()
    if child == 0:
        try:
            tell("child", use(app))
        finally:
            os._exit(0)
    # In a folder, two processes that change the labels of one user lose one of the two.
    alone = os.environ.get("SESSION_TYPE") == "cachelib"
    status = wait_for(child) if alone else None
    tell("parent", use(app))
    tell("status", wait_for(child) if status is None else status)
    tell("again", use(app))


if __name__ == "__main__":
    main()
