"""A program that uses some apps, forks as uWSGI does, and uses them on both sides.

It is given where the apps keep sessions, by their names, and prints a line of JSON for
what it did with each before the fork, what the parent did after it, and what the child
did.
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import sys
import time
import typing as t
from collections.abc import Mapping

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
LIMIT = 60
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


def use_all(who: str, apps: Mapping[str, Flask]) -> None:
    """Use one app after the other, and tell what came of it."""
    for name, app in apps.items():
        tell(who, name, use(app))


def tell(who: str, name: str, what: object) -> None:
    os.write(1, json.dumps([name, who, what]).encode() + b"\n")


def make_app(settings: Mapping[str, str]) -> Flask:
    """Make the test app, with its sessions in a place of its own."""
    os.environ.update(settings)
    app = create_app()
    app.testing = True
    for name in settings:
        del os.environ[name]
    return app


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
    settings = json.loads(sys.argv[1])
    apps = {name: make_app(each) for name, each in settings.items()}
    # In a folder, two processes that change the labels of one user lose one of the two.
    alone = {n: apps.pop(n) for n in settings if n == "cachelib"}
    sys.addaudithook(note)
    # The first one asks the tenant about itself.
    for app in (*apps.values(), *alone.values()):
        use(app)
    use_all("before", apps | alone)
    child = fork()
    if child == 0:
        try:
            use_all("child", apps | alone)
        finally:
            os._exit(0)
    use_all("parent", apps)
    tell("child", "status", wait_for(child))
    use_all("parent", alone)
    use_all("again", apps | alone)


if __name__ == "__main__":
    main()
