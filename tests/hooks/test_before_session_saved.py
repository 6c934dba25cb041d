"""Hooks that change what a session holds or answer a login, and changes of claims."""

from __future__ import annotations

import logging
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from flask import Flask, current_app

from flask_auth0 import SessionTooLarge, user_logged_in
from flask_auth0.sessions.hooks import IDENTITY
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import GRACE, MakeVisitor, Visitor, query_of

from .hooked_app import Session, Views, add_views, assert_nothing_kept, kept, update


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_claims_are_added_and_left_out(
    made: Views, visitor: Visitor, is_async: bool
) -> None:
    def change(session: Session) -> None:
        session["user"]["roles"] = ["admin"]
        del session["user"]["email"]

    async def change_async(session: Session) -> None:
        change(session)

    made.auth0.before_session_saved(change_async if is_async else change)
    told: list[Session] = []
    listen = lambda app, user: told.append(user)  # noqa: E731
    with user_logged_in.connected_to(listen):
        visitor.log_in()
    for _ in range(2):
        user = visitor.user()
        assert user["roles"] == ["admin"]
        assert user.get("email") is None
        assert user["name"] == "Ada Lovelace"
    assert told[0]["roles"] == ["admin"]
    assert "email" not in told[0]


def test_it_is_called_in_order_at_each_change(made: Views, visitor: Visitor) -> None:
    @made.auth0.before_session_saved
    def count(session: Session) -> None:
        session["count"] = session.get("count", 0) + 1

    @made.auth0.before_session_saved
    async def double(session: Session) -> None:
        session["user"]["twice"] = 2 * session["count"]

    visitor.log_in()
    assert visitor.user()["twice"] == 2
    token = visitor.fetch("/refresh").text
    assert visitor.user()["twice"] == 4
    assert kept(visitor)["token_sets"][-1]["access_token"] == token
    assert visitor.fetch("/refresh-async").status_code == 200
    assert update(visitor, color="red").get_json()["twice"] == 8
    assert kept(visitor)["count"] == 4


def test_nobody_becomes_somebody_else(made: Views, visitor: Visitor) -> None:
    before = {}

    def forge(session: Session) -> None:
        before.update(session["user"])
        assert "internal" not in session
        session["internal"] = {"sid": "another", "session_id": "another"}
        session["domain"] = "evil.example"
        session["refresh_token"] = "forged"
        session["token_sets"].append({**session["token_sets"][0], "scope": "forged"})
        session["user"] = dict.fromkeys(IDENTITY, "forged") | {"name": "Eve"}

    made.auth0.before_session_saved(forge)
    visitor.log_in()
    user, session = visitor.user(), kept(visitor)
    assert user["name"] == "Eve"
    known = {k: v for k, v in before.items() if k in IDENTITY}
    assert known["sub"] == "auth0|ada"
    assert {k: v for k, v in user.items() if k in IDENTITY and v is not None} == known
    assert session["domain"] == made.app.extensions["auth0"].config.domain
    assert session["refresh_token"] != "forged"
    assert len(session["token_sets"]) == 1
    assert visitor.fetch("/refresh").status_code == 200


def test_tokens_and_protocol_claims_can_be_left_out(
    made: Views, visitor: Visitor
) -> None:
    @made.auth0.before_session_saved
    def trim(session: Session) -> None:
        session["user"] = {"name": session["user"]["name"]}
        session["id_token"] = None
        del session["refresh_token"], session["token_sets"]

    visitor.log_in()
    user, session = visitor.user(), kept(visitor)
    assert {k: v for k, v in user.items() if v is not None} == {
        "sub": "auth0|ada",
        "name": "Ada Lovelace",
    }
    assert (session["id_token"], session["refresh_token"]) == (None, None)
    assert session["token_sets"] == []
    assert visitor.fetch("/refresh").status_code == 401
    assert "post_logout_redirect_uri" in query_of(visitor.get("/logout").location)


