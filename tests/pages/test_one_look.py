"""The pages, the development tenant and the example app share a palette and a type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "flask_auth0/static/pages.css"
EXAMPLE = ROOT / "example_app/static/style.css"
TENANT = ROOT / "flask_auth0/tenant/templates/flask_auth0_tenant/style.css"
#: What the tenant calls the colors of the pages.
CALLED = {
    "background": "page",
    "surface": "panel",
    "border": "line",
    "notice": "on-warn",
    "notice-soft": "warn",
    "notice-border": "warn-line",
}


def colors(path: Path) -> dict[str, list[str]]:
    """The light and the dark value of each variable."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"--([\w-]+):\s*([^;]+);", path.read_text("utf-8")):
        found.setdefault(name, []).append(value.replace("#ffffff", "#fff"))
    return found


@pytest.mark.parametrize("other", [EXAMPLE, TENANT], ids=["example", "tenant"])
def test_the_colors_are_the_same(other: Path) -> None:
    ours, theirs = colors(PAGES), colors(other)
    names = CALLED if other == TENANT else {}
    shared = {name for name in ours if names.get(name, name) in theirs}
    assert len(shared) > 8
    for name in shared:
        assert theirs[names.get(name, name)] == ours[name], name


@pytest.mark.parametrize("path", [PAGES, EXAMPLE, TENANT], ids=lambda path: path.name)
def test_the_type_and_the_radius_are_the_same(path: Path) -> None:
    css = path.read_text("utf-8")
    assert "1rem/1.6 system-ui" in css
    assert "14px" in css
