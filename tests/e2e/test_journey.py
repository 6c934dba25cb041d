"""A whole visit with a plain HTTP client, under every server and home of sessions."""

from __future__ import annotations

from tests.harness.admin import lifetimes
from tests.harness.app_server import Deployment
from tests.harness.browser import Browser
from tests.harness.processes import until
from tests.harness.tenant_process import TenantProcess


def token_of(browser: Browser) -> str:
    """The fingerprint of the access token that the app has for this browser."""
    answer = browser.get("/token")
    assert answer.status_code == 200, answer.text
    fingerprint: str = answer.json()["token"]
    return fingerprint


def test_login_profile_api_logout(
    deployment: Deployment, tenant_process: TenantProcess
) -> None:
    with deployment.browser() as ada:
        profile = ada.login("auth0|ada", "/profile?tab=1")
        assert profile.url == f"{deployment.url}/profile?tab=1"
        assert profile.json()["email"] == "ada@example.com"
        assert ada.get("/api").json()["sub"] == "auth0|ada"
        token = token_of(ada)
        assert ada.get("/async").json() == {"sub": "auth0|ada", "token": token}

        home = ada.logout()
        assert home.url == f"{deployment.url}/"
        assert home.text.endswith("False")
        asked_again = ada.get("/profile")
        assert str(asked_again.url).startswith(f"{tenant_process.url}/authorize")
        grace = ada.answer_login_page(asked_again, person="auth0|grace")
        assert grace.json()["sub"] == "auth0|grace"


def test_expired_token_is_refreshed(
    deployment: Deployment, tenant_process: TenantProcess
) -> None:
    with (
        lifetimes(tenant_process.url, tenant_process.ca_file, access_token="1"),
        deployment.browser() as grace,
    ):
        grace.login("auth0|grace")
        first = token_of(grace)
        until(lambda: token_of(grace) != first, "it is refreshed", every=0.3)
        # Once more, because that takes the refresh token of the first time.
        second = token_of(grace)
        until(lambda: token_of(grace) != second, "it is refreshed again", every=0.3)
        assert grace.get("/async").json()["sub"] == "auth0|grace"
        assert grace.get("/api").json()["sub"] == "auth0|grace"


def test_scripts_get_json_instead_of_redirects(deployment: Deployment) -> None:
    with deployment.browser() as nobody:
        answer = nobody.fetch("/profile")
        assert answer.status_code == 401
        assert answer.json()["login_url"]
        assert answer.headers["Content-Type"] == "application/json"
