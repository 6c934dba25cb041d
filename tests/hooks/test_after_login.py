"""Hooks that answer a login."""

from __future__ import annotations

import typing as t

import pytest
from flask import abort

from flask_auth0 import current_user, user_logged_in
from tests.harness.visitor import ADA, Visitor

from .hooked_app import Views, assert_nothing_kept


def test_a_login_goes_on_after_it(made: Views, visitor: Visitor) -> None:
    seen: list[t.Any] = []

    @made.auth0.after_login
    def look(session: t.Mapping[str, t.Any], app_state: t.Mapping[str, t.Any]) -> None:
        seen.append((session["user"]["sub"], dict(app_state), current_user.sub))
        assert len(session["token_sets"]) == 1
        assert "internal" not in session
        for mapping in (session, session["user"], app_state):
            with pytest.raises(TypeError):
                t.cast(dict[str, t.Any], mapping)["sub"] = "auth0|eve"

    answer = visitor.log_in(path="/login?next=/deep&screen_hint=signup&max_age=60")
    assert answer.location == "/deep"
    asked_for = {"next": "/deep", "screen_hint": "signup", "max_age": 60}
    assert seen == [("auth0|ada", asked_for, "auth0|ada")]
    assert visitor.log_in().location == "/"
    assert seen[1][1] == {"next": "/"}


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_the_first_response_answers(
    made: Views, visitor: Visitor, is_async: bool
) -> None:
    calls: list[str] = []

    @made.auth0.after_login
    def provision(session: t.Any, app_state: t.Any) -> None:
        calls.append("provision")

    def onboard(session: t.Any, app_state: t.Any) -> t.Any:
        calls.append("onboard")
        return {"next": app_state["next"]}, 201

    async def onboard_async(session: t.Any, app_state: t.Any) -> t.Any:
        return onboard(session, app_state)

    made.auth0.after_login(onboard_async if is_async else onboard)
    made.auth0.after_login(lambda session, app_state: calls.append("never"))
    with user_logged_in.connected_to(lambda app, user: calls.append("signal")):
        answer = visitor.log_in(path="/login?next=/deep")
    assert (answer.status_code, answer.get_json()) == (201, {"next": "/deep"})
    assert calls == ["provision", "onboard", "signal"]
    assert visitor.user()["email"] == ADA


def test_it_may_change_the_session(made: Views, visitor: Visitor) -> None:
    seen: list[t.Any] = []

    @made.auth0.after_login
    async def assign(session: t.Any, app_state: t.Any) -> None:
        await made.auth0.client.update_session(number=7)

    @made.auth0.after_login
    def look(session: t.Any, app_state: t.Any) -> None:
        made.auth0.get_access_token(force_refresh=True)
        seen.append(session["user"]["number"])

    assert visitor.log_in().status_code == 302
    assert seen == [7]
    assert visitor.user()["number"] == 7


def test_it_may_refuse_as_flask_does(made: Views, visitor: Visitor) -> None:
    @made.auth0.after_login
    def refuse(session: t.Any, app_state: t.Any) -> None:
        abort(403, "Not you.")

    assert visitor.log_in().status_code == 403
    assert_nothing_kept(made, visitor)
