"""The commands in the document for contributors exist."""

from __future__ import annotations

import configparser
import re
import typing as t
from pathlib import Path

import pytest
from flask import Flask

from flask_auth0 import LoginFailed

from .pages import ROOT, snippets

WORKFLOW = ROOT / ".github" / "workflows" / "tests.yml"
HOOKS = ROOT / ".pre-commit-config.yaml"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
TOLD = [ROOT / "README.md", CONTRIBUTING, ROOT / ".ci" / "run"]
TOLD += [WORKFLOW, HOOKS]


@pytest.fixture(scope="module")
def tox() -> configparser.ConfigParser:
    """The environments of tox."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini", encoding="utf-8")
    return parser


def environments(tox: configparser.ConfigParser) -> set[str]:
    """The environments that have names; tox makes those of a Python itself."""
    named = {s.partition(":")[2] for s in tox.sections() if s.startswith("testenv:")}
    return {*named, "py", *(f"py3{minor}" for minor in range(10, 15))}


def labels(tox: configparser.ConfigParser) -> dict[str, list[str]]:
    """The environments that each label stands for."""
    lines = tox["tox"]["labels"].strip().splitlines()
    pairs = (line.partition(" = ") for line in lines)
    return {name: value.split(", ") for name, _, value in pairs}


def text_of(path: Path) -> str:
    """A text without the ends of its lines, at which commands are broken."""
    return " ".join(path.read_text(encoding="utf-8").split())


def test_labels_stand_for_environments(tox: configparser.ConfigParser) -> None:
    known = environments(tox)
    assert list(labels(tox)) == ["check", "fast", "docs", "all"]
    assert all(set(names) <= known for names in labels(tox).values())
    assert labels(tox)["all"] == tox["tox"]["env_list"].split()


@pytest.mark.parametrize("path", TOLD, ids=lambda path: path.name)
def test_commands_of_tox(path: Path, tox: configparser.ConfigParser) -> None:
    text = text_of(path)
    assert set(re.findall(r"tox run -m ([\w-]+)", text)) <= set(labels(tox))
    assert set(re.findall(r"tox run -e ([\w-]+)", text)) <= environments(tox)
    for option in re.findall(r"tox run (\S+)", text):
        assert option in {"-m", "-e"} or not option.startswith("-")


def test_contributors_are_told_each_word(tox: configparser.ConfigParser) -> None:
    text = text_of(CONTRIBUTING)
    assert set(re.findall(r"tox run -m ([\w-]+)", text)) == set(labels(tox))


def test_the_workflow_runs_all_environments_on_all_versions(
    tox: configparser.ConfigParser,
) -> None:
    text = WORKFLOW.read_text(encoding="utf-8")
    run = set(re.findall(r"environment: ([\w-]+)", text))
    versions = re.findall(r":: 3\.(\d+)$", (ROOT / "setup.cfg").read_text(), re.M)
    assert run <= environments(tox)
    assert run == {*labels(tox)["all"], *(f"py3{v}" for v in versions)} - {"py"}
    assert "bash .ci/run" in text


def test_files_that_tools_are_told_of_exist() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = re.findall(r'"((?:flask_auth0|tests|tools)/[^"*]+)"', text)
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_files_that_are_named_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = [x for x in re.findall(r"\]\(([^)]+)\)", text) if "://" not in x]
    folders = "flask_auth0|tests|tools|docs|example_app|benchmarks"
    named = re.findall(rf"(?<![\w/.-])(?:{folders})/[\w./-]*\w", text)
    assert [x for x in [*links, *named] if not (ROOT / x).exists()] == []


def test_the_example_of_an_error_reaches_the_handlers_above() -> None:
    (example,) = (s for s in snippets(CONTRIBUTING, "python") if "Failed)" in s.text)
    names: dict[str, t.Any] = {}
    exec(example.text, names)  # noqa: S102
    app = Flask(__name__)
    app.register_error_handler(LoginFailed, lambda error: (error.error, error.code))

    @app.get("/")
    def suspended() -> str:
        raise names["AccountSuspended"](code=403)

    answer = app.test_client().get("/")
    assert (answer.status_code, answer.text) == (403, "account_suspended")


def test_hooks_use_pinned_versions() -> None:
    packages = re.findall(r"additional_dependencies: \[(.*)\]", HOOKS.read_text())
    assert packages
    assert all(re.fullmatch(r"[\w-]+==[\d.]+", package) for package in packages)
