"""Which texts every browser takes for a path on the same origin."""

from __future__ import annotations

import pytest

from flask_auth0.views.own_urls import MAX_LENGTH
from flask_auth0.views.redirects import is_local_path

#: White space of ASCII and of others, controls, and what no font shows.
NO_PATH = ["\0", "\t", "\n", "\r", "\x0b", " ", "\x1f", "\x7f", "\x85", "\xa0"]
NO_PATH += ["\u200b", "\u2028", "\u202e", "\u3000", "\ufeff", "\\", "\ud83d"]


@pytest.mark.parametrize("character", NO_PATH, ids=lambda each: f"U+{ord(each):04X}")
@pytest.mark.parametrize(
    "place", ["{}/page", "/{}page", "/{}/page", "/page{}", "/p?{}"]
)
def test_a_character_that_no_path_has(place: str, character: str) -> None:
    assert not is_local_path(place.format(character))


@pytest.mark.parametrize(
    "target", ["", "page", "//host", "///", "http:/page", "?q", "#"]
)
def test_what_leads_elsewhere(target: str) -> None:
    assert not is_local_path(target)


@pytest.mark.parametrize("target", ["/", "/page?q=1#end", "/a//b", "/%00%20", "/é"])
def test_paths(target: str) -> None:
    assert is_local_path(target)


def test_the_longest() -> None:
    assert is_local_path("/".ljust(MAX_LENGTH, "x"))
    assert not is_local_path("/".ljust(MAX_LENGTH + 1, "x"))
