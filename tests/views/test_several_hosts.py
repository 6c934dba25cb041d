"""An app with pages on several hosts: where its logins lead."""

from __future__ import annotations

import logging
import typing as t

import pytest
from flask import Flask, url_for

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from flask_auth0.views.redirects import next_or_default, page_of
from tests.harness.hosts import ADMIN, SHARED, follow, next_of, several_hosts
from tests.harness.visitor import FETCH, NAVIGATION, MakeApp, query_of


def test_a_websocket_that_begins(make_app: MakeApp) -> None:
    app = make_app()
    with app.test_request_context(
        environ_overrides={"wsgi.url_scheme": "ws"},
        headers={"Connection": "Upgrade", "Upgrade": "websocket"},
    ):
        assert page_of("http://localhost/page") == "/page"
        assert page_of("https://localhost/page") is None


@pytest.mark.parametrize("kind", ["subdomain", "host"])
@pytest.mark.parametrize("url", [f"{ADMIN}?tab=2", "http://app.example/"])
@pytest.mark.parametrize("login_path", ["/login", ""])
@pytest.mark.parametrize("redirect_uri", [None, "http://app.example/callback"])
def test_the_way_back_leads_to_the_same_host(
    options: dict[str, t.Any],
    tenant: TenantServer,
    kind: str,
    url: str,
    login_path: str,
    redirect_uri: str | None,
) -> None:
    app = several_hosts(
        options, SHARED, kind=kind, login_path=login_path, redirect_uri=redirect_uri
    )
    for host in ("app.example", "admin.app.example"):
        tenant.tenant.client.callbacks.append(f"http://{host}/callback")
    answer = follow(app.test_client(), url, tenant)
    assert answer.text == f"{answer.request.host} ada@example.com"
    assert answer.request.url == url


@pytest.mark.parametrize("kind", ["subdomain", "host"])
def test_a_login_of_a_view_leads_back_to_its_host(
    options: dict[str, t.Any], tenant: TenantServer, kind: str
) -> None:
    app = several_hosts(
        options, SHARED, kind=kind, redirect_uri="http://app.example/callback"
    )
    tenant.tenant.client.callbacks.append("http://app.example/callback")
    start = "http://admin.app.example/enter?next=/dash"
    assert follow(app.test_client(), start, tenant).request.url == ADMIN


@pytest.mark.parametrize(
    ("target", "is_taken"),
    [
        (ADMIN, True),
        (f"{ADMIN}?tab=2", True),
        ("http://ADMIN.app.example:80/dash", True),
        ("http://admin.app.example/elsewhere", False),
        ("http://admin.app.example/dash/../logout", False),
        ("http://admin.app.example/login", False),
        ("http://admin.app.example//evil.example", False),
        ("http://admin.app.example/\\evil.example", False),
        ("http://admin.app.example:8080/dash", False),
        ("https://admin.app.example/dash", False),
        ("http://other.app.example/dash", False),
        ("http://admin.app.example@evil.example/dash", False),
        ("http://admin.app.example.evil.example/dash", False),
        ("http://evil.example/dash", False),
        ("http://admin.evil.example/dash", False),
        ("//admin.app.example/dash", False),
        ("ftp://admin.app.example/dash", False),
    ],
)
@pytest.mark.parametrize("kind", ["subdomain", "host"])
@pytest.mark.parametrize("domain", ["app.example", ".app.example", "example"])
def test_which_pages_of_other_hosts_are_taken(
    options: dict[str, t.Any], kind: str, domain: str, target: str, is_taken: bool
) -> None:
    app = several_hosts(options, {"AUTH0_COOKIE_DOMAIN": domain}, kind=kind)
    with app.test_request_context(base_url="http://app.example"):
        found = next_or_default(target, app.extensions["auth0"].config)
    assert found == (target.replace("ADMIN", "admin").replace(":80/", "/")
                     if is_taken else "/")  # fmt: skip


@pytest.mark.parametrize(
    ("host", "is_taken"),
    [
        ("ada.app.example", True),
        ("a.b.app.example", True),
        ("a..app.example", False),
        (".app.example", False),
        ("evil.example;.app.example", False),
        ("evil.example%2f.app.example", False),
        ("evil.example'.app.example", False),
        ("ada.app.example:", False),
        ("ada.app.example:80x", False),
        ("ada.app.example:99999", False),
    ],
)
@pytest.mark.parametrize("kind", ["subdomain", "host"])
def test_hosts_for_everybody(
    options: dict[str, t.Any], kind: str, host: str, is_taken: bool
) -> None:
    app = several_hosts(options, SHARED, kind=kind)
    place = {"subdomain": "<person>"} if kind == "subdomain" else {"host": "<any>"}
    app.add_url_rule("/home", "home", lambda: "", **place)  # type: ignore[arg-type]
    url = f"http://{host}/home"
    with app.test_request_context(base_url="http://app.example"):
        found = next_or_default(url, app.extensions["auth0"].config)
    assert found == (url if is_taken else "/")


