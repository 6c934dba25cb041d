"""The layers of the package, as its contract names them, and which import which."""

from __future__ import annotations

import ast
import configparser
import typing as t
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "flask_auth0"

#: The modules that each module imports, by their names inside of the package.
Imports = Mapping[str, Collection[str]]


class Group(t.NamedTuple):
    """Modules of one folder, or those beside the folders, which have no title."""

    title: str
    modules: tuple[str, ...]


#: What is not above each other.
Layer = tuple[Group, ...]


def read_imports() -> Imports:
    """Return what each module imports, wherever in its text."""
    known = dict(_modules())
    return {name: {*_imports_of(name, known)} for name in known}


def read_layers(imports: Imports) -> list[Layer]:
    """Return the layers from the top to the bottom, and the tenant below them."""
    layers: list[Layer] = []
    for line in _contract("layers"):
        if line == "sessions":
            layers += _inside_sessions(imports)
        else:
            layers.append(_layer(line.split(" | "), imports))
    return [*layers, _layer(["tenant"], imports)]


def arrows(layers: list[Layer], imports: Imports) -> set[tuple[int, int]]:
    """Return which layers import from which, by their numbers."""
    number = {
        module: number
        for number, layer in enumerate(layers)
        for group in layer
        for module in group.modules
    }
    found = {(number.get(a), number.get(b)) for a in imports for b in imports[a]}
    return {(a, b) for a, b in found if a is not None and b is not None and a != b}


def _modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def _imports_of(name: str, known: Mapping[str, Path]) -> Iterator[str]:
    path = known[name]
    folder = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = folder[: len(folder) - node.level + 1]
        base += node.module.split(".") if node.module else []
        for alias in node.names:
            inside = ".".join([*base, alias.name])
            yield inside if inside in known else ".".join(base)


@cache
def _contract(name: str) -> list[str]:
    """Return the lines of a contract, without the name of the package in them."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    lines = contracts[f"importlinter:contract:{name}"]["layers"].split("\n")
    return [line.replace("flask_auth0.", "") for line in lines if line]


def _layer(members: list[str], imports: Imports) -> Layer:
    """Return the modules beside folders as one group, and each folder as another."""
    folders = [m for m in members if any(n.startswith(f"{m}.") for n in imports)]
    beside = tuple(m for m in members if m not in folders)
    groups = [Group("", beside)] if beside else []
    return (*groups, *(_folder(folder, imports) for folder in folders))


def _folder(folder: str, imports: Imports) -> Group:
    inside = [n for n in imports if n == folder or n.startswith(f"{folder}.")]
    return Group(f"{folder.replace('.', '/')}/", tuple(inside))


def _inside_sessions(imports: Imports) -> Iterator[Layer]:
    """Return the folders, what uses them, and what all but the lowest of them use."""
    _, *names = _contract("sessions")
    *upper, lowest = (f"sessions.{name}" for name in names)
    folders = (*upper, lowest)
    beside = [
        name
        for name in imports
        if name.startswith("sessions.") and not name.startswith(folders)
    ]
    above = tuple(n for n in beside if any(_reaches(n, f, imports) for f in upper))
    below = tuple(n for n in beside if n not in above)
    yield (Group("sessions/", above),)
    for folder in upper:
        yield (_folder(folder, imports),)
    yield (Group("sessions/", below),)
    yield (_folder(lowest, imports),)


def _reaches(name: str, folder: str, imports: Imports) -> bool:
    """Whether a module imports something of a folder, directly or not."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each.startswith(folder):
            return True
        waiting += {*imports[each]} - seen
        seen |= {*imports[each]}
    return False
