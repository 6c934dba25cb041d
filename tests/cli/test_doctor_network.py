"""The doctor about the way to the tenant."""

from __future__ import annotations

import socket
import threading
import typing as t
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from tests.harness.provider import Provider
from tests.harness.visitor import MakeApp

from .examined import finding


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where connections are taken, and nobody says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_name_that_nobody_knows(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*given: t.Any, **more: t.Any) -> None:
        raise socket.gaierror("Name or service not known")

    app = make_app(domain="tenant.example.com")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    found = finding(app, "tenant.dns")
    assert (found.level, "AUTH0_DOMAIN" in found.remedy) == ("wrong", True)
    assert "tenant.example.com" in found.told


def test_nobody_is_looked_for_where_one_person_takes_the_place_of_a_tenant(
    make_app: MakeApp,
) -> None:
    app = make_app(development_user={"sub": "auth0|ada"})
    found = [finding(app, name) for name in ("tenant", "tenant.tls", "tenant.issuer")]
    assert {each.level for each in found} == {"skipped"}
    assert "AUTH0_DEVELOPMENT_USER" in found[0].told


def test_a_certificate_that_is_not_trusted(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file that is compared with is named, whether it is set or not."""
    app = make_app()
    others = tmp_path / "others.pem"
    end = "-----END CERTIFICATE-----\n"
    others.write_text(Path(certifi.where()).read_text().partition(end)[0] + end)
    monkeypatch.setenv("SSL_CERT_FILE", str(others))
    found = finding(app, "tenant.tls")
    assert (found.level, str(others) in found.remedy) == ("wrong", True)
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    assert "certifi" in finding(app, "tenant.tls").remedy


def test_files_that_have_no_certificates(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app, file = make_app(), tmp_path / "bundle.pem"
    assert finding(app, "tenant.certificates").level == "ok"
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert finding(app, "tenant.certificates").level == "wrong"
    file.write_text("no certificate")
    found = finding(app, "tenant.certificates")
    assert (found.level, str(file) in found.told) == ("wrong", True)
    assert finding(app, "tenant.tls").level == "skipped"


def test_nothing_answers(make_app: MakeApp) -> None:
    found = finding(make_app(domain="127.0.0.1:1"), "tenant.tls")
    assert (found.level, "ConnectionRefusedError" in found.told) == ("wrong", True)


@pytest.fixture
def plain_port() -> Iterator[int]:
    """A port where somebody speaks first, and not TLS."""

    def greet() -> None:
        connection, _ = server.accept()
        connection.sendall(b"220 smtp.example.com\r\n")
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=greet)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_no_tls(make_app: MakeApp, plain_port: int) -> None:
    found = finding(make_app(domain=f"127.0.0.1:{plain_port}"), "tenant.tls")
    assert (found.level, found.told[:12]) == ("wrong", "There is no ")


def test_a_server_that_hangs_does_not_hang_the_doctor(
    make_app: MakeApp, silent_port: int
) -> None:
    app = make_app(domain=f"127.0.0.1:{silent_port}")
    found = finding(app, "tenant.tls", limit=0.2)
    assert found.level == "wrong"
    assert "TimeoutError" in found.told or "within 0.2 seconds" in found.told


def test_a_name_server_that_hangs(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's resolver has no limit of its own."""
    app, is_over = make_app(domain="tenant.example.com"), threading.Event()

    def hang(*given: t.Any, **more: t.Any) -> None:
        is_over.wait(30)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    found = finding(app, "tenant.dns", limit=0.2)
    is_over.set()
    assert found.told == "There is no answer within 0.2 seconds."


def test_proxies(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, silent_port: int
) -> None:
    app = make_app()
    assert finding(app, "tenant.proxy").told == "No proxy is on the way."
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:hidden@127.0.0.1:{silent_port}")
    found = finding(app, "tenant.proxy")
    assert (found.level, "hidden" in found.told) == ("ok", False)
    assert finding(app, "tenant.dns").told == "The proxy looks the name up."
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hidden@127.0.0.1:1")
    found = finding(app, "tenant.proxy")
    assert (found.level, "hidden" in found.told) == ("wrong", False)
    assert "HTTPS_PROXY" in found.remedy
    assert finding(app, "tenant.discovery").level == "skipped"


def test_a_domain_for_each_request(make_app: MakeApp, provider: Provider) -> None:
    """One of the domains has to be named."""
    app = make_app(domain=lambda request: provider.domain)
    found = finding(app, "tenant")
    assert (found.level, "--domain" in found.remedy) == ("wrong", True)
    named = finding(app, "tenant.credentials", domain=provider.domain)
    assert named.level == "ok"
