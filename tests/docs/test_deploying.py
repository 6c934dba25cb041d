"""The configuration on the page about deploying runs: gunicorn, nginx and Redis."""

from __future__ import annotations

import contextlib
import os
import shutil
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme

from flask_auth0.tenant import TenantServer
from tests.harness.app_server import Address
from tests.harness.browser import Browser
from tests.harness.missing import missing
from tests.harness.nginx_server import serving_site
from tests.harness.processes import Service, stopped_at_the_end
from tests.harness.redis_server import free_port

from .pages import path_of, snippets

PAGE = path_of("deploying.rst")
HOST = "app.example.com"


def snippet(language: str, number: int = 0) -> str:
    return snippets(PAGE, language)[number].text


def replaced(text: str, places: dict[str, str]) -> str:
    """A file of the page with the places of this machine, each of which was there."""
    for before, now in places.items():
        assert before in text
        text = text.replace(before, now)
    return text


class ToProxy(httpx.HTTPTransport):
    """Connects to the proxy of these tests in the place of the host."""

    def __init__(self, authority: trustme.CA, port: int) -> None:
        trusted = ssl.create_default_context()
        authority.configure_trust(trusted)
        super().__init__(verify=trusted)
        self._port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        here = request.url.copy_with(host="127.0.0.1", port=self._port)
        extensions = {**request.extensions, "sni_hostname": HOST}
        moved = httpx.Request(
            request.method,
            here,
            headers=request.headers,
            stream=request.stream,
            extensions=extensions,
        )
        return super().handle_request(moved)


@pytest.fixture
def app_url(tenant: TenantServer, redis_url: str, tmp_path: Path) -> Iterator[str]:
    """The app under gunicorn, with the page's files and environment."""
    (tmp_path / "app.py").write_text(snippet("python"))
    tenant.tenant.client.callbacks.append(f"https://{HOST}/callback")
    environ = dict(line.split("=", 1) for line in snippet("sh").splitlines())
    local = replaced(environ["SESSION_REDIS"], {"redis://localhost:6379": redis_url})
    environ |= {**tenant.environment(), "SESSION_REDIS": local}
    with Address() as address:
        descriptor = address.socket.fileno()
        places = {"127.0.0.1:8000": f"fd://{descriptor}"}
        settings = replaced(snippet("python", 1), places)
        (tmp_path / "gunicorn.conf.py").write_text(settings)
        command = [sys.executable, "-m", "gunicorn"]
        service = Service("gunicorn", command, tmp_path, environ, [descriptor])
        with stopped_at_the_end(service):
            service.wait_until(lambda: is_up(address.url), "asks for a login")
            yield address.url
            service.check_quiet()


def is_up(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(url, headers={"Host": HOST}).status_code == 401
    return False


@pytest.fixture
def proxy(app_url: str, tmp_path: Path) -> Iterator[ToProxy]:
    """The way to nginx in front of it, with the file of the page."""
    binary = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if binary is None:
        missing("nginx", "there is no nginx: apt-get install nginx-light")
    authority, port = trustme.CA(), free_port()
    shown = authority.issue_cert(HOST)
    shown.private_key_and_cert_chain_pem.write_to_path(tmp_path / "shown.pem")
    places = {
        "listen 443": f"listen 127.0.0.1:{port}",
        f"/etc/ssl/{HOST}.pem": f"{tmp_path}/shown.pem",
        f"/etc/ssl/{HOST}.key": f"{tmp_path}/shown.pem",
        "/var/log/nginx": str(tmp_path),
        "http://127.0.0.1:8000": app_url,
    }
    site = replaced(snippet("nginx"), places)
    with serving_site(binary, site, port, tmp_path):
        yield ToProxy(authority, port)


def test_a_login_and_what_the_logs_have_of_it(
    proxy: ToProxy, tenant: TenantServer, tmp_path: Path
) -> None:
    tenant.tenant.next_login = "ada@example.com"
    url = f"https://{HOST}"
    with Browser(url, tenant.ca_file, {url: proxy}) as browser:
        assert browser.get("/").text == "Hello Ada Lovelace"
        cookies = [each for each in browser.http.cookies.jar if each.domain == HOST]
        assert [each.name for each in cookies] == ["__Host-session"]
        assert all(each.secure for each in cookies)
    logs = [(tmp_path / name).read_text() for name in ("app.log", "gunicorn.log")]
    for log in logs:
        assert "/callback" in log
        assert "code=" not in log
