"""A client of the tenant: the requests that an app and its browser make."""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
from typing import Any

import httpx

from flask_auth0.tenant import Client, TenantServer

CALLBACK = "http://127.0.0.1:5000/callback"
LOGOUT_URL = "http://127.0.0.1:5000/"
AUDIENCE = "https://api.example.com"
VERIFIER = "v" * 64


def s256(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Flow:
    """One browser with its cookies, and the app that sends it to log in."""

    def __init__(self, server: TenantServer, client: Client | None = None) -> None:
        self.client = client or server.tenant.client
        self.server = server
        context = ssl.create_default_context(cafile=server.ca_file)
        self.http = httpx.Client(verify=context, base_url=server.url, timeout=20)

    def __enter__(self) -> Flow:
        return self

    def __exit__(self, *exc: object) -> None:
        self.http.close()

    @property
    def credentials(self) -> tuple[str, str]:
        return self.client.client_id, self.client.client_secret

    def parameters(self, **changes: str | None) -> dict[str, str]:
        parameters = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid profile email offline_access",
            "state": "some-state",
            "nonce": "some-nonce",
            "code_challenge": s256(VERIFIER),
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def authorize(self, **changes: str | None) -> httpx.Response:
        return self.http.get("/authorize", params=self.parameters(**changes))

    def choose(self, page: httpx.Response, **fields: str) -> httpx.Response:
        """Send the login page's form."""
        assert page.status_code == 200, page.text
        return self.http.post(
            page.url, data={"csrf_token": csrf_token(page.text), **fields}
        )

    def log_in(self, person: str = "auth0|ada", **changes: str | None) -> str:
        """A code, by way of the login page."""
        return code_of(self.choose(self.authorize(**changes), person=person))

    def exchange(self, code: str, **changes: str) -> httpx.Response:
        form = exchange_form(code, **changes)
        return self.http.post("/oauth/token", data=form, auth=self.credentials)

    def tokens(self, person: str = "auth0|ada", **changes: str | None) -> Any:
        response = self.exchange(self.log_in(person, **changes))
        assert response.status_code == 200, response.text
        return response.json()

    def refresh(self, refresh_token: str, **changes: str) -> httpx.Response:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            **changes,
        }
        return self.http.post("/oauth/token", data=form, auth=self.credentials)

    def grant(self, grant_type: str, **fields: str) -> httpx.Response:
        """Ask the token endpoint, as this client."""
        form = {"grant_type": grant_type, **fields}
        return self.http.post("/oauth/token", data=form, auth=self.credentials)

    def call(self, path: str, **members: Any) -> httpx.Response:
        """Post JSON to one of the tenant's APIs, as this client."""
        client_id, client_secret = self.credentials
        secret = {"client_id": client_id, "client_secret": client_secret}
        return self.http.post(path, json={**secret, **members})

    def passwordless(self, email: str = "ada@example.com", **fields: str) -> Any:
        """What the token endpoint says to the right code of an address."""
        self.call("/passwordless/start", connection="email", email=email, send="code")
        code = self.server.tenant.inbox.messages(email)[-1].code
        grant_type = "http://auth0.com/oauth/grant-type/passwordless/otp"
        fields = {"scope": "openid profile email offline_access", **fields}
        return self.grant(grant_type, realm="email", username=email, otp=code, **fields)

    def userinfo(self, access_token: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {access_token}"}
        return self.http.get("/userinfo", headers=headers)

    def admin(self, path: str, **fields: str) -> httpx.Response:
        """Send one of the forms of the administrator's page."""
        token = csrf_token(self.http.get("/admin").text)
        return self.http.post(
            path, data={"csrf_token": token, **fields}, follow_redirects=True
        )


def exchange_form(code: str, **changes: str) -> dict[str, str]:
    """What a client sends for a code, without what proves who it is."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **changes,
    }


def csrf_token(page: str) -> str:
    match = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert match, page
    return match[1]


def code_of(response: httpx.Response) -> str:
    assert response.status_code == 302, response.text
    return location(response).params["code"]


def location(response: httpx.Response) -> httpx.URL:
    return httpx.URL(response.headers["location"])
