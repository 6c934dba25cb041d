"""The world of the model: two apps, two browsers, a tenant and a back end."""

from __future__ import annotations

import datetime
import ssl
import time
import typing as t
from collections.abc import Mapping
from http.cookies import SimpleCookie

import httpx
import redis
from flask import Flask, jsonify, request, session
from flask.typing import ResponseReturnValue
from werkzeug.test import TestResponse

from flask_auth0 import Auth0, current_user, login_required
from flask_auth0.tenant import TenantServer
from tests.harness.logout_tokens import make_token
from tests.harness.proxy import Proxy
from tests.harness.visitor import FETCH, HOST, NAVIGATION

#: Seconds that a session lasts without a visit, and in all.
INACTIVITY, ABSOLUTE = 3600, 10800
#: The part of the one within which a visit need not be written down.
UNNOTED = INACTIVITY / 60 + 2


class Clock:
    """The time of everybody in this process, which can be put forward."""

    def __init__(self) -> None:
        self._now = time.time
        self.offset = 0.0

    def time(self) -> float:
        return self._now() + self.offset

    def make_datetime(self) -> type[datetime.datetime]:
        """Return the class that PyJWT asks for the time, with this one."""
        clock = self

        class Datetime(datetime.datetime):
            @classmethod
            def now(cls, tz: datetime.tzinfo | None = None) -> t.Any:
                return datetime.datetime.fromtimestamp(clock.time(), tz)

        return Datetime


class Home(t.NamedTuple):
    """The place of sessions."""

    name: str
    #: The address of a Redis, by a way that can be cut, if there is one.
    settings: t.Callable[[str], Mapping[str, t.Any]]

    @property
    def is_on_a_server(self) -> bool:
        return self.name == "redis"

    @property
    def has_store(self) -> bool:
        return self.name != "cookies"


HOMES = [
    Home("cookies", lambda url: {}),
    Home("revocable-cookies", lambda url: {"AUTH0_REVOCATION_STORE": url}),
    Home("redis", lambda url: {"SESSION_TYPE": "redis", "SESSION_REDIS": url}),
]


class Browser:
    """Somebody's cookies, at the apps and at the tenant."""

    def __init__(self, tenant: TenantServer) -> None:
        self.cookies: dict[str, str] = {}
        context = ssl.create_default_context(cafile=tenant.ca_file)
        self.http = httpx.Client(verify=context, trust_env=False)

    def take(self, response: TestResponse) -> None:
        """Take the cookies of a response."""
        for header in response.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(header).items():
                self.cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value


class World:
    """Two apps that share nothing but the back end, as two processes do."""

    def __init__(
        self, home: Home, tenant: TenantServer, way: Proxy, store: redis.Redis
    ) -> None:
        self.home, self.tenant, self._way, self.store = home, tenant, way, store
        self.secrets = ["0123456789abcdef" * 4]
        self.is_store_up = True
        store.flushdb()
        self.browsers = [Browser(tenant) for _ in range(2)]
        self.apps: list[Flask] = []
        self.start_apps()

    def close(self) -> None:
        self.restore_store()
        for browser in self.browsers:
            browser.http.close()

    def start_apps(self) -> None:
        """Start the apps anew, as a deployment does."""
        self.apps = [self._make_app() for _ in range(2)]

    def cut_store(self) -> None:
        if self.is_store_up:
            self._way.cut()
        self.is_store_up = False

    def restore_store(self) -> None:
        if not self.is_store_up:
            self._way.restore()
        self.is_store_up = True

    def visit(
        self,
        number: int,
        path: str,
        cookies: Mapping[str, str],
        headers: Mapping[str, str] = FETCH,
    ) -> TestResponse:
        """Send a request with exactly these cookies to one of the apps."""
        client = self.apps[number].test_client(use_cookies=False)
        header = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return client.get(path, base_url=HOST, headers={**headers, "Cookie": header})

    def get(self, browser: Browser, number: int, path: str) -> TestResponse:
        """Let a script in a browser ask."""
        response = self.visit(number, path, browser.cookies)
        browser.take(response)
        return response

    def navigate(self, browser: Browser, number: int, path: str) -> TestResponse:
        """Let a person in a browser go to a page."""
        response = self.visit(number, path, browser.cookies, NAVIGATION)
        browser.take(response)
        return response

    def log_in(self, browser: Browser, person: str, there: int, back: int) -> int:
        """Log in, beginning at one app and coming back to one; return the status."""
        response = self.navigate(browser, there, "/login?next=/seen")
        if response.status_code not in {302, 303}:
            return response.status_code
        self.tenant.tenant.next_login = f"{person}@example.com"
        answer = browser.http.get(response.location)
        assert answer.status_code in {302, 303}, answer.text
        way_back = answer.headers["Location"]
        return self.navigate(browser, back, way_back).status_code

    def end_at_the_tenant(self, number: int, **claims: str) -> int:
        """Deliver a logout token; return the status."""
        token = make_token(self.tenant.tenant, **claims)
        client = self.apps[number].test_client(use_cookies=False)
        data = {"logout_token": token}
        return client.post("/backchannel-logout", base_url=HOST, data=data).status_code

    def revoke_all(self, number: int, sub: str) -> None:
        """End somebody's sessions, as an operator does."""
        with self.apps[number].app_context():
            Auth0().sessions.revoke_all(sub)

    def _make_app(self) -> Flask:
        app = Flask(__name__)
        # A warning for each outage would hide the report of a failure.
        app.logger.disabled = True
        url = f"redis://127.0.0.1:{self._way.port}/9"
        app.config.update(
            TESTING=True,
            AUTH0_SESSION_ABSOLUTE_DURATION=ABSOLUTE,
            AUTH0_SESSION_INACTIVITY_DURATION=INACTIVITY,
            AUTH0_SCOPE="openid profile email offline_access",
            AUTH0_LOGOUT_STRATEGY="v2",
            # A busy machine is no outage. A closed port answers at once all the same.
            AUTH0_SESSION_STORE_TIMEOUT=30,
            AUTH0_TIMEOUT=30,
            **self.home.settings(url),
        )
        client = self.tenant.tenant.client
        Auth0(
            app,
            domain=self.tenant.domain,
            client_id=client.client_id,
            client_secret=client.client_secret,
            secret=list(self.secrets),
        )
        _add_views(app)
        return app


def _add_views(app: Flask) -> None:
    auth0 = Auth0()

    @app.get("/seen")
    @login_required
    def seen() -> ResponseReturnValue:
        session["of"] = current_user.sub
        return jsonify(_shown())

    @app.get("/public")
    def public() -> ResponseReturnValue:
        return jsonify(_shown())

    @app.get("/refresh")
    @login_required
    def refresh() -> ResponseReturnValue:
        auth0.get_access_token(force_refresh=True)
        return jsonify(_shown())

    @app.get("/update")
    @login_required
    def update() -> ResponseReturnValue:
        auth0.update_session(role=request.args["role"])
        return jsonify(_shown())


def _shown() -> dict[str, t.Any]:
    return {
        "sub": current_user.sub if current_user else None,
        "sid": current_user.get("sid"),
        "role": current_user.get("role"),
        "of": session.get("of"),
    }
