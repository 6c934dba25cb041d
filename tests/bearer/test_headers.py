"""Where an access token may be in a request, and where it may not."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0.tenant import Tenant
from tests.harness.access_tokens import bearer, make_token
from tests.harness.visitor import FETCH, HOST

from .conftest import add_api, get

NONE = [
    {},
    {"Authorization": ""},
    {"Authorization": "Basic YWRhOnNlY3JldA=="},
    {"Authorization": 'Digest username="Ada", realm="x"'},
    {"Authorization": "Bearers x"},
    {"Authorization": "Token x"},
    {"X-Access-Token": "x"},
    {"Proxy-Authorization": "Bearer x"},
]


@pytest.mark.parametrize("headers", NONE, ids=repr)
def test_who_sends_no_token_is_told_how(app: Flask, headers: dict[str, str]) -> None:
    """An error would name a token that was not there (RFC 6750, section 3.1)."""
    answer = get(app, "/api/me", headers)
    assert answer.status_code == 401
    told = answer.headers.getlist("WWW-Authenticate")
    assert told == ["Bearer", 'DPoP algs="ES256 ES384 EdDSA PS256"']
    assert answer.get_json()["error"] == "token_required"
    assert answer.cache_control.no_store
    assert get(app, "/both", headers).status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_token_is_taken_from_elsewhere(
    app: Flask, issuer: Tenant, method: str
) -> None:
    """It would be in logs, and a page of another site could send it."""
    token = make_token(issuer)
    for path in ("/api/class", "/api/class?access_token=" + token):
        options: dict[str, t.Any] = {"method": method}
        if method == "POST":
            options["data"] = {"access_token": token}
        answer = get(app, path, {"Cookie": f"access_token={token}"}, **options)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_several_tokens(app: Flask, issuer: Tenant) -> None:
    """Two parties could each look at another one of them."""
    token = make_token(issuer)
    one, other = f"Bearer {token}", f"Bearer {make_token(issuer)}"
    several: list[tuple[str, t.Any]] = [
        ("/api/me", [("Authorization", one), ("Authorization", other)]),
        ("/api/me", [("Authorization", one), ("Authorization", one)]),
        ("/api/me", [("Authorization", "Basic x"), ("Authorization", one)]),
        ("/api/me", [("Authorization", one), ("Authorization", "Basic x")]),
        ("/api/me", [("Authorization", one), ("Authorization", "DPoP x")]),
        ("/api/me", {"Authorization": f"{one}, {token}"}),
        ("/api/me", {"Authorization": f"{one},{token}"}),
        ("/api/me?access_token=x", {"Authorization": one}),
        ("/both", [("Authorization", one), ("Authorization", other)]),
    ]
    for path, headers in several:
        answer = get(app, path, headers)
        assert answer.status_code == 400, headers
        assert 'error="invalid_request"' in answer.headers["WWW-Authenticate"]
        assert answer.get_json()["error"] == "invalid_request"
        assert answer.cache_control.no_store


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "bearer ",
        "Bearer é",
        "Bearer <x>",
        "Bearer x y",
        "Bearer =",
        "DPoP",
        "DPoP x",
    ],
)
def test_a_header_that_makes_no_sense(app: Flask, value: str) -> None:
    answer = get(app, "/api/me", {"Authorization": value})
    assert answer.status_code == 401
    scheme = "DPoP" if value.startswith("DPoP") else "Bearer"
    assert answer.headers["WWW-Authenticate"].startswith(f'{scheme} error="invalid_')


@pytest.mark.parametrize(
    "scheme", ["Bearer", "bearer", "BEARER", "Bearer ", "Bearer\t"]
)
def test_spellings_of_the_scheme(app: Flask, issuer: Tenant, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {make_token(issuer)}"}
    assert get(app, "/api/me", headers).status_code == 200


def test_cors_and_head(app: Flask, issuer: Tenant) -> None:
    for path in ("/api/me", "/api/guarded/me", "/both"):
        asked = {"Origin": "https://spa.example.com"}
        assert get(app, path, asked, method="OPTIONS").status_code == 200
    good = bearer(make_token(issuer))
    assert get(app, "/api/me", good, method="HEAD").status_code == 200
    assert get(app, "/api/me", method="HEAD").status_code == 401


def test_the_audience_has_to_be_set(
    make_app: t.Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = add_api(make_app())
    for path in ("/api/me", "/api/async", "/both"):
        answer = app.test_client().get(path, base_url=HOST, headers=FETCH)
        assert answer.status_code == 500
        assert answer.get_json()["error"] == "configuration_error"
    assert "AUTH0_AUDIENCE is missing" in caplog.text