def test_what_cannot_be_kept_is_told_at_once(
    made: Views, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    wrong: dict[str, t.Callable[[Session], t.Any]] = {
        "the claim 'roles' (set)": lambda s: s["user"].update(roles={"admin"}),
        "the claim 'score' (float)": lambda s: s["user"].update(score=float("nan")),
        "the claim 'text' (str)": lambda s: s["user"].update(text="\ud800"),
        "the field 'extra' (object)": lambda s: s.update(extra=object()),
        "no mapping of claims under 'user'": lambda s: s.update(user=None),
        "returned something": lambda s: dict(s),
    }
    for text, change in wrong.items():

        def named(session: Session, change: t.Any = change) -> t.Any:
            return change(session)

        made.auth0._hooks.before_saved[:] = [named]
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            assert visitor.log_in().status_code == 500
        error = caplog.records[-1].exc_info
        assert error
        assert isinstance(error[1], TypeError)
        assert text in str(error[1])
        assert "named" in str(error[1])
        assert_nothing_kept(made, visitor)


#: Among them those that would be the tenant's fault if the SDK raised them.
ERRORS = [
    ZeroDivisionError("theirs"),
    ValueError("theirs"),
    TimeoutError("theirs"),
    httpx.ConnectError("theirs"),
    SessionTooLarge(1),
]


@pytest.mark.parametrize("kind", ["before_session_saved", "after_login"])
def test_an_error_refuses_the_login_and_is_theirs(
    made: Views, visitor: Visitor, kind: str
) -> None:
    caught: list[Exception] = []
    remaining = iter(ERRORS)
    for error in ERRORS:
        made.app.register_error_handler(type(error), catching(caught))

    def fail(*args: t.Any) -> None:
        raise next(remaining)

    visitor.log_in(GRACE)
    getattr(made.auth0, kind)(fail)
    told: list[t.Any] = []
    listen = lambda app, user: told.append(user)  # noqa: E731
    with user_logged_in.connected_to(listen):
        # However often: this is no loop of logins that do not last.
        answers = [visitor.log_in() for _ in ERRORS]
    assert [each.status_code for each in answers] == [418] * len(ERRORS)
    assert caught == ERRORS
    assert told == []
    assert_nothing_kept(made, visitor)


def catching(caught: list[Exception]) -> t.Callable[[Exception], t.Any]:
    """Make an error handler that remembers."""

    def catch(error: Exception) -> t.Any:
        caught.append(error)
        return "caught", 418

    return catch


@pytest.mark.parametrize("path", ["/refresh", "/refresh-async"])
def test_an_error_at_a_refresh_is_theirs_and_loses_no_token(
    made: Views, visitor: Visitor, path: str
) -> None:
    error, caught = ValueError("theirs"), list[Exception]()
    made.app.register_error_handler(ValueError, catching(caught))
    visitor.log_in()
    before = kept(visitor)

    @made.auth0.before_session_saved
    def fail(session: Session) -> None:
        session["user"]["name"] = "Eve"
        raise error

    assert visitor.fetch(path).status_code == 418
    assert caught == [error]
    assert update(visitor, color="red").status_code == 418
    made.auth0._hooks.before_saved.clear()
    after = kept(visitor)
    assert after["user"] == before["user"]
    assert after["refresh_token"] != before["refresh_token"]
    # The tenant takes this one, as it has not been spent.
    made.app.extensions["auth0"].client.transports._latest = None
    assert visitor.fetch("/refresh").status_code == 200


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_it_may_call_the_extension(
    made: Views, make_visitor: MakeVisitor, is_async: bool
) -> None:
    """Even if many do so at once, and all of them wait for the loop."""
    users: list[t.Any] = []
    barrier = threading.Barrier(12)

    def ask(session: Session) -> None:
        barrier.wait(20)
        found = made.auth0.get_session()
        users.append(found and found["user"]["sub"])

    async def ask_async(session: Session) -> None:
        barrier.wait(20)
        found = await made.auth0.client.get_session()
        users.append(found and found["user"]["sub"])

    visitors = [make_visitor(made.app) for _ in range(12)]
    for number, visitor in enumerate(visitors):
        visitor.client = logged_in_client(
            made.app, sub="auth0|ada", refresh_token=f"refresh-{number}"
        )
    made.auth0.before_session_saved(ask_async if is_async else ask)
    with ThreadPoolExecutor(12) as executor:
        paths = ["/update", "/update-async"] * 6
        answers = list(executor.map(lambda v, p: update(v, p, n=1), visitors, paths))
    assert [each.status_code for each in answers] == [200] * 12
    assert users == ["auth0|ada"] * 12


@pytest.mark.parametrize("call", ["get_access_token", "update_session"])
def test_it_does_not_wait_for_itself(made: Views, visitor: Visitor, call: str) -> None:
    visitor.log_in()
    told: list[str] = []

    @made.auth0.before_session_saved
    def again(session: Session) -> None:
        arguments = {"color": "red"} if call == "update_session" else {"scope": "a b"}
        with pytest.raises(RuntimeError, match="Change the mapping") as caught:
            getattr(made.auth0, call)(**arguments)
        told.append(str(caught.value))

    assert visitor.fetch("/refresh").status_code == 200
    assert len(told) == 1


def test_several_apps_share_the_hooks(
    made: Views, options: dict[str, t.Any], make_visitor: MakeVisitor
) -> None:
    other = Flask("other")
    other.testing = True
    made.auth0.init_app(other)
    add_views(other, made.auth0)

    @made.auth0.before_session_saved
    def tell(session: Session) -> None:
        session["user"]["app"] = current_app.name

    for app in (made.app, other):
        visitor = make_visitor(app)
        visitor.log_in()
        assert visitor.user()["app"] == app.name


def test_a_client_for_tests_has_what_the_hooks_make(made: Views) -> None:
    @made.auth0.before_session_saved
    def add(session: Session) -> None:
        session["user"]["roles"] = ["admin"]

    client = logged_in_client(made.app)
    assert client.get("/user").get_json()["roles"] == ["admin"]
