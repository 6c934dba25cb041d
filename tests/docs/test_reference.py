"""Names on the pages exist: keys, files, options of commands, and links."""

from __future__ import annotations

import inspect
import re
import shlex
from pathlib import Path

import click
import pytest
import trustme
from dotenv import dotenv_values
from flask import Flask
from flask_session.defaults import Defaults

import flask_auth0
from flask_auth0 import errors, views
from flask_auth0.config import ROUTES, key_of, read_config
from flask_auth0.config.keys import settings
from flask_auth0.sessions.server import setup
from flask_auth0.sessions.stores import KINDS
from flask_auth0.tenant.command import tenant

from .pages import PAGES, ROOT, path_of, snippets, table

CONFIGURATION = path_of("configuration.rst")


def described() -> list[str]:
    """The keys that have an entry, in their order."""
    return re.findall(r"^\.\. setting:: (\w+)$", CONFIGURATION.read_text(), re.M)


def test_every_key_has_one_entry() -> None:
    keys = [key_of(name) for name in settings()]
    assert sorted(described()) == sorted([*keys, *setup._KEYS])


def test_each_route_is_a_key_has_a_view_and_is_told() -> None:
    keys = {each.name for each in settings().values()}
    assert {each.key for each in ROUTES.values()} <= keys, "Add a key: config/keys.py"
    known = {*views._VIEWS, *views._FOR_SCRIPTS}
    assert known == {*ROUTES}, "Add a view: views/__init__.py"
    beginning = path_of("login.rst").read_text().partition("Login\n-----")[0]
    on = [each.name for each in ROUTES.values() if each.path]
    named = re.findall(r"auth0(?:_pages)?\.(\w+)", beginning)
    assert named == on, "Add it: login.rst"
    rows = table(path_of("json_routes.rst"), "Route")
    told = [name for row in rows for name in re.findall(r"auth0\.(\w+)", row[0])]
    assert [*on, *told] == [*ROUTES], "Add it: json_routes.rst"


def test_the_table_of_sessions() -> None:
    text = CONFIGURATION.read_text()
    (row,) = re.findall(r":: SESSION_TYPE\n.*?\n\n(.*?):", text, re.DOTALL)
    assert re.findall(r"``(\w+)``", row) == [*KINDS]
    rows = table(path_of("sessions.rst"), "SESSION_TYPE")
    assert [kind for kind, *_ in rows] == ["none", *KINDS]
    extras = {kind: f"flask-auth0-server[{KINDS[kind].extra}]" for kind in KINDS}
    assert {row[-1] for row in rows} - {"nothing"} <= {*extras.values()}
    prefix = f":default: {Defaults.SESSION_KEY_PREFIX}\n"
    assert f":: SESSION_KEY_PREFIX\n    {prefix}" in text


@pytest.mark.parametrize("path", [*PAGES, ROOT / ".env.example"], ids=lambda p: p.name)
def test_every_key_that_is_named_is_known(path: Path) -> None:
    ours = {key_of(each.name) for each in settings().values()}
    theirs = {key for key in vars(Defaults) if key.startswith("SESSION_")}
    known = ours | theirs | set(Flask.default_config) | set(setup._KEYS)
    text = path.read_text(encoding="utf-8")
    named = re.findall(
        r"\b(?:AUTH0|SESSION|PERMANENT|SECRET)_[A-Z0-9_]*[A-Z0-9]\b(?!_)", text
    )
    assert set(named) <= known


@pytest.fixture(scope="session")
def secret_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate and its key, as the pages have in /run/secrets."""
    folder = tmp_path_factory.mktemp("secrets")
    made = trustme.CA().issue_cert("app.example", key_type=trustme.KeyType.RSA)
    made.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    made.private_key_pem.write_to_path(folder / "key.pem")
    return folder


@pytest.mark.parametrize(
    "path", [p for p in PAGES if snippets(p, "sh")], ids=lambda p: p.name
)
def test_environments_are_valid(path: Path, tmp_path: Path, secret_files: Path) -> None:
    required = dict.fromkeys(["domain", "client_id", "client_secret", "secret"], "a")
    for number, snippet in enumerate(snippets(path, "sh")):
        if "=" not in snippet.text.splitlines()[0].partition(" ")[0]:
            continue
        (tmp_path / f"{number}.env").write_text(snippet.text)
        values = dotenv_values(tmp_path / f"{number}.env")
        assert values
        assert all(values.values())
        environ = {
            key: (value or "").replace("/run/secrets", str(secret_files))
            for key, value in values.items()
        }
        given = {key: "" for key in environ if key.startswith("AUTH0_")}
        if "AUTH0_USE_MTLS" in given:
            given["AUTH0_CLIENT_SECRET"] = ""
        kept = {k: v for k, v in required.items() if key_of(k) not in given}
        problems = read_config(kept, {"TESTING": True}, environ)[1]
        # Placeholders are refused as they stand, and everything else is fine.
        assert all("in its place" in each.remedy for each in problems)


def test_options_of_the_tenants_command() -> None:
    names = {name for each in tenant.params for name in each.opts}
    commands = [
        line
        for path in PAGES
        for snippet in snippets(path, "console")
        for line in snippet.text.splitlines()
        if "flask auth0 tenant" in line
    ]
    assert len(commands) >= 3
    for line in commands:
        words = shlex.split(line.partition("auth0 tenant")[2])
        tenant.make_context("tenant", words)
        assert {word for word in words if word.startswith("--")} <= names
    prose = path_of("tenant.rst").read_text()
    assert set(re.findall(r"``(--[a-z-]+)``", prose)) <= names
    assert isinstance(tenant, click.Command)


def test_the_commands_of_the_readme() -> None:
    text = path_of("README.md").read_text()
    marked = re.search(r"^<!-- test -->\n+```sh\n(.+)\n```$", text, re.MULTILINE)
    assert marked
    assert "tox run" in marked[1]
    assert (ROOT / "tox.ini").exists()
    starting = [
        s.text for s in snippets(path_of("README.md"), "sh") if "venv" in s.text
    ]
    assert "-e '.[demo]'" in starting[0]
    assert "&& EXAMPLE_DEVELOPMENT_TENANT=true" in starting[0]
    assert "--app example_app run" in starting[0]
    assert all(len(command.strip().splitlines()) == 1 for command in starting)


def test_every_public_name_is_on_the_page_of_the_api() -> None:
    text = path_of("api.rst").read_text()
    tree = inspect.getdoc(errors) or ""
    for name in vars(flask_auth0).keys() - {"login_required", "Auth0"}:
        value = getattr(flask_auth0, name)
        if name.startswith("_") or inspect.ismodule(value):
            continue
        assert re.search(rf":: (flask_auth0\.\w+\.)?{name}$", text, re.M), name
        if inspect.isclass(value):
            assert re.search(rf"── {name}\b|^ +{name}$", tree, re.M), name


def test_the_index_shows_the_same_app() -> None:
    first = [snippets(path_of(n), "python")[0].text for n in ("README.md", "index.rst")]
    assert first[0] == first[1]


def test_pictures_are_small() -> None:
    pictures = [*(ROOT / "docs" / "_static").glob("*.png")]
    assert pictures, "Take them: python -m tools.screenshots"
    assert max(path.stat().st_size for path in pictures) < 100_000
