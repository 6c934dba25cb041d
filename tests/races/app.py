"""An app whose requests wait in the middle of what they do, until others are there."""

from __future__ import annotations

import asyncio
import time
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

import redis
from flask import Flask, Response, request, session
from flask.typing import ResponseReturnValue
from flask_session import Session

from flask_auth0 import Auth0, Auth0Error, current_user, login_required
from flask_auth0.app_state import state_of
from flask_auth0.sessions.state_store import SessionStateStore
from flask_auth0.sessions.storage_contract import KEY

from .stage import Stage

#: The options of an app unless its settings say otherwise.
CONFIG = {
    "TESTING": True,
    # No tenant answers at this address.
    "AUTH0_DOMAIN": "tenant.example.com",
    "AUTH0_CLIENT_ID": "the-client",
    "AUTH0_CLIENT_SECRET": "the-client-secret",
    "AUTH0_SECRET": "s" * 64,
    "AUTH0_LOGOUT_STRATEGY": "v2",
    # A session of four seconds ago is due to be noted as active.
    "AUTH0_SESSION_INACTIVITY_DURATION": 240,
    # A machine that is busy makes no error.
    "AUTH0_TIMEOUT": 30,
    "AUTH0_SESSION_STORE_TIMEOUT": 30,
}
#: Where slow requests can wait: before they read anything; when they
#: have found the user, whose activity they may be about to note; after that; between
#: reading what they change and writing it; after that; and at the very end.
POINTS = ("entered", "found", "read", "amid", "changed", "leaving")
FETCH = {"Accept": "*/*", "Sec-Fetch-Mode": "cors"}

Settings = Mapping[str, t.Any]


@dataclass(frozen=True)
class Part:
    """One of the requests that are made at the same time."""

    #: The path that it asks for.
    path: str
    #: The cookies that it sends.
    cookies: Mapping[str, str]
    #: The point at which a request waits for all the others.
    point: str = "entered"
    #: Whether it waits from there until a leading request has been answered.
    is_late: bool = False
    #: Whether late ones wait for it.
    leads: bool = False


class Visit:
    """A part, and whether it has waited yet."""

    def __init__(self, part: Part, stage: Stage) -> None:
        self.part = part
        self.stage = stage
        self.has_waited = False

    def reach(self, point: str) -> None:
        """Wait, if this is where the request waits."""
        if point == self.part.point and not self.has_waited:
            self.has_waited = True
            self.stage.wait(self.part.is_late)


def reach(point: str) -> None:
    """Wait, if this is where the current request waits."""
    visit: Visit | None = request.environ.get("races.visit")
    if visit is not None:
        visit.reach(point)


def make_app(settings: Settings) -> Flask:
    """Make an app, with sessions of the extension's or of Flask-Session's own."""
    app = Flask(__name__)
    app.config.update({**CONFIG, **settings})
    if app.config.get("RACES_FLASK_SESSION"):
        client = redis.Redis.from_url(app.config["SESSION_REDIS"])
        app.config["SESSION_REDIS"] = client
        Session(app)
    Auth0(app)
    state_of(app).client.get_token_by_refresh_token = exchange  # type: ignore[method-assign]
    add_waits(app)
    add_wait_at_reading(app)
    add_views(app)
    return app


async def exchange(options: t.Any) -> dict[str, t.Any]:
    """Answer in the place of the tenant's token endpoint."""
    await asyncio.to_thread(reach, "amid")
    name = request.args["name"]
    return {
        "access_token": f"access-{name}",
        "refresh_token": f"refresh-{name}",
        "expires_in": 3600,
        "scope": options["scope"],
    }


def add_waits(app: Flask) -> None:
    """Let every request wait at its beginning, or at its end at the latest."""

    @app.before_request
    def enter() -> None:
        reach("entered")

    @app.after_request
    def leave(response: Response) -> Response:
        for point in POINTS:
            # Somebody who has been logged out meanwhile has not been everywhere.
            reach(point)
        return response


def add_wait_at_reading(app: Flask) -> None:
    """Let every request wait when it has found who is logged in."""
    store = state_of(app).state_store
    assert isinstance(store, SessionStateStore)
    states: t.Any = store.states
    open_head = states.open_head

    def open_head_and_wait(*args: t.Any) -> t.Any:
        found = open_head(*args)
        reach("found")
        return found

    states.open_head = open_head_and_wait


def add_views(app: Flask) -> None:
    """Add the pages of the app."""

    @app.get("/begin/<sub>")
    def begin(sub: str) -> ResponseReturnValue:
        """Log in, as the callback does."""
        Auth0().run(state_of(app).state_store.set(KEY, state(sub)))
        reach("amid")
        return "logged in"

    @app.get("/slow/<deed>")
    def slow(deed: str) -> ResponseReturnValue:
        """Do what is in :data:`WORK`, if somebody is logged in."""
        is_known = bool(current_user)
        reach("read")
        if is_known:
            WORK[deed](app, request.args["name"])
        reach("changed")
        return {"known": is_known}

    @app.get("/profile")
    @login_required
    def profile() -> ResponseReturnValue:
        kept = {name: value for name, value in session.items() if name[0] != "_"}
        return {"sub": current_user["sub"], "kept": kept}

    @app.get("/tokens")
    @login_required
    def tokens() -> ResponseReturnValue:
        found = Auth0().get_session() or {}
        newest = found["token_sets"][-1]["access_token"]
        return {"access": newest, "refresh": found["refresh_token"]}


def state(sub: str) -> dict[str, t.Any]:
    """A state that the SDK could have made: used a while ago, its token expired."""
    now = int(time.time())
    token = {"audience": "default", "access_token": "access-old", "expires_at": now - 1}
    return {
        "user": {"sub": sub, "name": sub.title()},
        "id_token": None,
        "refresh_token": "refresh-old",
        "token_sets": [{**token, "scope": "openid profile email"}],
        "connection_token_sets": [],
        "domain": CONFIG["AUTH0_DOMAIN"],
        "internal": {"sid": f"sid-{sub}", "created_at": now - 10},
    }


def write(app: Flask, name: str) -> None:
    """Change ``flask.session``."""
    before = session.get("written")
    reach("amid")
    if before is None:
        session["written"] = name


def alter(app: Flask, name: str) -> None:
    """Change the tokens through the SDK's store, as the SDK itself does."""
    store = state_of(app).state_store
    found = Auth0().run(store.get(KEY))
    reach("amid")
    if found is not None:
        newer = {**found["token_sets"][-1], "access_token": f"access-{name}"}
        newer["expires_at"] = int(time.time()) + 3600
        change = {"token_sets": [newer], "refresh_token": f"refresh-{name}"}
        Auth0().run(store.set(KEY, {**found, **change}))


def refresh(app: Flask, name: str) -> None:
    """Have the expired token refreshed."""
    try:
        Auth0().get_access_token()
    except Auth0Error as error:
        if error.code != 401:
            raise
        # Somebody has logged out since.


WORK: dict[str, t.Callable[[Flask, str], None]] = {
    "read": lambda app, name: None,
    "write": write,
    "alter": alter,
    "refresh": refresh,
}
