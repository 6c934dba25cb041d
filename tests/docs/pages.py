"""The pages of the documentation, and the snippets in them."""

from __future__ import annotations

import re
import textwrap
import types
import typing as t
from pathlib import Path

from flask import Flask

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.rst"))]

#: Modules that the snippets of a page import, and that are too large for the tests.
NEEDS = {"dash.rst": "dash"}

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DIRECTIVE = re.compile(
    r"^\.\. code-block:: (\w+)\n\n((?:(?:    .*)?\n)+)", re.MULTILINE
)


class Snippet(t.NamedTuple):
    """A block of code on a page."""

    language: str
    text: str
    line: int


def path_of(name: str) -> Path:
    """Return the path of a page: in Markdown beside the package, or in ``docs``."""
    return ROOT / name if name.endswith(".md") else ROOT / "docs" / name


def snippets(path: Path, language: str) -> list[Snippet]:
    """The blocks of a page in one language."""
    text = path.read_text(encoding="utf-8") + "\n"
    pattern = _FENCE if path.suffix == ".md" else _DIRECTIVE
    return [
        Snippet(
            match[1],
            textwrap.dedent(match[2]).rstrip() + "\n",
            text.count("\n", 0, match.start(2)),
        )
        for match in pattern.finditer(text)
        if match[1] == language
    ]


def sides(diff: Snippet) -> tuple[str, str]:
    """What a diff with all its context leads from and to."""
    lines = diff.text.splitlines()[2:]
    before, after = (
        [each[1:] for each in lines if each[:1] != left_out] for left_out in "+-"
    )
    return "\n".join(before) + "\n", "\n".join(after) + "\n"


def table(path: Path, first_heading: str) -> list[list[str]]:
    """The rows of the ``list-table`` whose first heading this is, without markup."""
    for body in path.read_text(encoding="utf-8").split(".. list-table::")[1:]:
        rows = [_cells(row) for row in body.split("\n    * - ")[1:]]
        if rows[0][0] == first_heading:
            return rows[1:]
    raise LookupError(f"{path.name} has no table with {first_heading!r}")


def captioned(path: Path, caption: str) -> list[list[str]]:
    """The rows of the ``list-table`` with a caption, without markup."""
    _, found, body = path.read_text("utf-8").partition(f".. list-table:: {caption}\n")
    assert found, caption
    rows = body.partition(".. list-table::")[0].split("\n    * - ")[1:]
    return [_cells(row) for row in rows[1:]]


def _cells(row: str) -> list[str]:
    indented = re.match(r".*\n(?:(?:      .*)?\n)*", row + "\n")
    assert indented
    cells = indented[0].split("\n      - ")
    return [" ".join(cell.replace("``", "").split()) for cell in cells]


class Page:
    """The Python of one page, run in one module, from top to bottom."""

    def __init__(self, name: str, folder: Path) -> None:
        self.path = path_of(name)
        self.module = types.ModuleType("app")
        # Flask looks for templates beside it.
        self.module.__file__ = str(folder / "app.py")
        self.apps: list[Flask] = []
        self._waiting = snippets(self.path, "python")

    def __getitem__(self, name: str) -> t.Any:
        return vars(self.module)[name]

    def run_next(self) -> Page:
        """Run the next snippet."""
        snippet = self._waiting.pop(0)
        # Line numbers in a traceback are those of the page.
        code = compile("\n" * snippet.line + snippet.text, self.path, "exec")
        exec(code, vars(self.module))  # noqa: S102
        app = vars(self.module).get("app")
        if isinstance(app, Flask) and app not in self.apps:
            self.apps.append(app)
        return self

    def run_until(self, name: str) -> Page:
        """Run snippets until one of them has defined a name."""
        while name not in vars(self.module):
            self.run_next()
        return self

    def run(self) -> Page:
        """Run all the snippets that are left."""
        while self._waiting:
            self.run_next()
        return self
