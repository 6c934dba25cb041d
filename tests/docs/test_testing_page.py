"""The tests on the page about testing pass, and each need has a heading."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from .pages import ROOT, path_of, snippets

PAGE = path_of("testing.rst")


def files() -> dict[str, str]:
    """The files of the page: a snippet without a name goes on with the last one."""
    found: dict[str, str] = {}
    name = ""
    for snippet in snippets(PAGE, "python"):
        first = snippet.text.splitlines()[0]
        name = first.removeprefix("# ") if first.startswith("# ") else name
        found[name] = f"{found.get(name, '')}\n{snippet.text}"
    return found


def test_the_tests_on_the_page_pass(tmp_path: Path) -> None:
    """They run as on a reader's machine, with warnings as errors."""
    made = files()
    for name, text in made.items():
        (tmp_path / name).write_text(text)
    (settings,) = snippets(PAGE, "toml")
    (tmp_path / "pyproject.toml").write_text(settings.text)
    plugins = ["-p", "no:cacheprovider", "-p", "tests.docs.browser_stand_in"]
    command = [sys.executable, "-m", "pytest", "-q", *plugins]
    paths = {"PYTHONPATH": f"{ROOT}:{tmp_path}", "PATH": ""}
    done = subprocess.run(
        command, cwd=tmp_path, env=paths, capture_output=True, text=True
    )
    tests = sum(len(re.findall("^def test_", text, re.M)) for text in made.values())
    assert tests > 20
    assert f"{tests} passed" in done.stdout, done.stdout + done.stderr


def test_no_answer_is_long() -> None:
    """Whoever looks for one has a heading, and a few lines below it."""
    text = PAGE.read_text(encoding="utf-8")
    sections = re.split(r"\n[^\n]+\n-{5,}\n", text)[1:]
    prose = [re.sub(r"\.\. code-block::.*?\n\n(    .*\n|\n)+", "", s) for s in sections]
    assert len(sections) > 20
    assert max(len(s.split()) for s in prose) < 100
