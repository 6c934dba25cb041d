"""The plan in the documents is the one that runs."""

from __future__ import annotations

import textwrap

from tests.docs.pages import path_of, table

from .modules import Module
from .plan import PLAN


def row(module: Module) -> list[str]:
    """Return a line of the plan as the table has it, without markup."""
    return [
        " ".join(each.split()) for each in (module.name, module.what, module.result)
    ]


def test_the_table_is_the_plan() -> None:
    rows = table(path_of("security.rst"), "Module")
    assert rows == [row(module) for module in PLAN], f"It should be:\n{as_table()}"


def test_each_module_is_there_once() -> None:
    names = [module.name for module in PLAN]
    assert sorted(names) == sorted(set(names))


def as_table() -> str:
    """Return the table's rows as they are written in the documents."""
    return "\n".join(map(_written, PLAN))


def _written(module: Module) -> str:
    result = module.result
    if module.log:
        result = f"Refused: ``{module.log}``"
    cells = (f"``{module.name}``", module.what, result)
    return textwrap.indent("* - " + "\n  - ".join(cells), "    ")
