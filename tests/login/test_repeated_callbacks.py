"""A callback that a browser asks for more than once: one exchange, one answer."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from flask import Flask, Response, session

from flask_auth0 import Auth0
from flask_auth0.client import repeated_callbacks
from flask_auth0.tenant import TenantServer
from tests.fixtures.rounds import Rounds
from tests.harness.own_stores import SlowTransactions
from tests.harness.visitor import ADA, HOST, MakeApp, MakeVisitor, Visitor, query_of

from .repeating import MANY, ask, ask_at_once, cookies_of, headers_of, outcomes


@pytest.fixture(autouse=True)
def token_requests(tenant: TenantServer) -> Iterator[list[t.Any]]:
    """The requests that reach the token endpoint."""
    tenant.tenant.token_requests.clear()
    yield tenant.tenant.token_requests
    tenant.tenant.token_requests.clear()


def test_one_exchange_and_one_answer_for_all(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    token_requests: list[t.Any],
    rounds: Rounds,
) -> None:
    app = make_app(scope="openid profile offline_access")

    @app.get("/token")
    def token() -> str:
        return Auth0().get_access_token(force_refresh=True)

    visitor = make_visitor(app)
    for number in range(rounds(short=5, full=300)):
        token_requests.clear()
        callback = visitor.authorize(visitor.get("/login?next=/profile"))
        tenant.tenant.fail_next_token_request(status=None, delay=number % 3 * 0.03)
        answers = ask_at_once(visitor, callback)
        assert {(each.status_code, each.location) for each in answers} == {
            (302, "/profile")
        }
        assert outcomes(token_requests) == [("authorization_code", "ok")]
        assert all(headers_of(each) == headers_of(answers[0]) for each in answers)
        for answer in answers[:2]:
            assert "Hello" in ask(app, "/profile", cookies_of(answer)).text
        assert ask(app, "/token", cookies_of(answers[-1])).status_code == 200
        assert outcomes(token_requests)[1:] == [("refresh_token", "ok")]
        visitor.client = app.test_client()


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        ({"status": 400, "body": b'{"error": "invalid_grant"}'}, 400),
        ({"status": 500}, 503),
    ],
)
def test_all_see_the_page_of_one_failure(
    visitor: Visitor,
    tenant: TenantServer,
    token_requests: list[t.Any],
    failure: dict[str, t.Any],
    status: int,
) -> None:
    callback = visitor.authorize(visitor.get("/login"))
    tenant.tenant.fail_next_token_request(**failure, delay=0.1)
    answers = ask_at_once(visitor, callback)
    assert {each.status_code for each in answers} == {status}
    assert len({each.text for each in answers}) == 1
    assert all(headers_of(each) == headers_of(answers[0]) for each in answers)
    assert len(token_requests) == 1


def test_who_asks_a_little_later_gets_the_answer_as_well(
    visitor: Visitor, token_requests: list[t.Any]
) -> None:
    """The answer to the first request may not have reached the browser."""
    callback = visitor.authorize(visitor.get("/login?next=/profile"))
    cookies = visitor.cookies()
    first = visitor.get(callback)
    again = ask(visitor.app, callback, cookies)
    assert headers_of(again) == headers_of(first)
    # With the new cookies, it goes on as well.
    assert visitor.get(callback).location == "/profile"
    assert len(token_requests) == 1


def test_another_browser_gets_nothing(
    visitor: Visitor, make_visitor: MakeVisitor
) -> None:
    callback = visitor.authorize(visitor.get("/login?next=/profile"))
    assert visitor.get(callback).location == "/profile"
    mallory = make_visitor(visitor.app)
    answer = mallory.get(callback)
    assert "/authorize" in answer.location
    assert mallory.user() is None


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "{state}x"},
        {"code": "x{code}"},
        {"code": None},
        {"iss": "https://evil.example/"},
        {"error": "access_denied"},
    ],
    ids=repr,
)
def test_what_differs_gets_no_answer_of_another_callback(
    visitor: Visitor, changes: dict[str, str | None]
) -> None:
    """Such a callback would have been refused before the first one as well."""
    callback, cookies = visitor.authorize(visitor.get("/login")), visitor.cookies()
    assert visitor.get(callback).status_code == 302
    answer = ask(visitor.app, changed(callback, changes), cookies)
    assert answer.status_code in {400, 403}
    assert ask(visitor.app, "/user", cookies_of(answer)).get_json() is None


def changed(callback: str, changes: Mapping[str, str | None]) -> str:
    """Return a callback that says something else."""
    query = query_of(callback)
    texts = {name: text and text.format(**query) for name, text in changes.items()}
    kept = {k: v for k, v in {**query, **texts}.items() if v is not None}
    return f"{HOST}/callback?{urlencode(kept)}"


def test_what_others_add_to_a_callback_does_not_count(
    visitor: Visitor, token_requests: list[t.Any]
) -> None:
    callback, cookies = visitor.authorize(visitor.get("/login")), visitor.cookies()
    first = visitor.get(callback)
    again = ask(visitor.app, f"{callback}&utm_source=mail", cookies)
    assert headers_of(again) == headers_of(first)
    assert len(token_requests) == 1


def test_a_store_that_shows_transactions_to_everybody(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    token_requests: list[t.Any],
) -> None:
    visitor = make_visitor(make_app(transaction_store=SlowTransactions()))
    callback = visitor.authorize(visitor.get("/login?next=/profile"))
    tenant.tenant.fail_next_token_request(status=None, delay=0.2)
    answers = ask_at_once(visitor, callback, 2)
    locations = sorted(each.location for each in answers)
    assert locations[0] == "/profile"
    assert "/authorize" in locations[1]
    assert len([each for each in answers if len(cookies_of(each)) > 1]) == 1
    assert len(token_requests) == 1


def test_a_logout_is_final(visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login"))
    cookies = visitor.cookies()
    visitor.get(callback)
    assert visitor.user()["email"] == ADA
    visitor.get("/logout")
    again = ask(visitor.app, callback, cookies)
    answer = ask(visitor.app, "/user", cookies_of(again))
    assert answer.get_json() is None


def test_what_the_app_puts_on_the_answer(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    """A second answer would undo what the first one has written."""
    app = make_app()
    asked = iter(range(100))

    @app.after_request
    def count(response: Response) -> Response:
        session["number"] = next(asked)
        response.headers["X-Number"] = str(session["number"])
        return response

    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login"))
    answers = ask_at_once(visitor, callback)
    assert len({str(headers_of(each)) for each in answers}) == 1


def test_a_page_of_a_hook(make_visitor: MakeVisitor, options: dict[str, t.Any]) -> None:
    app = Flask(__name__)
    app.config["TESTING"] = True
    auth0 = Auth0(app, **options)
    pages = iter(["one", "two"])
    auth0.after_login(lambda session, asked_for: next(pages))
    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login"))
    assert {each.text for each in ask_at_once(visitor, callback)} == {"one"}


def test_a_page_that_is_streamed(
    make_visitor: MakeVisitor, options: dict[str, t.Any]
) -> None:
    app = Flask(__name__)
    app.config["TESTING"] = True
    auth0 = Auth0(app, **options)
    auth0.after_login(lambda session, asked_for: Response(iter(["a", "b"])))
    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login?next=/page"))
    answers = ask_at_once(visitor, callback)
    assert sorted(each.status_code for each in answers) == [200, *[302] * (MANY - 1)]
    assert {each.text for each in answers if each.status_code == 200} == {"ab"}
    assert {each.location for each in answers} == {None, "/page"}
    assert len({str(cookies_of(each)) for each in answers}) == 1


def test_a_request_without_an_answer(
    make_visitor: MakeVisitor, options: dict[str, t.Any], token_requests: list[t.Any]
) -> None:
    """The code is spent, and nobody knows for what."""
    app = Flask(__name__)
    app.config["TESTING"] = True
    auth0 = Auth0(app, **options)

    @auth0.after_login
    def fail(session: t.Any, asked_for: t.Any) -> None:
        raise LookupError

    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login"))
    with pytest.raises(LookupError):
        ask(app, callback, visitor.cookies())
    assert "/authorize" in ask(app, callback, visitor.cookies()).location
    assert len(token_requests) == 1


def test_nobody_waits_for_ever(
    make_visitor: MakeVisitor, options: dict[str, t.Any]
) -> None:
    app = Flask(__name__)
    app.config["TESTING"] = True
    auth0 = Auth0(app, **options, timeout=1)
    reached, goes_on = threading.Event(), threading.Event()

    @auth0.after_login
    def wait(session: t.Any, asked_for: t.Any) -> None:
        reached.set()
        assert goes_on.wait(30)

    visitor = make_visitor(app)
    callback, cookies = visitor.authorize(visitor.get("/login")), visitor.cookies()
    with ThreadPoolExecutor(1) as executor:
        first = executor.submit(ask, app, callback, cookies)
        assert reached.wait(30)
        answer = ask(app, callback, cookies)
        goes_on.set()
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        assert first.result().status_code == 302
    assert ask(app, callback, cookies).status_code == 302


def test_answers_are_forgotten(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, token_requests: list[t.Any]
) -> None:
    callback, cookies = visitor.authorize(visitor.get("/login")), visitor.cookies()
    assert ask(visitor.app, callback, cookies).status_code == 302
    monkeypatch.setattr(repeated_callbacks, "REMEMBERED", -1)
    ask(visitor.app, callback, cookies)
    assert len(token_requests) == 2


def test_a_process_remembers_so_many(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = visitor.app.extensions["auth0"].callback_answers
    monkeypatch.setattr(repeated_callbacks, "MOST_CALLBACKS", 3)
    for _ in range(6):
        visitor.log_in()
        assert len(answers._known.get()) <= 4
