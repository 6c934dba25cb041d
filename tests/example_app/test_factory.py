"""How the app starts: with a tenant of its own, or with a configured one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

import example_app
from example_app import api_client, create_app
from flask_auth0 import ConfigurationError
from flask_auth0.tenant import TenantServer

BANNER = "Development tenant."
SWITCH = "EXAMPLE_DEVELOPMENT_TENANT"
TESTING = {"TESTING": True}
REAL_TENANT = {
    "AUTH0_DOMAIN": "example.eu.auth0.com",
    "AUTH0_CLIENT_ID": "client",
    "AUTH0_CLIENT_SECRET": "client secret",
    "AUTH0_SECRET": "a secret that is long enough for every purpose",
}


def test_without_a_domain_a_tenant_is_embedded(
    client: FlaskClient, server: TenantServer
) -> None:
    page = client.get("/").text
    admin = f"{server.front_channel_url}/admin"
    assert BANNER in page
    assert f'href="{admin}"' in page
    assert httpx.get(admin, trust_env=False).status_code == 200


def test_a_domain_in_the_config_is_used() -> None:
    app = create_app(REAL_TENANT)
    assert app.extensions["auth0"].config.domain == REAL_TENANT["AUTH0_DOMAIN"]
    assert BANNER not in app.test_client().get("/").text


def test_a_domain_in_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in REAL_TENANT.items():
        monkeypatch.setenv(key, value)
    assert BANNER not in create_app().test_client().get("/").text


def test_a_domain_in_dotenv_is_used(tmp_path: Path) -> None:
    lines = [f"{key}={value}\n" for key, value in REAL_TENANT.items()]
    (tmp_path / ".env").write_text("".join(lines))
    assert BANNER not in create_app().test_client().get("/").text


def test_an_empty_domain_in_dotenv_is_no_domain(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AUTH0_DOMAIN=\n")
    assert BANNER in create_app(TESTING).test_client().get("/").text


@pytest.mark.parametrize("value", ["true", "True", "1", "yes", None])
def test_a_tenant_is_embedded_where_it_is_wanted(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    key, value = ("FLASK_DEBUG", "1") if value is None else (SWITCH, value)
    monkeypatch.setenv(key, value)
    assert BANNER in create_app().test_client().get("/").text


@pytest.mark.parametrize("value", ["false", "False", "0", "", None])
def test_no_tenant_is_embedded_by_accident(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """A deployment that lost its AUTH0_DOMAIN does not let anyone in as anybody."""
    if value is not None:
        monkeypatch.setenv(SWITCH, value)
    with pytest.raises(ConfigurationError, match=f"AUTH0_DOMAIN .* {SWITCH}=true"):
        create_app()


def test_flask_finds_the_app_and_the_start_says_that_a_tenant_is_embedded() -> None:
    root = Path(example_app.__file__).parent.parent
    command = [sys.executable, "-m", "flask", "--app", "example_app", "routes"]
    result = subprocess.run(
        command,
        env={"PYTHONPATH": str(root), SWITCH: "true"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    told = [line for line in result.stdout.splitlines() if "evelopment tenant" in line]
    assert len(told) == 1
    assert "/admin" in told[0]
    assert "pages.profile" in result.stdout


def test_the_session_cookie_has_a_name_of_its_own(app: Flask) -> None:
    assert app.config["SESSION_COOKIE_NAME"] == "example_app_session"


def test_the_origin_of_the_first_request_is_registered(
    client: FlaskClient, server: TenantServer
) -> None:
    registered = server.tenant.client
    client.get("/", base_url="http://127.0.0.1:5123")
    client.get("/", base_url="http://127.0.0.1:5123")
    client.get("/", base_url="http://localhost:5124")
    assert registered.callbacks.count("http://127.0.0.1:5123/callback") == 1
    assert registered.logout_urls.count("http://127.0.0.1:5123/") == 1
    assert "http://localhost:5124/callback" in registered.callbacks


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example"]
)
def test_an_origin_elsewhere_is_not_registered(
    client: FlaskClient, server: TenantServer, host: str
) -> None:
    client.get("/", headers={"Host": host})
    known = server.tenant.client.callbacks + server.tenant.client.logout_urls
    assert not [url for url in known if "evil.example" in url]


def test_the_tenant_is_reached_past_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "intranet.example")
    create_app(TESTING)
    create_app(TESTING)
    assert os.environ["no_proxy"] == "intranet.example,127.0.0.1"


def test_the_tenant_tells_an_app_that_can_end_sessions(
    redis_url: str, server: TenantServer
) -> None:
    for settings in (
        {"SESSION_TYPE": "redis", "SESSION_REDIS": f"{redis_url}/7"},
        {"AUTH0_REVOCATION_STORE": f"{redis_url}/7"},
    ):
        server.tenant.client.backchannel_logout_url = None
        client = create_app({**TESTING, **settings}).test_client()
        client.get("/", headers={"Host": "evil.example"})
        assert server.tenant.client.backchannel_logout_url is None
        client.get("/", base_url="http://127.0.0.1:5123")
        told = server.tenant.client.backchannel_logout_url
        assert told == "http://127.0.0.1:5123/backchannel-logout"


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("127.0.0.1", "http://127.0.0.1:5123/backchannel-logout"),
        ("0.0.0.0", "http://127.0.0.1:5123/backchannel-logout"),  # noqa: S104
        ("::1", "http://[::1]:5123/backchannel-logout"),
        ("::", "http://[::1]:5123/backchannel-logout"),
    ],
)
def test_a_logout_token_goes_to_no_address_that_a_request_names(
    redis_url: str, server: TenantServer, host: str, told: str
) -> None:
    settings = {"AUTH0_REVOCATION_STORE": f"{redis_url}/7"}
    client = create_app({**TESTING, **settings}).test_client()
    listens = {"SERVER_NAME": host, "SERVER_PORT": "5123"}
    client.get("/", headers={"Host": "127.0.0.1:6666"}, environ_overrides=listens)
    assert server.tenant.client.backchannel_logout_url == told
    with client.application.test_request_context():
        assert api_client.get("api.caller", "a token").status == 401
    assert server.tenant.client.backchannel_logout_url == told


def test_sessions_in_cookies_alone_make_no_noise(
    caplog: pytest.LogCaptureFixture, server: TenantServer
) -> None:
    server.tenant.client.backchannel_logout_url = None
    client = create_app(TESTING).test_client()
    assert client.get("/").status_code == 200
    # The app asks for refresh tokens, which several processes cannot share.
    assert [each[:23] for each in caplog.messages] == ["SESSION_TYPE is not set"]
    assert client.post("/backchannel-logout").status_code == 404
    assert server.tenant.client.backchannel_logout_url is None
