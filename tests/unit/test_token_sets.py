"""The SDK's mistakes in a state are corrected."""

from __future__ import annotations

import time
import typing as t

from auth0_server_python.utils import State

from flask_auth0.sessions.token_sets import (
    Wanted,
    granted_scopes,
    repaired,
    usable_token,
)

NOW = int(time.time())


def token(
    name: str, audience: t.Any, scope: t.Any = "openid", lasts: int = 60
) -> t.Any:
    return {
        "access_token": name,
        "audience": audience,
        "scope": scope,
        "expires_at": NOW + lasts,
    }


def refreshed(audience: str | None = None) -> tuple[t.Any, t.Any]:
    """A state before a refresh, and what the SDK makes of it afterwards."""
    before = {
        "user": {"sub": "ada"},
        "id_token": "id",
        "refresh_token": "refresh",
        "token_sets": [token("old", audience or "default", lasts=-60)],
        "internal": {},
    }
    answer = {"access_token": "new", "expires_in": 60, "scope": "openid"}
    # The SDK itself refreshes without an audience.
    update: t.Any = State.update_state_data
    return before, update(audience, before, answer)


def test_the_sdk_alone_loses_the_id_token_and_the_audience() -> None:
    _, after = refreshed()
    assert after["id_token"] is None
    assert [each["audience"] for each in after["token_sets"]] == ["default", None]


def test_repaired() -> None:
    before, after = refreshed()
    found = repaired(after, before, NOW)
    assert found["id_token"] == "id"
    assert [each["access_token"] for each in found["token_sets"]] == ["new"]
    assert usable_token(found, Wanted("default"), NOW) == "new"
    assert usable_token(found, Wanted("https://api"), NOW) is None


def test_tokens_for_several_audiences_stay() -> None:
    state = {
        "token_sets": [token("a", "https://a"), token("b", None), token("c", None)]
    }
    found = repaired(state, {}, NOW)
    assert [each["access_token"] for each in found["token_sets"]] == ["a", "c"]
    assert usable_token(found, Wanted("https://a"), NOW) == "a"


def test_the_last_token_stays_even_if_it_has_expired() -> None:
    state = {
        "token_sets": [token("a", None, lasts=-1), token("b", None, "x", lasts=-1)]
    }
    found = repaired(state, {}, NOW)
    assert [each["access_token"] for each in found["token_sets"]] == ["b"]
    assert usable_token(found, Wanted("default"), NOW) is None


def test_a_token_with_less_scope_than_asked_for_is_used() -> None:
    state = {"token_sets": [token("a", "default", "openid")]}
    assert usable_token(state, Wanted("default"), NOW) == "a"


def test_a_token_that_says_no_audience_is_for_none() -> None:
    nameless = {name: v for name, v in token("a", None).items() if name != "audience"}
    assert usable_token({"token_sets": [nameless]}, Wanted("default"), NOW) is None


def test_scopes_are_those_of_good_tokens() -> None:
    sets = [
        token("a", None, "old", lasts=-60),
        token("b", "default", "openid read", lasts=60),
        token("c", "default", "openid write", lasts=60),
        token("d", "https://other", "pay"),
        token("e", "default", None),
    ]
    scopes = granted_scopes({"token_sets": sets}, "default", NOW)
    assert scopes == {"openid", "read", "write"}
    assert granted_scopes({"token_sets": sets}, "https://other", NOW) == {"pay"}
    assert granted_scopes({}, "default", NOW) == set()


def test_scopes_of_the_newest_token_where_all_have_expired() -> None:
    sets = [token("a", "x", "more", lasts=-60), token("b", "x", "less", lasts=-60)]
    assert granted_scopes({"token_sets": sets}, "x", NOW) == {"less"}
