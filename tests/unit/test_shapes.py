"""What passes for a part of a state, and what another version may have left."""

from __future__ import annotations

import typing as t

import pytest

from flask_auth0.sessions.shapes import is_body, is_moment
from tests.harness.scripts import run_script

TOKEN = {"access_token": "t", "audience": None, "scope": "", "expires_at": 1}


@pytest.mark.parametrize("value", [0, 1.5, 1_700_000_000])
def test_moments(value: t.Any) -> None:
    assert is_moment(value)


@pytest.mark.parametrize(
    "value",
    [None, "1", -1, float("nan"), float("inf"), 10**400, [], {}],
    ids=range(8),
)
def test_no_moments(value: t.Any) -> None:
    assert not is_moment(value)


def test_bodies() -> None:
    assert is_body({"token_sets": []})
    assert is_body({"token_sets": [TOKEN], "id_token": None, "more": 1})


@pytest.mark.parametrize(
    "value",
    [
        *(None, [], {}, {"token_sets": None}, {"token_sets": {}}),
        {"token_sets": [], "connection_token_sets": None},
        {"token_sets": [], "refresh_token": 1},
        *({"token_sets": [{**TOKEN, name: []}]} for name in TOKEN),
        {"token_sets": [{"audience": "a"}]},
    ],
    ids=range(12),
)
def test_no_bodies(value: t.Any) -> None:
    assert not is_body(value)


def test_threads_that_look_at_a_shape_for_the_first_time() -> None:
    """Where two do, msgspec crashes the process."""
    run_script(
        """
        import sys
        from threading import Barrier, Thread

        from flask_auth0.sessions.shapes import is_head

        sys.setswitchinterval(1e-6)
        times = {"created_at": 1, "seen": 1, "login": (1, 1, 1)}
        internal = {"session_id": "a", "body_key": "b", **times}
        state = {"user": {"sub": "ada"}, "internal": internal}
        start, found = Barrier(16), []

        def look():
            start.wait()
            found.append(is_head(state))

        threads = [Thread(target=look) for _ in range(16)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert found == [True] * 16
        """
    )
