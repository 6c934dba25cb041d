"""Hooks that change what a session holds or answer a login, and changes of claims."""

from __future__ import annotations

import logging
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from flask import Flask, abort, current_app, request, stream_with_context
from redis import Redis

from flask_auth0 import (
    Auth0,
    Auth0Error,
    SessionTooLarge,
    current_user,
    user_logged_in,
)
from flask_auth0.sessions.activity import Visits
from flask_auth0.sessions.hooks import IDENTITY
from flask_auth0.tenant import TenantServer
from flask_auth0.testing import logged_in_client
from tests.harness.own_stores import SimpleStore
from tests.harness.visitor import (
    ADA,
    FETCH,
    GRACE,
    HOST,
    MakeVisitor,
    Visitor,
    query_of,
)

OFFLINE = "openid profile email offline_access"
MODES = ["cookie", "redis", "own"]

Session = dict[str, t.Any]


class Views(t.NamedTuple):
    """An app, and the extension that it registers its hooks with."""

    app: Flask
    auth0: Auth0
    store: SimpleStore


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """Where sessions are."""
    return str(request.param)


@pytest.fixture
def made(request: pytest.FixtureRequest, options: dict[str, t.Any], mode: str) -> Views:
    return make(request, options, mode)


def make(request: pytest.FixtureRequest, options: dict[str, t.Any], mode: str) -> Views:
    app, store = Flask(__name__), SimpleStore()
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    if mode == "redis":
        url = request.getfixturevalue("redis_url")
        with Redis.from_url(url) as redis:
            redis.flushdb()
        app.config.update(SESSION_TYPE="redis", SESSION_REDIS=url)
    auth0 = Auth0(**options, scope=OFFLINE)
    auth0.init_app(app, state_store=store if mode == "own" else None)
    add_views(app, auth0)
    return Views(app, auth0, store)


def add_views(app: Flask, auth0: Auth0) -> None:
    """Show the session, refresh it and change it."""

    @app.get("/user")
    def user() -> t.Any:
        return dict(current_user), {"X-User": current_user.get("sub", "")}

    @app.get("/session")
    def session() -> t.Any:
        return auth0.get_session() or {}

    @app.get("/refresh")
    def refresh() -> t.Any:
        return auth0.get_access_token(force_refresh=True)

    @app.get("/refresh-async")
    async def refresh_async() -> t.Any:
        return await auth0.client.get_access_token(force_refresh=True)

    @app.post("/update")
    def update() -> t.Any:
        auth0.update_session(t.cast(dict[str, t.Any], request.get_json()))
        return dict(current_user)

    @app.post("/update-async")
    async def update_async() -> t.Any:
        await auth0.client.update_session(request.get_json())
        return dict(current_user)


@pytest.fixture
def app(made: Views) -> Flask:
    return made.app


def update(visitor: Visitor, path: str = "/update", **claims: t.Any) -> t.Any:
    """Change claims, and return the answer."""
    return visitor.fetch(path, method="POST", json=claims)


def kept(visitor: Visitor) -> Session:
    return t.cast(Session, visitor.fetch("/session").get_json())


# before_session_saved


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


def assert_nothing_kept(made: Views, visitor: Visitor) -> None:
    """Nobody is logged in, and nothing says that somebody was."""
    made.auth0._hooks.before_saved.clear()
    assert visitor.user() == {}
    names = [name for name in visitor.cookies() if "head" in name or "body" in name]
    assert names == []
    assert made.store.states == {}
    if url := made.app.config.get("SESSION_REDIS"):
        with Redis.from_url(url) as redis:
            assert list(redis.scan_iter("flask_auth0.state:*")) == []


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
    made.app.extensions["auth0"].client._connections = None
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


# after_login


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


# update_session


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


# At the same time


def at_once(visitor: Visitor, *calls: tuple[str, t.Any]) -> list[t.Any]:
    """Send requests of one browser at the same time."""
    cookies, barrier = visitor.cookies(), threading.Barrier(len(calls))

    def send(call: tuple[str, t.Any]) -> t.Any:
        client = visitor.app.test_client()
        for name, value in cookies.items():
            client.set_cookie(name, value, domain="localhost")
        path, claims = call
        how = {"method": "POST", "json": claims} if claims else {}
        barrier.wait(20)
        return client.open(path, base_url=HOST, headers=FETCH, **how)

    with ThreadPoolExecutor(len(calls)) as executor:
        return list(executor.map(send, calls))


@pytest.mark.parametrize("mode", ["redis", "own"], indirect=True)
def test_changes_and_refreshes_at_once_keep_all(
    made: Views, visitor: Visitor, tenant: TenantServer
) -> None:
    visitor.log_in()
    for round in range(4):
        before = kept(visitor)["refresh_token"]
        updates: list[tuple[str, t.Any]] = [
            (path, {f"{n}{path}": round})
            for n in range(3)
            for path in ("/update", "/update-async")
        ]
        answers = at_once(visitor, *updates, ("/refresh", None))
        assert {each.status_code for each in answers} == {200}
        session = kept(visitor)
        for _, claims in updates:
            assert claims.items() <= session["user"].items()
        assert session["token_sets"][-1]["access_token"] == answers[-1].text
        assert session["refresh_token"] != before


@pytest.mark.parametrize("mode", ["cookie"], indirect=True)
def test_in_cookies_a_change_brings_no_old_token_back(
    made: Views, visitor: Visitor
) -> None:
    visitor.log_in()
    answers = at_once(visitor, ("/refresh", None), ("/update", {"color": "red"}))
    for answer in answers:
        for header in answer.headers.getlist("Set-Cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            visitor.set_cookie(name, value)
    session = kept(visitor)
    assert session["user"]["color"] == "red"
    assert session["token_sets"][-1]["access_token"] == answers[0].text


@pytest.mark.parametrize("mode", ["redis"], indirect=True)
def test_noting_activity_brings_no_old_claim_back(
    made: Views, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.log_in()
    reader, changed = threading.get_ident(), threading.Event()
    original = Visits.browser
    lifetime = made.app.extensions["auth0"].state_store.states.lifetime
    waiting: list[t.Any] = []

    def change() -> None:
        assert at_once(visitor, ("/update", {"color": "red"}))[0].status_code == 200
        changed.set()

    def browser(visits: Visits) -> Session:
        # The session has been read, and will be written.
        if threading.get_ident() == reader and not waiting:
            waiting.append(threading.Thread(target=change))
            waiting[0].start()
            changed.wait(0.5)
        return original(visits)

    monkeypatch.setattr(Visits, "browser", browser)
    monkeypatch.setattr(type(lifetime), "is_due", lambda *args: True)
    assert visitor.user()["sub"] == "auth0|ada"
    waiting[0].join(20)
    assert visitor.user()["color"] == "red"
