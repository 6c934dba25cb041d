"""Changes of claims while somebody is logged in."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, stream_with_context

from flask_auth0 import Auth0, Auth0Error
from flask_auth0.sessions.hooks import IDENTITY
from tests.harness.visitor import ADA, MakeVisitor, Visitor

from .hooked_app import Session, Views, assert_nothing_kept, kept, update


@pytest.mark.parametrize("path", ["/update", "/update-async"])
def test_claims_change_at_once_and_for_good(
    made: Views, visitor: Visitor, path: str
) -> None:
    visitor.log_in()
    before = kept(visitor)
    changed = {"https://example.com/roles": ["admin"], "nickname": "A", "email": None}
    answer = update(visitor, path, **changed)
    for user in (answer.get_json(), visitor.user(), kept(visitor)["user"]):
        assert user["https://example.com/roles"] == ["admin"]
        assert user["nickname"] == "A"
        assert user.get("email") is None
        assert (user["sub"], user["name"]) == ("auth0|ada", "Ada Lovelace")
    after = kept(visitor)
    assert {**after, "user": None} == {**before, "user": None}
    assert visitor.fetch("/refresh").status_code == 200
    assert visitor.user()["nickname"] == "A"
    visitor.log_in()
    assert visitor.user()["email"] == ADA


@pytest.mark.parametrize("claim", sorted(IDENTITY))
def test_who_the_user_is_cannot_be_changed(options: t.Any, claim: str) -> None:
    app = Flask(__name__)
    auth0 = Auth0(app, **options)
    for value in ("another", None):
        with app.test_request_context(), pytest.raises(ValueError, match=claim):
            auth0.update_session({claim: value, "name": "Eve"})


@pytest.mark.parametrize("claim", [{1}, float("inf"), "\ud800"], ids=ascii)
def test_what_is_no_json_is_told_at_once(options: t.Any, claim: t.Any) -> None:
    app = Flask(__name__)
    auth0 = Auth0(app, **options)
    with app.test_request_context(), pytest.raises(TypeError, match="claim 'color'"):
        auth0.update_session(color=claim)


@pytest.mark.parametrize("path", ["/update", "/update-async"])
def test_somebody_has_to_be_logged_in(made: Views, visitor: Visitor, path: str) -> None:
    answer = update(visitor, path, color="red")
    assert answer.status_code == 401
    assert answer.get_json()["error"] == "login_required"
    assert visitor.user() == {}
    assert_nothing_kept(made, visitor)


@pytest.mark.parametrize("mode", ["redis"], indirect=True)
def test_it_never_revives_a_session(
    made: Views, visitor: Visitor, make_visitor: MakeVisitor
) -> None:
    """Somebody logs out while a change waits for its turn to be kept."""
    visitor.log_in()
    twin = make_visitor(made.app)
    for name, value in visitor.cookies().items():
        twin.set_cookie(name, value)

    @made.auth0.before_session_saved
    def leave(session: Session) -> None:
        assert twin.get("/logout").status_code == 302

    assert update(visitor, color="red").status_code == 401
    assert_nothing_kept(made, visitor)


@pytest.mark.parametrize("mode", ["cookie"], indirect=True)
def test_too_much_leaves_all_as_it_was(made: Views, visitor: Visitor) -> None:
    visitor.log_in()
    before, cookies = kept(visitor), visitor.cookies()
    noise = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(4000))
    answer = update(visitor, noise=noise)
    assert answer.status_code == 431
    assert "Set-Cookie" not in answer.headers
    assert (kept(visitor), visitor.cookies()) == (before, cookies)


@pytest.mark.parametrize("mode", ["cookie"], indirect=True)
def test_a_streamed_response_comes_too_late(made: Views, visitor: Visitor) -> None:
    @made.app.get("/stream")
    def stream() -> t.Any:
        def late() -> t.Iterator[str]:
            try:
                made.auth0.update_session(color="red")
            except Auth0Error as error:
                yield error.description

        return stream_with_context(late())

    visitor.log_in()
    assert "cannot change the session" in visitor.fetch("/stream").text
