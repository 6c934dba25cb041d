"""An app with two people logged in, wherever its sessions live, to be attacked."""

from __future__ import annotations

import time
import typing as t

import jwt
from flask import Flask, jsonify, session
from werkzeug.test import TestResponse

from flask_auth0 import Auth0, current_user, login_required
from flask_auth0.app_state import state_of
from flask_auth0.client.dispatch import store_options
from flask_auth0.runtime import loop
from flask_auth0.runtime.request import current_request
from flask_auth0.sessions.labels import record_of
from flask_auth0.sessions.server.interface import StoredSessionInterface
from flask_auth0.sessions.storage_contract import KEY, PARTS
from tests.harness.visitor import FETCH, HOST

PEOPLE = ("ada", "grace")
#: The pairs of a ``Cookie`` header, in which a name may occur more than once.
Cookies = list[tuple[str, str]]


class Seen(t.NamedTuple):
    """The user of a request, as the app says."""

    sub: str | None
    #: The value that the app itself has put into ``flask.session`` for them.
    mark: str | None
    whole: t.Any


NOBODY = Seen(None, None, None)


class Home:
    """An app, two people who are logged in, and all that is kept for them."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        add_views(app)
        interface = app.session_interface
        self.interface: StoredSessionInterface | None = None
        if isinstance(interface, StoredSessionInterface):
            self.interface = interface
        self.kept: dict[str, bytes] = {}
        self.cookies: dict[str, dict[str, str]] = {}
        self.seen: dict[str, Seen] = {}
        #: The keys in the back end of what is kept for each of them.
        self.keys: dict[str, list[str]] = {}
        self._client = app.test_client(use_cookies=False)
        for person in PEOPLE:
            self._admit(person)

    def _admit(self, person: str) -> None:
        cookies = self.cookies[person] = self.log_in(person)
        self.keys[person] = self.keys_of(cookies)
        for key in self.keys[person]:
            assert self.interface is not None
            self.kept[key] = self.interface.back_end.fetch(key) or b""
            assert self.kept[key]
        self.seen[person] = self.look(list(cookies.items()))
        assert self.seen[person].sub == f"auth0|{person}"
        assert self.seen[person].whole["token_sets"]

    def log_in(self, person: str) -> dict[str, str]:
        """Return the cookies of a new session."""
        client = self.app.test_client()
        client.get(f"/become/{person}", base_url=HOST)
        return {each.key: each.value for each in (client._cookies or {}).values()}

    def keys_of(self, cookies: dict[str, str]) -> list[str]:
        """Return where in the back end all that belongs to a session is."""
        if self.interface is None:
            return []
        key = self.interface.key_prefix + cookies["session"]
        content = self.interface.serializer.decode(
            self.interface.back_end.fetch(key) or b""
        )
        assert content is not None
        record = record_of(content[KEY])
        return [key, *(f"flask_auth0.state:{record}.{part}" for part in PARTS)]

    def put(self, key: str, value: bytes) -> None:
        """Let something else be in the back end."""
        assert self.interface is not None
        self.interface.back_end.keep(key, value, 3600)

    def restore(self) -> None:
        """Let all be in the back end that was there at the start."""
        for key in (key for keys in self.keys.values() for key in keys):
            self.put(key, self.kept[key])

    def visit(
        self, path: str, cookies: Cookies, method: str = "GET", **options: t.Any
    ) -> TestResponse:
        """Send a request with exactly these cookies."""
        header = "; ".join(f"{name}={value}" for name, value in cookies)
        options.setdefault("headers", FETCH)
        # Browsers send text that is not ASCII as bytes of UTF-8.
        environ = {"HTTP_COOKIE": header.encode().decode("latin-1")}
        return self._client.open(
            path, base_url=HOST, method=method, environ_overrides=environ, **options
        )

    def look(self, cookies: Cookies) -> Seen:
        """Ask the app who somebody with these cookies is, and what it has for them."""
        response = self.visit("/seen", cookies)
        assert response.status_code == 200, response.text
        return Seen(*response.get_json())


def add_views(app: Flask) -> None:
    """Add views that show everything, and one that logs in without a tenant."""
    auth0 = Auth0()

    @app.get("/seen")
    def seen() -> t.Any:
        user = auth0.get_user()
        return jsonify([user and user["sub"], session.get("mark"), auth0.get_session()])

    @app.get("/token")
    def token() -> str:
        return auth0.get_access_token()

    @app.get("/keep")
    def keep() -> str:
        session["something"] = "else"
        return "kept"

    @app.get("/protected")
    @login_required
    def protected() -> str:
        return repr(current_user)

    @app.get("/recent")
    @login_required(max_age=60)
    def recent() -> str:
        return "recent"

    @app.get("/member")
    @login_required(organization="org_1")
    def member() -> str:
        return "member"

    @app.get("/become/<person>")
    def become(person: str) -> str:
        setting = state_of(app).state_store.set(
            KEY, state(person), options=store_options(current_request())
        )
        loop.run(setting, 10)
        session["mark"] = person
        return "welcome"


def state(person: str) -> dict[str, t.Any]:
    """A state as the SDK makes it at a login."""
    now = int(time.time())
    tokens = {
        "audience": "default",
        "access_token": f"access-token-of-{person}",
        "scope": "openid",
        "expires_at": now + 86400,
    }
    return {
        "user": {"sub": f"auth0|{person}", "name": person, "auth_time": now},
        "id_token": jwt.encode({"sub": f"auth0|{person}"}, "k" * 32, "HS256"),
        "refresh_token": None,
        "token_sets": [tokens],
        "connection_token_sets": [],
        "domain": "127.0.0.1",
        "internal": {"sid": f"sid-of-{person}", "created_at": now},
    }
