"""Passkeys in a real browser, with its virtual authenticator, at an app."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from flask_auth0 import current_user
from flask_auth0.tenant import TenantServer
from tests.docs.pages import Page as Documentation
from tests.harness.chromium import Chromium

#: What an app's own page has for the views of the documentation.
PAGE = """<!doctype html><html lang="en"><title>Passkeys</title>
<link rel="icon" href="data:,">
<p role="status">{user}</p>
<button id="new">Sign up</button><button id="old">Log in</button>
<script>
async function ask(path, body) {{
  const answer = await fetch(path, {{method: "POST", body, headers: body instanceof
    FormData ? {{}} : {{"Content-Type": "application/json"}}}});
  return answer.ok ? answer.json() : Promise.reject(answer.status);
}}
async function verify(begun, credential) {{
  const {{auth_session}} = begun, answer = credential.toJSON();
  await ask("/passkey/verify", JSON.stringify({{auth_session, answer}}));
  location.reload();
}}
const status = document.querySelector("[role=status]");
function on(id, work) {{
  document.getElementById(id).onclick =
    () => work().catch((error) => {{ status.textContent = error.name || error; }});
}}
on("new", async () => {{
  const profile = new FormData();
  profile.set("email", "eve@example.com");
  profile.set("name", "Eve");
  const begun = await ask("/passkey/new", profile);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun.options);
  await verify(begun, await navigator.credentials.create({{publicKey}}));
}});
on("old", async () => {{
  const begun = await ask("/passkey");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options);
  await verify(begun, await navigator.credentials.get({{publicKey}}));
}});
</script>"""


@pytest.fixture
def url(
    request: pytest.FixtureRequest,
    auth0_tenant: TenantServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """Where the app of the documentation is, with a page of its own."""
    for name, value in auth0_tenant.environment().items():
        monkeypatch.setenv(name, value)
    if request.param == "redis":
        monkeypatch.setenv("SESSION_TYPE", "redis")
        monkeypatch.setenv("SESSION_REDIS", request.getfixturevalue("redis_url"))
    app: Flask = Documentation("sdk.rst", tmp_path).run()["app"]
    app.add_url_rule("/", "home", lambda: PAGE.format(user=current_user.get("name")))
    listening = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=listening.serve_forever, args=(0.05,), daemon=True).start()
    # A passkey is for a name, and never for an IP address.
    url = f"http://localhost:{listening.server_port}"
    auth0_tenant.tenant.client.logout_urls.append(f"{url}/")
    yield url
    listening.shutdown()
    listening.server_close()


def press(page: Page, name: str, *, told: str) -> None:
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("status")).to_have_text(told)


@pytest.mark.parametrize("url", ["redis"], indirect=True)
def test_signing_up_and_logging_in(
    url: str, chromium: Chromium, auth0_tenant: TenantServer
) -> None:
    page = chromium.tab()
    session, identifier = chromium.add_authenticator(page)
    page.goto(url)
    press(page, "Sign up", told="Eve")
    page.goto(f"{url}/logout")
    page.wait_for_url(f"{url}/")
    expect(page.get_by_role("status")).to_have_text("None")
    press(page, "Log in", told="Eve")

    # Somebody else at the same device is not let in.
    page.goto(f"{url}/logout")
    refused = {"authenticatorId": identifier, "isUserVerified": False}
    session.send("WebAuthn.setUserVerified", refused)
    press(page, "Log in", told="NotAllowedError")
    page.reload()
    expect(page.get_by_role("status")).to_have_text("None")


@pytest.mark.parametrize("url", ["cookies"], indirect=True)
def test_a_passkey_that_the_tenant_has_forgotten(
    url: str, chromium: Chromium, auth0_tenant: TenantServer
) -> None:
    page = chromium.tab()
    chromium.add_authenticator(page)
    page.goto(url)
    press(page, "Sign up", told="Eve")
    page.goto(f"{url}/logout")
    page.wait_for_url(f"{url}/")
    [person] = [p for p in auth0_tenant.tenant.people if p.name == "Eve"]
    passkeys = auth0_tenant.tenant.passkeys
    for passkey in passkeys.of(person.sub):
        passkeys.remove(passkey)
    press(page, "Log in", told="400")
    page.reload()
    expect(page.get_by_role("status")).to_have_text("None")
    chromium.forgive("400")
