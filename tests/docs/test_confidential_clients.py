"""The page about proving who the app is does what it says."""

from __future__ import annotations

import shlex
import subprocess
import typing as t
from pathlib import Path

import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer

from .conftest import MakeVisitor, ReadPage, query_of
from .pages import path_of, snippets

PAGE = path_of("confidential_clients.rst")


def settings(number: int) -> dict[str, str]:
    """One of the page's blocks of settings."""
    lines = snippets(PAGE, "sh")[number].text.split()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


@pytest.fixture
def _as_registered(tenant: TenantServer) -> t.Iterator[None]:
    client = tenant.tenant.client
    yield
    client.token_endpoint_auth_method = None
    client.public_keys, client.certificates = [], []


@pytest.mark.usefixtures("_as_registered")
def test_a_key(
    tenant: TenantServer,
    make_visitor: MakeVisitor,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for line in snippets(PAGE, "console")[0].text.splitlines():
        command = shlex.split(line.removeprefix("$ "))
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    client = tenant.tenant.client
    client.token_endpoint_auth_method = "private_key_jwt"
    client.public_keys = [(tmp_path / "public.pem").read_text()]
    monkeypatch.delenv("AUTH0_CLIENT_SECRET")
    for name, value in settings(0).items():
        monkeypatch.setenv(name, value.replace("/run/secrets", str(tmp_path)))
    app = Flask(__name__)
    Auth0(app)
    assert make_visitor(app).log_in().location == "/"


@pytest.mark.usefixtures("_as_registered")
def test_a_certificate(
    tenant: TenantServer, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant.tenant.client.token_endpoint_auth_method = "self_signed_tls_client_auth"
    shown = tenant.client_certificate()
    paths = {"AUTH0_MTLS_CERT": shown.certificate, "AUTH0_MTLS_KEY": shown.key}
    monkeypatch.delenv("AUTH0_CLIENT_SECRET")
    for name, value in settings(1).items():
        monkeypatch.setenv(name, paths.get(name, value))
    app = Flask(__name__)
    Auth0(app)
    assert make_visitor(app).log_in().location == "/"


def test_what_the_browser_sees(
    read_page: ReadPage,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tenant.tenant, "userinfo_claims", {"groups": ["crew"]})
    app = read_page("confidential_clients.rst").run()["app"]
    visitor = make_visitor(app)
    location = visitor.get("/login").location
    assert {*query_of(location)} == {"client_id", "request_uri"}
    assert visitor.log_in().location == "/"
