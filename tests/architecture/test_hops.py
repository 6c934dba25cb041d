"""A request goes on in few other files: what a function needs is handed to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.hops import counted
from tests.architecture.walks import WALKS
from tests.harness.visitor import Visitor

#: How often a walk may go on in another file, with cookies and with Redis.
BOUNDS = {
    "protected": (30, 35),
    "token": (47, 58),
    # Of these, five are for an ID token of another second than the one before.
    "refresh": (197, 214),
    "login": (72, 74),
    "callback": (116, 123),
    "backchannel": (0, 92),
}


PAGE = Path(__file__).parents[2] / "docs" / "architecture.rst"
#: How the page on the architecture names walks, and what each begins with there.
TOLD = {
    ("protected", "cookies"): "A request of a protected view, in cookies",
    ("protected", "redis"): "The same in Redis",
    ("login", "cookies"): "A login",
    ("login", "redis"): "A login",
    ("callback", "redis"): "And its callback, in Redis",
    ("refresh", "redis"): "A refresh, in Redis",
    ("backchannel", "redis"): "A back-channel logout, in Redis",
}


@pytest.mark.crossed
@pytest.mark.parametrize("name", WALKS)
def test_a_walk_has_few_hops(name: str, mode: str, visitor: Visitor) -> None:
    if (name, mode) == ("backchannel", "cookies"):
        pytest.skip("Sessions in cookies are not ended from outside.")
    # What waits on a busy machine can take more hops, and nothing can take fewer.
    hops = min((WALKS[name](visitor, counted) for _ in range(3)), key=int)
    told = f"{int(hops)} hops through {len(hops.files)} files"
    print(f"{name}, {mode}: {told}, most into {hops.most_entered()}")
    assert int(hops) <= BOUNDS[name][mode == "redis"], told


def steps(beginning: str) -> list[str]:
    """Return the modules that a line of arrows on the page goes through."""
    heading = rf"\*\*{beginning}\*\*:"
    (line,) = re.findall(rf"^{heading}\n(.+?)\n\n", PAGE.read_text(), re.M | re.S)
    return re.findall(r"``([\w/]+)``", line)


def followed(entered: list[str], wanted: list[str]) -> list[str]:
    """Return the first of the wanted modules that were entered in this order."""
    found = iter(name.removesuffix(".py").removesuffix("/__init__") for name in entered)
    return [step for step in wanted if step in found]


@pytest.mark.crossed
@pytest.mark.parametrize(("name", "mode"), TOLD, indirect=["mode"])
def test_the_page_tells_where_a_request_goes(
    name: str, mode: str, visitor: Visitor
) -> None:
    told = steps(TOLD[name, mode])
    assert len(told) > 8
    assert followed(WALKS[name](visitor, counted).entered, told) == told
