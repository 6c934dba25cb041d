"""A process remembers results, and forgets them when there are too many."""

from __future__ import annotations

from flask_auth0.runtime.recent import Recent, Repeated


def test_it_remembers_so_many() -> None:
    recent: Recent[int, str] = Recent(3)
    for number in range(3):
        recent.keep(number, str(number))
    # Known ones push out nobody.
    recent.keep(0, "again")
    assert [recent.get(number) for number in range(4)] == ["again", "1", "2", None]


def test_then_it_begins_anew() -> None:
    recent: Recent[int, str] = Recent(3)
    for number in range(4):
        recent.keep(number, str(number))
    assert [recent.get(number) for number in range(4)] == [None, None, None, "3"]
    assert len(recent) == 1


def test_what_comes_once_is_not_remembered() -> None:
    recent: Repeated[int, str] = Repeated(3)
    for number in (0, 1, 0, 2):
        recent.keep(number, str(number))
    assert [recent.get(number) for number in range(3)] == ["0", None, None]


def test_of_those_that_came_once_it_knows_so_many() -> None:
    recent: Repeated[int, str] = Repeated(3)
    for number in (0, 1, 2, 3, 0, 3):
        recent.keep(number, str(number))
    assert [recent.get(number) for number in range(4)] == [None, None, None, "3"]
    for number in range(100):
        recent.keep(number, "once")
        assert len(recent._once) <= 3
        assert len(recent) <= 3
