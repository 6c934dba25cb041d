"""What the page on the architecture says is so."""

from __future__ import annotations

from tests.client.test_private_members import ELSEWHERE, OVERRIDDEN

from .pages import path_of, table


def short(module: str, name: str) -> str:
    """A class as the page writes it: its package and its own name."""
    return f"{module.partition('.')[0]}…{name.rpartition('.')[2]}"


def test_private_members_of_others() -> None:
    listed = {(short(of, of), name) for of in OVERRIDDEN for name in OVERRIDDEN[of]}
    listed |= {(short(cls.__module__, cls.__name__), name) for cls, name in ELSEWHERE}
    told = {
        (of, name)
        for of, names, why in table(path_of("architecture.rst"), "Of")
        for name in names.split(", ")
        if why != "Documented by Werkzeug."
    }
    assert told == listed
