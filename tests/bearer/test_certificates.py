"""Access tokens that are bound to the certificate of their client (RFC 8705)."""

from __future__ import annotations

import base64
import hashlib
import ssl
import typing as t

import pytest
import trustme
from flask import Flask

from flask_auth0.tenant import Tenant
from tests.harness.access_tokens import bearer, make_token

from .conftest import get


def make_certificate() -> str:
    issued = trustme.CA().issue_cert("client.example")
    return issued.cert_chain_pems[0].bytes().decode()


OWN, OTHER = make_certificate(), make_certificate()


@pytest.fixture
def token(issuer: Tenant) -> str:
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(OWN)).digest()
    thumbprint = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return make_token(issuer, cnf={"x5t#S256": thumbprint})


@pytest.mark.parametrize("shown", [OWN, OWN + OTHER, OWN.replace("\n", "\n\t")])
def test_the_certificate_of_the_connection(app: Flask, token: str, shown: str) -> None:
    environ = {"SSL_CLIENT_CERT": shown}
    answer = get(app, "/api/me", bearer(token), environ_overrides=environ)
    assert answer.get_json()["sub"] == "auth0|ada"


@pytest.mark.parametrize(
    "shown",
    ["", OTHER, OTHER + OWN, "\x00", OWN[:60], OWN[200:]],
    ids=["none", "other", "other first", "rubbish", "beginning", "end"],
)
def test_no_other_one(app: Flask, token: str, shown: str) -> None:
    environ = {"SSL_CLIENT_CERT": shown}
    answer = get(app, "/api/me", bearer(token), environ_overrides=environ)
    assert answer.status_code == 401
    assert "certificate" in answer.get_json()["error_description"]


@pytest.mark.parametrize("name", ["SSL-Client-Cert", "SSL_CLIENT_CERT", "Client-Cert"])
def test_no_header(app: Flask, token: str, name: str) -> None:
    headers: dict[str, t.Any] = {**bearer(token), name: OWN.replace("\n", " ")}
    assert get(app, "/api/me", headers).status_code == 401


def test_it_is_no_token_for_dpop(app: Flask, token: str) -> None:
    headers = {"Authorization": f"DPoP {token}"}
    environ = {"SSL_CLIENT_CERT": OWN}
    answer = get(app, "/api/me", headers, environ_overrides=environ)
    assert answer.status_code == 401
