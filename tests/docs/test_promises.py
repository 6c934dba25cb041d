"""The tests that the promises name are there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .pages import ROOT, path_of, table

ROWS = table(path_of("security.rst"), "Promise")


def defined(path: Path) -> set[str]:
    """The functions and classes of a test file, and the methods of those."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {each.name for each in ast.walk(tree) if isinstance(each, kinds)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_it_has_a_test(row: list[str]) -> None:
    promise, test = row
    name, *inside = test.split("::")
    assert promise.endswith(".")
    path = Path(name)
    assert path.name.startswith("test_") or path.parent.name == "contracts"
    assert set(inside) <= defined(ROOT / name)
