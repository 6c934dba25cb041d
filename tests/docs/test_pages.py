"""The Python on each page runs, and does what the page says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.runtime import loop
from flask_auth0.tenant import Tenant, TenantServer
from tests.harness.missing import missing

from .conftest import (
    FETCH,
    HOST,
    MakeVisitor,
    ReadPage,
    check_messages,
    client_of,
    query_of,
)
from .pages import NEEDS, PAGES, Page, snippets

ADA, GRACE = "ada@example.com", "grace@example.com"


@pytest.mark.parametrize(
    "name", [p.name for p in PAGES if snippets(p, "python")], ids=str
)
def test_every_snippet_runs(read_page: ReadPage, name: str) -> None:
    if name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
        missing(NEEDS[name], f"{NEEDS[name]} is not installed: tox run -e beside")
    page = read_page(name)
    assert page.run().module


def test_no_snippet_is_overlooked() -> None:
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        blocks = re.findall(r"^\s*(?:\.\. code-block::|```) ?(\w+)$", text, re.M)
        for language in set(blocks):
            assert len(snippets(path, language)) == blocks.count(language)


# Configuration


def test_configuration(read_page: ReadPage) -> None:
    page = read_page("configuration.rst").run()
    (shown,) = snippets(page.path, "text")
    assert page["problems"] == shown.text.strip()


def test_what_is_set_in_flasks_configuration(tenant: TenantServer) -> None:
    app = Flask(__name__)
    Auth0(app, cookie_same_site="Strict", cookie_path="/", cookie_domain="example.com")
    assert app.config["SESSION_REFRESH_EACH_REQUEST"] is False
    assert app.permanent_session_lifetime.days == 31
    assert app.config["SESSION_COOKIE_SAMESITE"] == "Strict"
    assert app.config["SESSION_COOKIE_PATH"] == "/"
    assert app.config["SESSION_COOKIE_DOMAIN"] == "example.com"
    assert app.secret_key
    app = Flask(__name__)
    app.config.update(PERMANENT_SESSION_LIFETIME=60, SESSION_COOKIE_SAMESITE="Lax")
    Auth0(app, session_absolute_duration=86400 * 60, cookie_same_site="Strict")
    assert app.permanent_session_lifetime.seconds == 60
    assert app.config["SESSION_COOKIE_SAMESITE"] == "Lax"
    app = Flask(__name__)
    Auth0(app, session_absolute_duration=86400 * 60)
    assert app.permanent_session_lifetime.days == 60


# Tokens


@pytest.fixture
def tokens(read_page: ReadPage) -> Page:
    return read_page("tokens.rst").run()


def test_messages(tokens: Page, make_visitor: MakeVisitor) -> None:
    check_messages(make_visitor(tokens["app"]))


def test_whoami(tokens: Page) -> None:
    client = client_of(tokens["app"], name="Ada")
    for path in ["/whoami", "/whoami-async"]:
        assert client.get(path).get_json()["user"]["name"] == "Ada"


def test_when_it_cannot(
    tokens: Page,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = tokens["app"]
    expired = client_of(app, expires_in=-1)
    assert expired.get("/optional").get_json()["log_in_at"].startswith("/login?")
    for path in ["/messages", "/messages-async"]:
        assert expired.get(path, headers=FETCH).status_code == 401
    assert client_of(app).get("/optional").get_json() == {"log_in_at": None}
    monkeypatch.setenv("AUTH0_SCOPE", "openid offline_access")
    tenant.tenant.lifetimes.access_token = 0
    page = Page("tokens.rst", Path()).run()
    visitor = make_visitor(page["app"])
    visitor.log_in()
    tenant.tenant.fail_next_token_request(status=500)
    assert visitor.fetch("/unread").get_json() == {"unread": None}
    tenant.tenant.fail_next_token_request(status=500)
    assert visitor.fetch("/messages").status_code == 503
    tenant.tenant.fail_next_token_request(status=200, body=b"rubbish")
    assert visitor.fetch("/messages").status_code == 502
    tenant.tenant.lifetimes.access_token = 60
    assert visitor.fetch("/messages").get_json()["sub"] == "auth0|ada"


def test_another_api(
    make_visitor: MakeVisitor, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_SCOPE", "openid offline_access")
    visitor = make_visitor(Page("tokens.rst", Path()).run()["app"])
    visitor.log_in()
    tenant.tenant.token_requests.clear()
    for _ in range(2):
        assert visitor.fetch("/report").status_code == 200
    assert len(tenant.tenant.token_requests) == 1
    body = b'{"error": "mfa_required", "mfa_token": "raw-mfa-token"}'
    tenant.tenant.fail_next_token_request(status=403, body=body)
    answer = visitor.fetch("/payments")
    assert answer.status_code == 401
    assert "acr_values=" in answer.get_json()["log_in_at"]
    assert visitor.fetch("/payments").status_code == 200


def test_new_claims(
    make_visitor: MakeVisitor, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_SCOPE", "openid offline_access")
    visitor = make_visitor(Page("tokens.rst", Path()).run()["app"])
    visitor.log_in()
    for role, path in [("reader", "/upgraded"), ("admin", "/upgraded-async")]:
        tenant.tenant.extra_claims["https://example.com/roles"] = [role]
        answer = visitor.client.post(path, base_url=HOST)
        assert answer.get_json() == {"roles": [role]}


# Stores


def test_stores(
    read_page: ReadPage,
    make_visitor: MakeVisitor,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", f"{redis_url}/6")
    page = read_page("stores.rst").run()
    app = page.apps[0]
    visitor = make_visitor(app)
    assert visitor.log_in("/login?next=/profile").location == "/profile"
    for path in ["/profile", "/profile-async"]:
        assert visitor.get(path).get_json() == {"name": "Ada Lovelace"}
    assert visitor.cookies() == ["my_session"]
    visitor.log_in(person=GRACE)
    assert visitor.get("/profile").get_json() == {"name": "Grace Hopper"}
    visitor.get("/logout")
    assert visitor.get("/profile").status_code == 302
    ours = client_of(app, name="Eve")
    assert ours.get("/profile").get_json() == {"name": "Eve"}
    (client,) = page["store"].clients.values()
    loop.run(client.connection_pool.disconnect(), 5)


def test_a_tenant_of_ones_own(
    read_page: ReadPage, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = read_page("tenant.rst").run_next()
    server: TenantServer = page["server"]
    try:
        server.tenant.client.callbacks.append(f"{HOST}/callback")
        visitor = make_visitor(page["app"], server)
        visitor.log_in()
        assert visitor.get("/").get_json() == {"user": "Ada Lovelace"}
        assert server.front_channel_url.startswith("http://127.0.0.1:")
        page.run_next()
        assert server.tenant.sessions() == []
        visitor.get("/logout")
        server.tenant.lifetimes.access_token = 86400
        callback = visitor.authorize(visitor.get("/login"), ADA)
        assert visitor.get(callback).status_code == 503
        assert visitor.log_in().status_code == 302
        _try_its_other_logins(page)
    finally:
        page.run()
    with pytest.raises(RuntimeError):
        _ = server.ca_file


def _try_its_other_logins(page: Page) -> None:
    page.run_until("link")
    tenant: Tenant = page["tenant"]
    assert len(tenant.mfa.authenticators("auth0|ada")) == 2
    assert tenant.mfa.accept_otp("auth0|ada", "000000")
    assert tenant.dpop_nonce == "a nonce"
    (message,) = tenant.inbox.messages("grace@example.com")
    assert message.link == page["link"]
    assert query_of(page["link"])["organization_name"] == "acme"
    page.run_until("identify")
    assert tenant.accounts.connection("calendar")
    identify = tenant.exchange.identifier("urn:example:legacy")
    assert identify
    assert [identify(token) for token in ("a legacy token", "x")] == ["auth0|ada", None]
