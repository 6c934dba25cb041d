"""Data of an app in Flask's session ends with the login, in every way."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin, login_user
from flask_login import current_user as flask_logins_user
from redis import Redis

from flask_auth0 import Auth0, login_required
from flask_auth0.app_state import state_of
from flask_auth0.errors import SessionStoreUnavailable
from flask_auth0.sessions.state_store import SessionStateStore
from flask_auth0.tenant import TenantServer
from tests.harness.logout_tokens import make_token, post, sid_of, sub_of
from tests.harness.visitor import GRACE, MakeApp, MakeVisitor, Visitor

if t.TYPE_CHECKING:
    from tests.harness.clock import Clock

DAY = 86400
MODES = ["cookie", "foreign", "revocation store", "redis"]


class ForeignInterface(SecureCookieSessionInterface):
    """An interface that the app has set up itself."""


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make_own_app(
    mode: str, make_app: MakeApp, request: pytest.FixtureRequest
) -> Callable[..., Flask]:
    config: dict[str, t.Any] = {}
    if mode in {"redis", "revocation store"}:
        url = request.getfixturevalue("redis_url")
        with Redis.from_url(url) as redis:
            redis.flushdb()
        server = {"SESSION_TYPE": "redis", "SESSION_REDIS": url}
        config = server if mode == "redis" else {"AUTH0_REVOCATION_STORE": url}

    def make(has_flask_login: bool = True, **options: t.Any) -> Flask:
        app = make_app(config, **options)
        if mode == "foreign":
            app.session_interface = ForeignInterface()
        if has_flask_login:
            add_flask_login(app)
        return app

    return make


@pytest.fixture
def app(make_own_app: Callable[..., Flask]) -> Flask:
    return make_own_app()


class Person(UserMixin):  # type: ignore[misc]
    def __init__(self, id: str) -> None:
        self.id = id


def add_flask_login(app: Flask) -> None:
    """Add what an app has that came from Flask-Login."""
    LoginManager(app).user_loader(Person)
    auth0 = Auth0()

    def enter(kept: t.Any, asked: t.Any) -> None:
        login_user(Person(kept["user"]["sub"]), remember=True)
        session["is_admin"] = True

    state_of(app).hooks.after_login.append(enter)

    @app.get("/who")
    def who() -> t.Any:
        name = flask_logins_user.get_id() if flask_logins_user.is_authenticated else ""
        return {"id": name, "is_admin": bool(session.get("is_admin"))}

    @app.get("/revoke-all")
    def revoke_all() -> str:
        return str(auth0.sessions.revoke_all("auth0|ada"))


NOBODY = {"id": "", "is_admin": False}


def who(visitor: Visitor) -> t.Any:
    return visitor.fetch("/who").get_json()


def entered(visitor: Visitor) -> Visitor:
    visitor.log_in()
    assert who(visitor) == {"id": "auth0|ada", "is_admin": True}
    return visitor


def require_nobody(visitor: Visitor) -> None:
    """The first request has no user, and leaves no data for later ones."""
    assert who(visitor) == NOBODY
    assert "remember_token" not in visitor.cookies()
    assert who(visitor) == NOBODY
    assert visitor.user() is None


def test_expiry(visitor: Visitor, clock: Clock) -> None:
    entered(visitor)
    clock.offset = DAY + 1
    require_nobody(visitor)


def test_a_logout(visitor: Visitor) -> None:
    entered(visitor)
    visitor.get("/logout")
    require_nobody(visitor)


def test_a_logout_in_another_tab(visitor: Visitor, make_visitor: MakeVisitor) -> None:
    entered(visitor)
    other = make_visitor(visitor.app)
    for name, value in visitor.cookies().items():
        other.set_cookie(name, value)
    other.get("/logout")
    # Tabs share it. Where nothing is left on the server, nothing else tells of the end.
    assert "remember_token" not in other.cookies()
    visitor.client.delete_cookie("remember_token", domain="localhost")
    require_nobody(visitor)


def test_a_logout_at_the_tenant(
    visitor: Visitor, tenant: TenantServer, mode: str
) -> None:
    if mode in {"cookie", "foreign"}:
        pytest.skip("It needs a store.")
    entered(visitor)
    token = make_token(tenant.tenant, sid=sid_of(visitor), sub=sub_of(visitor))
    assert post(visitor, token).status_code == 200
    require_nobody(visitor)


def test_from_outside(visitor: Visitor, make_visitor: MakeVisitor, mode: str) -> None:
    if mode != "redis":
        pytest.skip("It needs sessions on the server.")
    entered(visitor)
    assert make_visitor(visitor.app).get("/revoke-all").text == "1"
    require_nobody(visitor)


def test_a_new_secret(visitor: Visitor, make_own_app: Callable[..., Flask]) -> None:
    visitor.app.secret_key = "k" * 32
    visitor.app.config["SECRET_KEY_FALLBACKS"] = []
    entered(visitor)
    cookies = visitor.cookies()
    visitor.app = make_own_app(secret="n" * 64)
    visitor.app.secret_key = "k" * 32
    visitor.client = visitor.app.test_client()
    for name, value in cookies.items():
        visitor.set_cookie(name, value)
    require_nobody(visitor)


def test_who_logs_in_next_is_nobody_else(visitor: Visitor) -> None:
    entered(visitor)
    visitor.log_in(GRACE)
    assert who(visitor) == {"id": "auth0|grace", "is_admin": True}


@pytest.mark.parametrize("change", [{"cart": 1}, None], ids=["write", "clear"])
def test_an_answer_on_its_way_ends_no_later_login(
    visitor: Visitor,
    make_own_app: Callable[..., Flask],
    make_visitor: MakeVisitor,
    mode: str,
    change: dict[str, t.Any] | None,
) -> None:
    """Though the login has begun in another process."""
    if mode not in {"redis", "revocation store"}:
        pytest.skip("Processes need a server to meet at.")
    elsewhere = make_own_app()
    elsewhere.secret_key = visitor.app.secret_key
    other = make_visitor(elsewhere)

    @visitor.app.get("/slow")
    @login_required
    def slow() -> str:
        for name, value in visitor.cookies().items():
            other.set_cookie(name, value)
        other.log_in(GRACE)
        if change is None:
            session.clear()
        else:
            session.update(change)
        return ""

    entered(visitor)
    late = visitor.fetch("/slow")
    assert late.status_code == 200
    names = [line.partition("=")[0] for line in late.headers.getlist("Set-Cookie")]
    assert "session" not in names
    assert "session_a0_head0" not in names


def test_an_outage_is_no_end(
    visitor: Visitor, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if mode not in {"redis", "revocation store"}:
        pytest.skip("There is no server.")
    entered(visitor)
    states = state_of(visitor.app).state_store
    assert isinstance(states, SessionStateStore)
    with visitor.app.app_context():
        store = states.places.of(visitor.app).meeting_point

    def fail(*arguments: t.Any) -> t.NoReturn:
        raise SessionStoreUnavailable()

    with monkeypatch.context() as broken:
        broken.setattr(store, "ask_in", fail)
        assert visitor.fetch("/who").status_code == 503
    assert who(visitor) == {"id": "auth0|ada", "is_admin": True}


def test_who_does_not_look_pays_nothing(
    make_own_app: Callable[..., Flask],
    make_visitor: MakeVisitor,
    mode: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Flask-Login itself looks with each request."""
    if mode == "foreign":
        pytest.skip("There, each request looks.")
    visitor = make_visitor(make_own_app(has_flask_login=False))
    visitor.log_in()
    visitor.user()
    asked: list[str] = []
    store = state_of(visitor.app).state_store
    assert isinstance(store, SessionStateStore)
    monkeypatch.setattr(store.states, "open_head", lambda *_: asked.append("head"))
    response = visitor.get("/")
    assert asked == []
    assert not response.headers.getlist("Set-Cookie")
    assert "Vary" not in response.headers


def test_nothing_of_a_visitor_who_never_logged_in_is_lost(visitor: Visitor) -> None:
    @visitor.app.get("/put")
    def put() -> str:
        session["cart"] = "book"
        return "put"

    @visitor.app.get("/cart")
    def cart() -> str:
        return str(session.get("cart"))

    visitor.get("/put")
    assert visitor.get("/cart").text == "book"
    visitor.log_in()
    assert visitor.get("/cart").text == "book"
