"""How long a session lasts."""

from __future__ import annotations

import pytest

from flask_auth0.sessions.lifetime import Lifetime, Moments


@pytest.mark.parametrize(
    ("created", "seen", "ceiling", "rolling", "expires"),
    [
        (0, 0, None, True, 100),
        (0, 950, None, True, 1000),
        (0, 500, None, True, 600),
        (0, 500, None, False, 1000),
        (0, 500, 400, True, 370),
        (0, 0, 5000, True, 100),
        (0, 0, 5000, False, 1000),
    ],
)
def test_a_session_expires(
    created: float, seen: float, ceiling: float | None, rolling: bool, expires: float
) -> None:
    lifetime = Lifetime(absolute=1000, inactivity=100, rolling=rolling)
    assert lifetime.expires_at(Moments(created, seen, ceiling)) == expires


@pytest.mark.parametrize(("longest", "ends"), [(400, 400), (2000, 1000)])
def test_a_session_does_not_outlast_the_limit_of_its_login(
    longest: float, ends: float
) -> None:
    lifetime = Lifetime(absolute=1000, inactivity=100, rolling=True)
    assert lifetime.ends_at(Moments(0, 0, longest=longest)) == ends


def test_activity_is_noted_once_per_small_part_of_the_window() -> None:
    lifetime = Lifetime(absolute=1000, inactivity=600, rolling=True)
    assert not lifetime.is_due(seen=700, now=709)
    assert lifetime.is_due(seen=700, now=710)
    assert not Lifetime(1000, 600, rolling=False).is_due(seen=0, now=599)
    assert not Lifetime(1000, 10, rolling=True).is_due(seen=700, now=700)
    assert Lifetime(1000, 10, rolling=True).is_due(seen=700, now=701)


def test_another_limit_for_the_idle() -> None:
    limit = 600.0
    lifetime = Lifetime(1000, 700, rolling=True, limit=lambda: limit)
    assert lifetime.expires_at(Moments(0, 100)) == 700
    assert not lifetime.is_due(seen=0, now=9)
    assert lifetime.is_due(seen=0, now=10)
    limit = 800.0
    assert lifetime.expires_at(Moments(0, 100)) == 800
