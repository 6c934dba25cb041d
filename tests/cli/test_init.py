"""``flask auth0 init``, without and with a development tenant."""

from __future__ import annotations

import json
import stat
import typing as t
from pathlib import Path

import pytest
from dotenv import dotenv_values

from flask_auth0.cli import development_tenant
from flask_auth0.config import read_config
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import SECRET

from .examined import finding
from .invoked import invoke


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_for_its_owner_alone(folder: Path) -> None:
    result = invoke(None, "init", "--url", "https://app.example.com/shop")
    assert result.exit_code == 0
    file = folder / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    values = dotenv_values(file)
    secret = values["AUTH0_SECRET"] or ""
    assert len(secret) == 64
    assert secret not in result.output
    shown = dict(line.rsplit(maxsplit=1) for line in result.output.splitlines()[-3:-1])
    base = "https://app.example.com/shop"
    assert [each.strip() for each in shown] == [
        "Allowed Callback URLs",
        "Allowed Logout URLs",
    ]
    assert list(shown.values()) == [f"{base}/callback", f"{base}/"]


@pytest.mark.parametrize("key", ["SESSION_TYPE=redis", "AUTH0_REVOCATION_STORE=x"])
def test_the_back_channel_of_an_app_that_can_use_it(key: str) -> None:
    Path(".env").write_text(f"{key}\n")
    result = invoke(None, "init", "--url", "https://app.example.com")
    line = "Back-Channel Logout URI  https://app.example.com/backchannel-logout"
    assert line in result.output


def test_each_secret_is_another(folder: Path) -> None:
    for name in ("one", "two"):
        invoke(None, "init", "--env-file", name)
    one, two = (dotenv_values(folder / each)["AUTH0_SECRET"] for each in ("one", "two"))
    assert one != two


def test_a_file_that_is_there_stays_as_it_is(folder: Path) -> None:
    text = "AUTH0_DOMAIN=tenant.example.com\nAUTH0_SECRET='the-hidden-secret'\n"
    Path(".env").write_text(text)
    result = invoke(None, "init")
    assert result.exit_code == 1
    assert Path(".env").read_text() == text
    assert "AUTH0_CLIENT_ID is missing; copy it" in result.output
    assert "AUTH0_DOMAIN" not in result.output
    assert "hidden" not in result.output
    answer = json.loads(invoke(None, "init", "--json").output)
    assert answer["written"] is False
    assert answer["addresses"]["callback"] == "http://127.0.0.1:5000/callback"


def test_nothing_is_missing_in_a_file() -> None:
    keys = ("AUTH0_DOMAIN=tenant.example.com", "AUTH0_CLIENT_ID=id")
    more = ("AUTH0_CLIENT_SECRET=client-secret-of-mine", f"AUTH0_SECRET={SECRET}")
    paths = ("AUTH0_URL_PREFIX=/auth", "AUTH0_BACKCHANNEL_LOGOUT_PATH=")
    Path(".env").write_text("\n".join((*keys, *more, *paths)))
    result = invoke(None, "init")
    assert (result.exit_code, "nothing is missing" in result.output) == (0, True)
    assert "http://127.0.0.1:5000/auth/callback" in result.output


def test_a_link_is_not_followed(folder: Path) -> None:
    """Somebody else could have made it, to read the secret elsewhere."""
    Path(".env").symlink_to(folder / "elsewhere")
    result = invoke(None, "init")
    assert (result.exit_code, "cannot be written" in result.output) == (1, True)
    assert not (folder / "elsewhere").exists()


def test_a_folder_that_cannot_be_written() -> None:
    result = invoke(None, "init", "--env-file", "no/such/folder/.env")
    assert result.exit_code == 1
    assert "cannot be written: No such file" in result.output


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, t.Any]]:
    """What the doctor says of each tenant that the command runs, while it runs."""
    seen: list[dict[str, t.Any]] = []

    def serve(server: TenantServer, tell: t.Callable[[TenantServer], None]) -> None:
        with server:
            tell(server)
            seen.append({"url": server.url, **_verdicts(monkeypatch)})

    monkeypatch.setattr(development_tenant, "serve", serve)
    return seen


def _verdicts(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Ask the doctor, with the file as flask reads it."""
    with monkeypatch.context() as patch:
        for key, value in dotenv_values(".env").items():
            patch.setenv(key, value or "")
        names = ("tenant.credentials", "tenant.callback", "tenant.logout")
        return {each: finding("no_app", each, url=None).level for each in names}


def test_a_development_tenant_in_one_go(
    served: list[dict[str, t.Any]], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    result = invoke(None, "init", "--tenant")
    assert result.exit_code == 0, result.output
    # The tests have a file of their own, which would win.
    assert "your app with 'env -u SSL_CERT_FILE flask run'" in result.stderr
    # The app has its sessions in cookies, so it would warn of each logout token.
    assert "Back channel    (none)" in result.stderr
    file = folder / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    values: t.Any = dotenv_values(file)
    assert read_config({}, {}, values)[1] == []
    text = file.read_text()
    # As in the shell of 'flask run', where the file of the last tenant is trusted.
    monkeypatch.setenv("SSL_CERT_FILE", values["SSL_CERT_FILE"])
    file.write_text(text := f"{text}SESSION_TYPE=sqlite\n")
    result = invoke(None, "init", "--tenant")
    assert "start your app with 'flask run'" in result.stderr
    told = "Back channel    http://127.0.0.1:5000/backchannel-logout"
    assert told in result.stderr
    assert file.read_text() == text
    first, second = served
    assert first == second
    assert set(first.values()) == {first["url"], "ok"}


def test_a_file_of_another_tenant_stays_as_it_is(served: list[t.Any]) -> None:
    Path(".env").write_text("AUTH0_DOMAIN=127.0.0.1:4443\n")
    result = invoke(None, "init", "--tenant")
    assert (result.exit_code, served) == (1, [])
    assert "--env-file" in result.output
    assert Path(".env").read_text() == "AUTH0_DOMAIN=127.0.0.1:4443\n"
