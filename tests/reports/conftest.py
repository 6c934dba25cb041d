"""An app that reports to Sentry's SDK, and the tenant and the Redis that fail it."""

from __future__ import annotations

import socket
import typing as t
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, Response, request

from flask_auth0.tenant import Tenant, TenantServer, server
from tests.harness.app_server import Address, running_app
from tests.harness.browser import Browser
from tests.harness.proxy import Proxy, proxied

FACTORY = "tests.reports.app:create_app()"


class Secrets:
    """The secrets of a report: all that passes between the app and its tenant."""

    NAMES = (
        *("code", "code_verifier", "client_secret"),
        *("access_token", "id_token", "refresh_token"),
    )

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def note(self, response: Response) -> Response:
        """Note what is in an answer of the tenant, and in the request."""
        answer: t.Any = response.get_json(silent=True)
        location = parse_qs(urlsplit(response.headers.get("Location", "")).query)
        values = {name: found[0] for name, found in location.items()}
        values |= request.form | (answer if isinstance(answer, dict) else {})
        for name in self.NAMES:
            # The parts of failures are short.
            if len(value := str(values.get(name) or "")) > 16:
                self.known[value] = name
        return response

    def in_(self, text: str) -> set[str]:
        """The names of those that a text has."""
        # The tenant still answers what nobody waits for any more.
        return {name for value, name in list(self.known.items()) if value in text}


class Scene:
    """An app that reports, its tenant, and the ways to both."""

    def __init__(
        self, url: str, ca_file: str, tenant: Tenant, way: Proxy, store: Proxy
    ) -> None:
        self.tenant, self.way, self.store = tenant, way, store
        self.browser = Browser(url, ca_file)
        self.browser.http.follow_redirects = False

    def callback(self) -> str:
        """The way back from a login at the tenant, which has not been gone yet."""
        self.tenant.next_login = "ada@example.com"
        leaving = self.browser.get("/login?prompt=login")
        assert leaving.status_code == 302, leaving.text
        return str(self.browser.get(leaving.headers["Location"]).headers["Location"])

    def log_in(self) -> None:
        """Log in, and forget what was reported until then."""
        assert self.browser.get(self.callback()).status_code == 302
        self.reports()

    def heal(self) -> None:
        """Let everything work again."""
        while self.tenant.take_failure():
            pass
        self.tenant.extra_claims.clear()
        self.tenant.publish_end_session_endpoint = True
        self.browser.get("/break/nothing")
        self.browser.get("/forget-the-tenant")

    def reports(self) -> list[str]:
        """The reports that would have gone to Sentry since the last call."""
        return list(self.browser.get("/reports").json())


@pytest.fixture(scope="module")
def secrets() -> Iterator[Secrets]:
    """The secrets that the tenant has, from its start on."""
    secrets, make = Secrets(), server.create_app  # type: ignore[attr-defined]

    def create(tenant: Tenant, **options: t.Any) -> Flask:
        app: Flask = make(tenant, **options)
        app.after_request(secrets.note)
        return app

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "create_app", create)
        yield secrets


@pytest.fixture(scope="module")
def tenant_server(secrets: Secrets) -> Iterator[TenantServer]:
    with TenantServer() as server:
        yield server


@pytest.fixture(scope="module", params=[("default", "redis"), ("everything", "cookie")])
def running(
    request: pytest.FixtureRequest,
    secrets: Secrets,
    tenant_server: TenantServer,
    redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    """Each form of reports, and each place of sessions, once."""
    form, mode = request.param
    tenant = tenant_server.tenant
    folder = tmp_path_factory.mktemp(form)
    to_tenant, to_redis = connection_to(tenant_server.url), connection_to(redis_url)
    with proxied(to_tenant) as way, proxied(to_redis) as store, Address() as address:
        tenant.url = tenant.front_channel_url = f"https://127.0.0.1:{way.port}"
        address.allow_at(tenant.client)
        env = {
            **tenant_server.environment(),
            "AUTH0_DOMAIN": f"127.0.0.1:{way.port}",
            "AUTH0_LOGOUT_STRATEGY": "oidc",
            "AUTH0_REVOKE_REFRESH_TOKEN_ON_LOGOUT": "true",
            "AUTH0_SCOPE": "openid profile email offline_access",
            "AUTH0_TIMEOUT": "2",
            "REPORTS_FORM": form,
        }
        if mode == "redis":
            env["SESSION_TYPE"] = "redis"
            env["SESSION_REDIS"] = f"redis://127.0.0.1:{store.port}/9"
        for name in ("AUTH0_SECRET", "AUTH0_CLIENT_SECRET"):
            secrets.known[env[name]] = name
        with running_app("gthread", address, env, folder, FACTORY) as app:
            scene = Scene(app.url, app.ca_file, tenant, way, store)
            yield scene
            scene.browser.http.close()


@pytest.fixture
def scene(running: Scene) -> Iterator[Scene]:
    """The app and its surroundings, for somebody new."""
    running.browser.http.cookies.clear()
    yield running
    running.heal()


Check = Callable[[str], None]


@pytest.fixture
def check(scene: Scene, secrets: Secrets) -> Check:
    """Look whether something was reported, and whether that has no secrets."""
    scene.reports()

    def check(what: str) -> None:
        reports = scene.reports()
        assert reports, f"{what} was not reported"
        assert not secrets.in_("\n".join(reports)), what

    return check


def connection_to(url: str) -> Callable[[socket.socket], socket.socket]:
    """Make connections to a server of this machine."""
    port = urlsplit(url).port or 0
    return lambda client: socket.create_connection(("127.0.0.1", port))