@pytest.mark.parametrize("config", [{}, {"TRUSTED_HOSTS": ["app.example"], **SHARED}])
def test_no_page_of_a_host_without_session_or_trust(
    options: dict[str, t.Any], config: dict[str, t.Any]
) -> None:
    app = several_hosts(options, config, kind="subdomain")
    with app.test_request_context(base_url="http://app.example"):
        assert next_or_default(ADMIN, app.extensions["auth0"].config) == "/"


def test_subdomains_behind_a_proxy_that_tells_nothing(
    options: dict[str, t.Any],
) -> None:
    callback = "https://app.example/callback"
    app = several_hosts(options, SHARED, kind="subdomain", redirect_uri=callback)
    client, page = app.test_client(), "https://admin.app.example/dash"
    guarded = client.get(
        "/dash", base_url="http://admin.app.example", headers=NAVIGATION
    )
    assert guarded.location.startswith("https://app.example/login?")
    assert next_of(guarded) == page
    with app.test_request_context(base_url="http://app.example"):
        assert next_or_default(page, app.extensions["auth0"].config) == page


@pytest.mark.parametrize(
    ("scheme", "port"), [("http", ":80"), ("https", ":443"), ("http", ":5000")]
)
def test_a_server_name_with_a_port(
    options: dict[str, t.Any], scheme: str, port: str
) -> None:
    app = several_hosts(options, SHARED, kind="subdomain")
    app.config["SERVER_NAME"] = f"app.example{port}"
    shown = "" if port != ":5000" else port
    page = f"{scheme}://admin.app.example{shown}/dash"
    with app.test_request_context(base_url=f"{scheme}://app.example{shown}"):
        assert next_or_default(page, app.extensions["auth0"].config) == page
        assert next_or_default(f"{page}/x", app.extensions["auth0"].config) == "/"


def test_without_server_name_there_are_no_subdomains(
    options: dict[str, t.Any],
) -> None:
    app = Flask(__name__, subdomain_matching=True)
    Auth0(app, **options, cookie_domain="example")
    app.add_url_rule("/dash", view_func=lambda: "")
    with app.test_request_context(base_url="http://app.example"):
        found = next_or_default(
            "http://evil.example/dash", app.extensions["auth0"].config
        )
    assert found == "/"


@pytest.mark.parametrize("login_path", ["/login", ""])
def test_hosts_that_share_no_cookie(
    options: dict[str, t.Any],
    tenant: TenantServer,
    caplog: pytest.LogCaptureFixture,
    login_path: str,
) -> None:
    """The login ends on the start page, and the log says what is missing."""
    app = several_hosts(options, {}, kind="subdomain", login_path=login_path)
    with caplog.at_level(logging.WARNING):
        answer = app.test_client().get(
            "/dash", base_url="http://admin.app.example", headers=NAVIGATION
        )
    assert answer.status_code == 302
    assert "AUTH0_COOKIE_DOMAIN" in caplog.text
    if login_path:
        assert answer.location == "http://app.example/login?next=/"


def test_a_script_and_a_form_on_another_host(options: dict[str, t.Any]) -> None:
    app = several_hosts(options, SHARED, kind="subdomain")
    client, base = app.test_client(), "http://admin.app.example"
    headers = {**FETCH, "Referer": ADMIN}
    answer = client.get("/dash", base_url=base, headers=headers)
    assert answer.json is not None
    assert answer.json["login_url"].startswith("http://app.example/login?next=")
    assert next_of(answer) == ADMIN
    posted = client.post(
        "/dash", base_url=base, headers={**NAVIGATION, "Referer": f"{ADMIN}?x"}
    )
    assert next_of(posted) == f"{ADMIN}?x"


@pytest.mark.parametrize("redirect_uri", [None, "http://admin.app.example/callback"])
def test_host_matching(options: dict[str, t.Any], redirect_uri: str | None) -> None:
    app = several_hosts(options, {}, kind="host", redirect_uri=redirect_uri)

    @app.get("/links", host="app.example")
    def links() -> list[str]:
        return [url_for("auth0.login"), url_for("auth0.logout", next="/x")]

    client = app.test_client()
    guarded = client.get("/", base_url="http://app.example", headers=NAVIGATION)
    home = "http://admin.app.example" if redirect_uri else ""
    assert guarded.location.startswith(f"{home}/login?next=")
    asked = client.get("/login", base_url="http://app.example:5000")
    assert query_of(asked.location)["redirect_uri"] == (
        redirect_uri or "http://app.example:5000/callback"
    )
    assert client.get("/links", base_url="http://app.example").json == [
        f"{home}/login",
        f"{home}/logout?next=/x",
    ]
    for path in ("/logout", "/callback?code=a&state=b"):
        assert client.get(path, base_url="http://app.example").status_code in {302, 400}
