"""Servers that replace Python's threads: gevent works, and eventlet is refused."""

from __future__ import annotations

import sys
import types

import pytest
from flask import Flask

from flask_auth0 import Auth0, ConfigurationError
from flask_auth0.runtime import loop
from flask_auth0.runtime.processes import PerProcess
from flask_auth0.tenant import TenantServer
from tests.harness.scripts import run_script
from tests.harness.visitor import ADA, MakeApp

#: Six people log in at once, and each hook lets all others go on meanwhile.
LOGINS = """
    from gevent import monkey
    monkey.patch_all()
    import asyncio, os, types
    import gevent
    from flask import Flask, session
    from flask_auth0 import Auth0, current_user, login_required
    from tests.harness.visitor import Visitor

    app, auth0 = Flask("app"), Auth0()
    app.config.update(TESTING=True)
    auth0.init_app(app)
    started = []

    async def meet():
        started.append(1)
        while len(started) % 6:
            await asyncio.sleep(0.01)

    @auth0.before_session_saved
    async def change(kept):
        await asyncio.sleep(0.05)
        kept["user"]["seen"] = True

    @auth0.after_login
    async def look(kept, asked_for):
        await meet()
        session["name"] = current_user["name"]

    @auth0.unauthorized_handler
    async def refuse():
        await meet()
        return "Nobody.", 401

    @app.get("/secret")
    @login_required
    def secret():
        return f"{current_user['name']} {current_user['seen']} {session['name']}"

    tenant = types.SimpleNamespace(next_login=None)
    server = types.SimpleNamespace(ca_file=os.environ["SSL_CERT_FILE"], tenant=tenant)

    def visit():
        visitor = Visitor(app, server)
        refused = visitor.get("/secret").status_code
        callback = visitor.authorize(visitor.get("/login"))
        status = visitor.get(callback).status_code
        visitor.http.close()
        return refused, status, visitor.get("/secret").text

    visits = [gevent.spawn(visit) for _ in range(6)]
    gevent.joinall(visits, raise_error=True)
    found = {visit.value for visit in visits}
    assert found == {(401, 302, "Ada Lovelace True Ada Lovelace")}, found
"""


def test_async_hooks_of_logins_at_once_under_gevent(tenant: TenantServer) -> None:
    pytest.importorskip("gevent", reason="gevent is not installed: pip install gevent")
    tenant.tenant.next_login = ADA
    env = {
        "AUTH0_DOMAIN": tenant.domain,
        "AUTH0_CLIENT_ID": "the-client",
        "AUTH0_CLIENT_SECRET": "the-client-secret",
        "AUTH0_SECRET": "4b1f6a0c9d83e7252f6cbb0d17a94e30c5e8d9f24a60b371",
    }
    run_script(LOGINS, **env)


@pytest.fixture
def eventlet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What eventlet leaves behind in a process; it may not be where gevent is."""
    patcher = types.ModuleType("eventlet.patcher")
    monkeypatch.setattr(
        patcher, "is_monkey_patched", lambda name: name == "thread", raising=False
    )
    monkeypatch.setitem(sys.modules, "eventlet.patcher", patcher)


@pytest.mark.usefixtures("eventlet")
def test_eventlet_is_refused_by_name(make_app: MakeApp) -> None:
    with pytest.raises(ConfigurationError, match=r"eventlet.*gevent"):
        Auth0(Flask("app"))


def test_eventlet_is_noticed_later(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_loops", PerProcess(loop._start))
    request.getfixturevalue("eventlet")
    with pytest.raises(ConfigurationError, match="eventlet"):
        loop.get_loop()
