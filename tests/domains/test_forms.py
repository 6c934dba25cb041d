"""A form that a login came in between is for the user of one tenant alone."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0 import kept_form, login_required
from tests.harness.domains import FIRST, Place
from tests.harness.visitor import NAVIGATION

from .conftest import MakeOwn, Places


@pytest.fixture
def app(make_own: MakeOwn) -> Flask:
    app = make_own()

    @app.route("/note", methods=["GET", "POST"])
    @login_required(keep_form=True)
    def note() -> t.Any:
        return dict(kept_form() or {})

    return app


def end_session(place: Place) -> None:
    """Drop the cookies of a session, as a browser does when its time is over."""
    for name in place.cookies():
        if not name.endswith("_a0_author"):
            place.client.delete_cookie(name, domain=FIRST)


def test_another_tenants_user_of_the_same_sub_gets_nothing(places: Places) -> None:
    first, second = places
    first.log_in()
    sub = first.user()["sub"]
    first.get("/note")
    end_session(first)
    own = {"Origin": first.base_url, "Referer": f"{first.base_url}/note"}
    headers = {**NAVIGATION, **own, "Sec-Fetch-Site": "same-origin"}
    first.client.post(
        "/note", base_url=first.base_url, data={"title": "x"}, headers=headers
    )
    assert any("_a0_sent_" in name for name in first.cookies())
    second.take_cookies(first)
    second.log_in()
    assert second.user()["sub"] == sub
    assert second.get("/note").get_json() == {}
