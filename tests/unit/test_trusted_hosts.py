"""A host that the app does not trust decides nothing."""

from __future__ import annotations

import pytest

from .conftest import NAVIGATION, MakeApp, query_of

TRUSTED = "app.example.com"


@pytest.mark.parametrize("path", ["/login", "/logout", "/callback?code=a&state=b"])
def test_a_stranger_is_refused(make_app: MakeApp, path: str) -> None:
    client = make_app({"TRUSTED_HOSTS": [TRUSTED]}).test_client()
    stranger = client.get(path, base_url="https://evil.example", headers=NAVIGATION)
    assert stranger.status_code == 400
    assert "Location" not in stranger.headers
    assert "Set-Cookie" not in stranger.headers


def test_a_trusted_host_decides(make_app: MakeApp) -> None:
    client = make_app({"TRUSTED_HOSTS": [TRUSTED]}).test_client()
    answer = client.get("/login", base_url=f"https://{TRUSTED}", headers=NAVIGATION)
    assert query_of(answer.location)["redirect_uri"] == f"https://{TRUSTED}/callback"


def test_a_configured_callback_needs_no_trust(make_app: MakeApp) -> None:
    callback = f"https://{TRUSTED}/callback"
    client = make_app(redirect_uri=callback).test_client()
    answer = client.get("/login", base_url="https://evil.example", headers=NAVIGATION)
    assert query_of(answer.location)["redirect_uri"] == callback
