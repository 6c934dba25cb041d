"""An app with two domains: each host of it logs in at a tenant of its own."""

from __future__ import annotations

import ssl
import typing as t
from collections import Counter

import httpx
from flask import Flask, Request, abort, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_auth0 import Auth0, current_user, login_required
from flask_auth0.tenant import Client, Tenant, TenantServer
from tests.harness.logout_tokens import make_token
from tests.harness.visitor import ADA, FETCH, NAVIGATION

#: The hosts of the app, whose cookies a browser keeps apart.
FIRST, SECOND = "localhost", "127.0.0.1"


class Place:
    """One of the hosts, with its tenant, as a browser sees them."""

    def __init__(self, client: FlaskClient, host: str, tenant: TenantServer) -> None:
        self.client, self.host, self.tenant = client, host, tenant
        self.base_url = f"http://{host}"

    def get(self, path: str, **headers: str) -> TestResponse:
        """Go to a page."""
        return self.client.get(
            path, base_url=self.base_url, headers={**NAVIGATION, **headers}
        )

    def fetch(self, path: str, **headers: str) -> TestResponse:
        """Ask as a script on a page would."""
        return self.client.get(
            path, base_url=self.base_url, headers={**FETCH, **headers}
        )

    def authorize(self, path: str = "/login", person: str = ADA) -> str:
        """Begin a login, log in at the tenant, and return the way back."""
        redirected = self.get(path)
        assert redirected.status_code == 302, redirected.text
        assert redirected.location.startswith(f"https://{self.tenant.domain}/")
        self.tenant.tenant.next_login = person
        trusted = ssl.create_default_context(cafile=self.tenant.ca_file)
        answer = httpx.get(redirected.location, verify=trusted, trust_env=False)
        return answer.headers["Location"]

    def log_in(self, person: str = ADA) -> TestResponse:
        """Log in, and return the answer of the callback."""
        return self.get(self.authorize(person=person))

    def user(self) -> t.Any:
        """The user who is logged in here, or ``None``."""
        return self.fetch("/user").get_json()

    def cookies(self) -> dict[str, str]:
        """The cookies that the browser has for this host."""
        jar = (self.client._cookies or {}).values()
        return {each.key: each.value for each in jar if each.domain == self.host}

    def take_cookies(self, other: Place) -> None:
        """Have the cookies of another host, as no browser would send them here."""
        for name, value in other.cookies().items():
            self.client.set_cookie(name, value, domain=self.host)

    def end_from_outside(self, issuer: Place | None = None, **named: str) -> int:
        """Deliver a logout token, by default of this tenant; return the status."""
        token = make_token((issuer or self).tenant.tenant, **named)
        answer = self.client.application.test_client().post(
            "/backchannel-logout",
            base_url=self.base_url,
            data={"logout_token": token},
        )
        return answer.status_code


class Function:
    """The app's function, which counts its calls."""

    def __init__(self, domains: dict[str, str]) -> None:
        self.domains, self.calls = domains, Counter[str]()
        #: In the place of all answers, or raised instead.
        self.answer: t.Any = None

    def plain(self, request: Request) -> t.Any:
        """Return the domain for the host of a request."""
        self.calls[request.path] += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return self.answer
        if request.host not in self.domains:
            abort(404)
        return self.domains[request.host]

    async def waiting(self, request: Request) -> t.Any:
        """Return it as a coroutine."""
        return self.plain(request)


def make_tenant(host: str) -> TenantServer:
    """A tenant that knows the app at one host."""
    client = Client(
        client_id="the-client",
        client_secret="the-client-secret",
        callbacks=[f"http://{host}/callback"],
        logout_urls=[f"http://{host}/"],
    )
    return TenantServer(Tenant(clients=[client]))


def add_views(app: Flask, auth0: Auth0) -> None:
    """Add the pages that the tests visit."""

    @app.get("/public")
    def public() -> str:
        return "public"

    @app.get("/user")
    def user() -> t.Any:
        body = dict(current_user) or None
        return app.json.response(body)

    @app.get("/profile")
    @login_required
    async def profile() -> str:
        return f"Hello {current_user['name']}"

    @app.get("/token")
    def token() -> str:
        return auth0.get_access_token(force_refresh=True)

    @app.get("/async-token")
    async def async_token() -> str:
        return await auth0.client.get_access_token(force_refresh=True)

    @app.get("/ran-user")
    def ran_user() -> t.Any:
        async def ask() -> t.Any:
            return [dict(current_user), await auth0.client.get_user()]

        return app.json.response(auth0.run(ask()))

    @app.get("/async-session")
    async def async_session() -> t.Any:
        found = await auth0.client.get_session()
        return app.json.response(found and found["domain"])

    @app.get("/put/<value>")
    def put(value: str) -> str:
        session["value"] = value
        return "kept"

    @app.get("/session")
    def read() -> t.Any:
        return {k: v for k, v in session.items() if k[0] != "_"}

    @app.get("/sessions/<sub>")
    def sessions(sub: str) -> t.Any:
        return [each.id for each in auth0.sessions.of(sub)]

    @app.get("/revoke/<id>")
    def revoke(id: str) -> t.Any:
        return [auth0.sessions.revoke(id)]

    @app.get("/revoke-all/<sub>")
    def revoke_all(sub: str) -> t.Any:
        return [auth0.sessions.revoke_all(sub)]
