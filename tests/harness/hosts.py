"""An app with pages on several hosts, and where a login of theirs leads."""

from __future__ import annotations

import ssl
import typing as t

import httpx
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_auth0 import Auth0, current_user, login_required
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import NAVIGATION, query_of


def next_of(answer: TestResponse) -> str | None:
    """The page to which a login leads that a guard has asked for."""
    url = answer.location or answer.headers.get("HX-Redirect")
    return query_of(url or (answer.json or {})["login_url"]).get("next")


def several_hosts(
    options: dict[str, t.Any],
    config: dict[str, t.Any],
    *,
    kind: str,
    **more: t.Any,
) -> Flask:
    """Make an app with a page on each of two hosts."""
    if kind == "subdomain":
        app = Flask(__name__, subdomain_matching=True)
        app.config["SERVER_NAME"] = "app.example"
        places: list[dict[str, t.Any]] = [{}, {"subdomain": "admin"}]
    else:
        app = Flask(__name__, host_matching=True, static_host="app.example")
        places = [{"host": "app.example"}, {"host": "admin.app.example"}]
    app.config.update(TESTING=True, **config)
    auth0 = Auth0(app, **{**options, **more})

    @login_required
    def page() -> str:
        return f"{request.host} {current_user['email']}"

    for name, place in zip(["/", "/dash"], places, strict=True):
        app.add_url_rule(name, name, page, methods=["GET", "POST"], **place)
    app.add_url_rule(
        "/enter", "enter", lambda: auth0.login(request.args.get("next")), **places[1]
    )
    app.add_url_rule("/dash/logout", "theirs", lambda: "", **places[1])
    return app


def follow(client: FlaskClient, url: str, tenant: TenantServer) -> TestResponse:
    """Go where a browser is sent, through the login at the tenant."""
    tenant.tenant.next_login = "ada@example.com"
    trusted = ssl.create_default_context(cafile=tenant.ca_file)
    for _ in range(8):
        if tenant.domain in url:
            url = httpx.get(url, verify=trusted).headers["Location"]
        scheme, _, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        answer = client.get(
            slash + path, base_url=f"{scheme}://{host}", headers=NAVIGATION
        )
        if answer.status_code not in {302, 303}:
            return answer
        url = answer.location
        if url.startswith("/"):
            url = f"{scheme}://{host}{url}"
    raise AssertionError(f"It goes round: {url}")


SHARED = {"AUTH0_COOKIE_DOMAIN": "app.example"}


ADMIN = "http://admin.app.example/dash"
