"""The doctor about settings, of apps that load and of apps that do not."""

from __future__ import annotations

import sys
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.sessions import SessionInterface

from flask_auth0.cli.doctor import two_loads
from flask_auth0.cli.doctor.fingerprints import fingerprints_of
from tests.harness.provider import Provider
from tests.harness.visitor import MakeApp

from .examined import finding, findings, subject_of


@pytest.fixture
def write_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[t.Callable[[str], str]]:
    """Write an app into a folder of its own, and return its path."""
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)

    def write(source: str) -> str:
        Path("written_app.py").write_text(source)
        return "written_app.py"

    yield write
    sys.modules.pop("written_app", None)
    sys.path[:] = before


APP = "import flask, flask_auth0\napp = flask.Flask('app')\n"


def test_all_problems_of_an_app_that_does_not_start(
    write_app: t.Callable[[str], str],
) -> None:
    path = write_app(f"{APP}flask_auth0.Auth0(app, domain='https://', client_id='x')")
    subject = subject_of(path)
    told = [each.told for each in findings(subject, "configuration")]
    keys = {each.split()[0] for each in told}
    assert keys == {"AUTH0_DOMAIN", "AUTH0_CLIENT_SECRET", "AUTH0_SECRET"}
    assert finding(path, "tenant.keys").level == "skipped"


def test_the_tenant_is_asked_all_the_same(
    write_app: t.Callable[[str], str], provider: Provider
) -> None:
    """What the app's config has counts, though the app does not start with it."""
    options = f"client_id='the-client', domain='{provider.domain}'"
    path = write_app(
        f"{APP}app.testing = True\n"
        f"app.config['AUTH0_CLIENT_SECRET'] = 'the-client-secret'\n"
        f"flask_auth0.Auth0(app, {options})"
    )
    subject = subject_of(path)
    found = {e.check: e.level for e in findings(subject, "app", "tenant.credentials")}
    assert found == {"app": "wrong", "tenant.credentials": "ok"}
    (told,) = findings(subject, "configuration")
    assert told.told.startswith("AUTH0_SECRET is missing")


def test_credentials_that_are_missing_prove_nothing(
    write_app: t.Callable[[str], str], provider: Provider
) -> None:
    options = f"client_id='the-client', domain='{provider.domain}', secret='{'s' * 64}'"
    path = write_app(f"{APP}app.testing = True\nflask_auth0.Auth0(app, {options})")
    found = finding(path, "tenant.credentials")
    assert (found.level, found.told) == ("wrong", "There is nothing to prove it with.")


def test_without_an_app_the_environment_counts(
    write_app: t.Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_app("int('no app')")
    monkeypatch.setenv("AUTH0_DOMAIN", "tenant.example.com/path")
    found = findings(subject_of(path), "configuration")
    assert {each.level for each in found} == {"warning"}
    assert any(each.told.startswith("AUTH0_DOMAIN must be") for each in found)
    assert all("environment alone" in each.remedy for each in found)


def test_an_app_without_auth0() -> None:
    found = finding(Flask("bare"), "app")
    assert (found.level, found.told) == ("wrong", "The app 'bare' has no Auth0.")


def test_what_the_start_warns_of(make_app: MakeApp) -> None:
    found = findings(subject_of(make_app({"AUTH0_SCOPES": "openid"})), "configuration")
    assert [(each.level, each.code) for each in found] == [("warning", "misspelt_key")]
    assert finding(make_app(), "configuration").level == "ok"


def test_a_variable_of_the_shell_hides_one_of_the_file(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app()
    assert findings(subject_of(app), "configuration.env-file") == []
    Path(".env").write_text("AUTH0_SCOPE=openid\nOTHER=1\n")
    assert finding(app, "configuration.env-file").level == "ok"
    monkeypatch.setenv("AUTH0_SCOPE", "openid email")
    found = finding(app, "configuration.env-file")
    assert (found.level, found.told.split()[0]) == ("warning", "AUTH0_SCOPE")


def test_two_processes_with_secrets_of_their_own(
    write_app: t.Callable[[str], str], provider: Provider
) -> None:
    options = "domain='127.0.0.1:1', client_id='x', client_secret='x'"
    path = write_app(
        "import os\n"
        f"{APP}app.testing = True\n"
        "app.secret_key = os.urandom(24)\n"
        f"flask_auth0.Auth0(app, {options}, secret=os.urandom(32).hex())"
    )
    found = finding(path, "app.secrets")
    assert found.level == "wrong"
    assert "another SECRET_KEY and AUTH0_SECRET" in found.told


def test_sessions_on_a_server_need_no_signature(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process is not started, as its fingerprints are known here."""
    app = make_app()
    subject = subject_of("no_app")
    subject.app, subject.error = app, None

    def elsewhere(info: t.Any, salt: bytes, limit: float) -> t.Any:
        return {**fingerprints_of(app, salt), "SECRET_KEY": "another"}

    monkeypatch.setattr(two_loads, "_fingerprints_elsewhere", elsewhere)
    (found,) = findings(subject, "app.secrets")
    assert found.level == "wrong"
    app.session_interface = SessionInterface()
    (found,) = findings(subject, "app.secrets")
    assert found.level == "warning"


@pytest.mark.parametrize("is_there", [False, True])
def test_the_package_of_another_project(
    make_app: MakeApp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_there: bool,
) -> None:
    folder = tmp_path / "flask_auth0-0.1.0.dist-info"
    if is_there:
        folder.mkdir()
        (folder / "METADATA").write_text("Name: flask-auth0\nVersion: 0.1.0\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    found = finding(make_app(), "installation")
    assert found.level == ("warning" if is_there else "ok")
    assert ("pip uninstall flask-auth0 flask-auth0-server" in found.told) == is_there
