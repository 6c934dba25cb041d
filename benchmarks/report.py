"""What was measured, as tables for a terminal or for the documentation."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PACKAGES = (
    *("auth0-server-python", "cryptography", "Flask", "Flask-Login", "Flask-Session"),
    *("gunicorn", "redis", "Werkzeug"),
)


@dataclass(frozen=True)
class Table:
    """Rows of text under headings."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]

    def plain(self) -> str:
        """Return it for a terminal."""
        lines = [self.headings, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        body = [_aligned(line, widths) for line in lines]
        return "\n".join([self.title, "", body[0], "-" * len(body[0]), *body[1:]])

    def rst(self) -> str:
        """Return it for the documentation, between comments to include it by."""
        head = f".. begin: {self.title}\n\n.. list-table:: {self.title}"
        lines = [f"{head}\n    :header-rows: 1\n"]
        lines += map(_item, [self.headings, *self.rows])
        return "\n".join([*lines, "\n.. end\n"])


def machine() -> str:
    """Return what the numbers depend on."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{_processor()}, {platform.system()}, {python}, {', '.join(versions)}"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return f"{len(models)} x {models[0]}" if models else platform.machine()


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    numbers = [cell.rjust(width) for cell, width in others]
    return "  ".join([first[0].ljust(first[1]), *numbers])


def _item(cells: Sequence[str]) -> str:
    first, *others = cells
    lines = [f"    * - {first}", *(f"      - {cell}" for cell in others)]
    return "\n".join(map(str.rstrip, lines))
