"""Every line that installs names this distribution, and README works on the index."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

from .pages import ROOT, path_of

DOCUMENTATION = "https://flask-auth0-server.readthedocs.io/en/latest/"
#: What tells people, or programs, what to install.
TELLING = ("*.md", "docs/*.rst", "docs/*.inc", "flask_auth0/**/*.py", "setup.cfg")
#: What is installed by a command, or required with extras.
REQUIRED = re.compile(r"pip install '?(flask[\w-]+)|(flask[_-]auth0[\w-]*\[[^]]*\])")

SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")


def requirements() -> Iterator[tuple[Path, Requirement]]:
    """Return where the package is required, as it is written there."""
    for path in (path for pattern in TELLING for path in ROOT.glob(pattern)):
        for command, text in REQUIRED.findall(path.read_text("utf-8")):
            yield path, Requirement((command or text).replace("{extra}", "redis"))


def test_every_line_that_installs_has_the_name() -> None:
    found = [*requirements()]
    assert {"README.md", "quickstart.rst", "setup.py"} <= {
        path.name for path, _ in found
    }
    for path, required in found:
        assert required.name == SETUP["metadata"]["name"] == "flask-auth0-server", path
        assert required.extras <= {*SETUP["options.extras_require"]}, path


def test_links_of_readme_work_on_the_index() -> None:
    links = re.findall(r"\]\(([^)]+)\)", path_of("README.md").read_text("utf-8"))
    pages = [link for link in links if link.startswith(DOCUMENTATION)]
    assert len(pages) > 5
    for link in links:
        assert link.startswith("https://"), "It would lead nowhere on the index."
    for page in pages:
        name = page.removeprefix(DOCUMENTATION).partition("#")[0]
        assert path_of(name.replace(".html", ".rst")).is_file(), page
