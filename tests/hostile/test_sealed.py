"""Values that are sealed with the right key, but have the wrong form."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from flask_auth0.sessions.sealing import Sealer
from tests.harness.visitor import HOST, NAVIGATION

from .cases import CASES
from .homes import Home
from .mutations import CHANGES, reshaped

# These tests have a full form.
pytestmark = pytest.mark.usefixtures("rounds")

PAGES = ["/seen", "/user", "/protected", "/recent", "/member", "/token", "/login"]
PAGES += ["/keep", "/logout", "/unknown"]


@contextmanager
def sealing(changes: t.Any) -> Iterator[None]:
    """Let the app seal something else than it means to."""
    original = Sealer.seal

    def seal(self: Sealer, value: t.Any, context: str, like: t.Any = None) -> str:
        return original(self, reshaped(value, changes), context, like)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sealer, "seal", seal)
        yield


@CASES
@given(changes=CHANGES, pages=st.lists(st.sampled_from(PAGES), min_size=1, max_size=3))
def test_a_strange_state_is_no_error(
    home: Home, changes: t.Any, pages: list[str]
) -> None:
    """Another version of the package, or a broken back end, may have left the value."""
    with sealing(changes):
        cookies = list(home.log_in("ada").items())
    for page in pages:
        answer = home.visit(page, cookies, headers=NAVIGATION)
        assert answer.status_code < 500
    if home.interface is not None:
        home.interface.back_end.remove(f"session:{dict(cookies).get('session')}")


@CASES
@given(
    changes=CHANGES,
    error=st.sampled_from(["error=access_denied", "error=x", "code=c"]),
    lost=st.booleans(),
)
def test_nor_is_a_strange_login_under_way(
    app: Flask, changes: t.Any, error: str, lost: bool
) -> None:
    """Neither its transaction, nor what came back with the ``state``, nor the count."""
    client = app.test_client()
    with sealing(changes):
        started = client.get(
            "/login?next=/profile&max_age=60&prompt=login", base_url=HOST
        )
        # Another one, so that its count is strange as well.
        client.get("/callback?code=c&state=unknown", base_url=HOST)
    assert started.status_code == 302
    if lost:
        client.delete_cookie(transaction_of(started), domain="localhost")
    state = started.location.partition("state=")[2].partition("&")[0]
    # A code that nobody issued makes the tenant answer with an error, at a price.
    error = error if lost else error.replace("code", "x")
    for path in [f"/callback?state={state}&{error}", "/login", "/profile"]:
        answer = client.get(path, base_url=HOST, headers=NAVIGATION)
        assert answer.status_code < 500
    assert client.get("/user", base_url=HOST).get_json() is None


def transaction_of(started: TestResponse) -> str:
    cookies = started.headers.getlist("Set-Cookie")
    return next(each for each in cookies if "_tx_" in each).partition("=")[0]
