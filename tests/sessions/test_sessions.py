"""The contract of a session, for every place that it can live in."""

from __future__ import annotations

import html
import json
import threading
import typing as t
from pathlib import Path

import pytest
from cachelib.file import FileSystemCache
from flask import Flask, stream_with_context
from flask_session import Session
from redis import Redis

from flask_auth0 import Auth0, Auth0Error, ConfigurationError, current_user
from flask_auth0.runtime import loop
from flask_auth0.sessions.recent import Recent
from flask_auth0.sessions.sealing import Sealer
from flask_auth0.sessions.server.storage import RecordCompartment, store_of
from flask_auth0.sessions.storage_contract import Entry
from flask_auth0.tenant import TenantServer
from tests.contracts.server_sessions import ServerContract, auth0_of
from tests.contracts.sessions import SessionContract
from tests.contracts.stores import TransactionContract
from tests.harness.clock import Clock
from tests.harness.visitor import (
    ADA,
    GRACE,
    HOST,
    MakeApp,
    MakeVisitor,
    Visitor,
    add_views,
    query_of,
)


class TestCookies(TransactionContract, SessionContract):
    @pytest.fixture
    def settings(self) -> dict[str, t.Any]:
        return {"AUTH0_RESPONSE_HEADER_LIMIT": 16384}

    def check_after_logout(self, visitor: Visitor, kept: dict[str, str]) -> None:
        """Without a server, whoever kept the cookies has the session."""
        assert list(visitor.cookies()) == ["session_a0_ended"]

    @pytest.mark.parametrize("loss", ["head0", "body0"])
    def test_a_missing_piece_is_no_session(self, visitor: Visitor, loss: str) -> None:
        visitor.log_in()
        visitor.client.delete_cookie(f"session_a0_{loss}", domain="localhost")
        assert visitor.fetch("/whole-or-nothing").status_code == 404
        assert visitor.user() is None

    @pytest.mark.parametrize(
        "value",
        ["", "01.", "xx.A", "99.A", "01.ä", "-1.A", "00.A", "²1.A", "01." + "A" * 99],
    )
    def test_hostile_pieces(self, visitor: Visitor, value: str) -> None:
        visitor.log_in()
        visitor.set_cookie("session_a0_head0", value)
        assert visitor.user() is None
        assert visitor.get("/profile").status_code == 302

    def test_the_cookies_of_two_users_do_not_mix(
        self, app: Flask, make_visitor: MakeVisitor
    ) -> None:
        ada, grace = make_visitor(app), make_visitor(app)
        ada.log_in(ADA)
        grace.log_in(GRACE)
        ada.set_cookie("session_a0_head0", grace.cookies()["session_a0_head0"])
        assert ada.user() is None

    def test_a_large_session_is_split_and_shrinks_without_a_trace(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        tenant.tenant.access_token_padding = 3600
        visitor.log_in(path="/login")
        tenant.tenant.access_token_padding = 0
        small = len(visitor.cookies())
        assert visitor.user() is not None
        visitor.log_in()
        assert len(visitor.cookies()) <= small
        for name, value in visitor.cookies().items():
            assert len(name) + len(value) <= 4096

    def test_one_that_is_too_large_is_refused(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        import secrets

        visitor.log_in()
        tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(9000)
        visitor.app.debug = True
        response = visitor.log_in(GRACE)
        assert response.status_code == 431
        assert "session_too_large" in response.text
        assert "bytes" in response.text
        assert "SESSION_TYPE" in response.text
        # Nothing was lost.
        assert visitor.user()["email"] == ADA

    def test_a_session_is_not_locked_out_by_other_cookies(
        self, visitor: Visitor, clock: Clock
    ) -> None:
        visitor.log_in()
        visitor.set_cookie("one", "x" * 3900)
        visitor.set_cookie("two", "x" * 3900)
        clock.offset = 86400 / 2
        assert visitor.user()["email"] == ADA
        assert visitor.get("/logout").status_code == 302
        assert visitor.user() is None

    def test_a_stream_cannot_lose_a_refreshed_token(
        self, make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer
    ) -> None:
        app = make_app(scope="openid offline_access")
        visitor = make_visitor(app)

        @app.get("/stream")
        def stream() -> t.Any:
            def parts() -> t.Iterator[str]:
                with pytest.raises(Auth0Error, match="streamed"):
                    auth0_of(app).get_access_token()
                yield "told"

            return app.response_class(stream_with_context(parts()))

        lifetimes = tenant.tenant.lifetimes
        before, lifetimes.access_token = lifetimes.access_token, 0
        try:
            visitor.log_in()
            requests = len(tenant.tenant.token_requests)
            assert visitor.get("/stream").text == "told"
            assert len(tenant.tenant.token_requests) == requests
        finally:
            lifetimes.access_token = before

    def test_abandoned_logins_stay_few(self, visitor: Visitor) -> None:
        visitor.log_in()
        for number in range(100):
            visitor.get(f"/login?next=/{'x' * number * 20}")
        names = [name for name in visitor.cookies() if "_tx_" in name]
        assert 1 <= len(names) <= 4
        total = sum(len(n) + len(v) for n, v in visitor.cookies().items())
        assert total < 8000
        assert visitor.user()["email"] == ADA

    def test_flags(self, make_app: MakeApp, make_visitor: MakeVisitor) -> None:
        app = make_app(cookie_path="/", cookie_same_site="Lax", cookie_secure=True)
        visitor = make_visitor(app)
        login = visitor.get("/login")
        callback = visitor.get(visitor.authorize(login))
        for response in [login, callback]:
            for cookie in response.headers.getlist("Set-Cookie"):
                assert "HttpOnly" in cookie
                assert "Secure" in cookie
                assert "SameSite=Lax" in cookie
                assert "Path=/" in cookie

    def test_transient_cookies(
        self, make_app: MakeApp, make_visitor: MakeVisitor
    ) -> None:
        visitor = make_visitor(make_app(cookie_transient=True))
        response = visitor.log_in()
        for cookie in response.headers.getlist("Set-Cookie"):
            name, _, rest = cookie.partition("=")
            if name == "session" or "head" in name or "body" in name:
                assert "Max-Age" not in rest
                assert "Expires" not in rest
        assert visitor.user()["email"] == ADA

    def test_strict_cookies_arrive_after_a_page_in_between(
        self, make_app: MakeApp, make_visitor: MakeVisitor
    ) -> None:
        app = make_app({"SESSION_COOKIE_SAMESITE": "strict"})
        self.add_views(app)
        visitor = make_visitor(app)
        visitor.get("/put/cart/book")
        login = visitor.get("/login")
        assert "SameSite=Lax" in login.headers["Set-Cookie"]
        callback = visitor.authorize(login).removeprefix(HOST)
        session_cookie = visitor.cookies()["session"]
        visitor.client.delete_cookie("session", domain="localhost")
        page = visitor.get(callback, headers={"Sec-Fetch-Site": "cross-site"})
        assert page.status_code == 200
        assert html.escape(callback) in page.text
        visitor.set_cookie("session", session_cookie)
        visitor.get(callback, headers={"Sec-Fetch-Site": "same-origin"})
        assert visitor.user()["email"] == ADA
        assert visitor.get("/session").get_json() == {"cart": "book"}

    def test_below_a_prefix_the_page_in_between_leads_there(
        self, make_app: MakeApp
    ) -> None:
        client = make_app(cookie_same_site="strict").test_client()
        page = client.get(
            "/callback?state=x&code=y",
            base_url=f"{HOST}/mounted",
            headers={"Sec-Fetch-Site": "cross-site"},
        )
        assert "url=/mounted/callback?state=x" in page.text

    def test_a_refresh_token_survives_a_session_that_grows_too_large(
        self, make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer
    ) -> None:
        app = make_app(scope="openid offline_access")
        auth0 = Auth0()

        @app.get("/token/<name>")
        def token(name: str) -> str:
            return auth0.get_access_token(audience=f"https://{name}.example.com")

        visitor = make_visitor(app)
        visitor.log_in()
        tenant.tenant.access_token_padding = 1500
        for name in ["one", "two", "three", "four", "one", "two"]:
            assert visitor.get(f"/token/{name}").status_code == 200
            assert visitor.user() is not None

    def test_strict_cookies(self, make_app: MakeApp, make_visitor: MakeVisitor) -> None:
        """A browser sends them only from a page of the app: one is in between."""
        visitor = make_visitor(make_app(cookie_same_site="strict"))
        login = visitor.get("/login?next=/profile")
        assert "SameSite=Lax" in login.headers["Set-Cookie"]
        response = visitor.get(visitor.authorize(login))
        assert response.status_code == 200
        assert 'content="0; url=/profile"' in response.text
        assert visitor.get("/profile").text == "Hello Ada Lovelace"

    @pytest.mark.parametrize(
        ("url", "secure"),
        [
            ("http://localhost", False),
            ("http://127.0.0.1:5000", False),
            ("https://localhost", True),
            ("http://app.example.com", True),
        ],
    )
    def test_each_request_decides_about_secure(
        self, app: Flask, url: str, secure: bool
    ) -> None:
        client = app.test_client()
        for path in ["/put/a/b", "/login"]:
            cookies = client.get(path, base_url=url).headers.getlist("Set-Cookie")
            assert cookies
            assert [("Secure" in cookie) for cookie in cookies] == [secure] * len(
                cookies
            )


class TestRedis(ServerContract):
    @pytest.fixture
    def settings(self, redis_url: str) -> t.Iterator[dict[str, t.Any]]:
        self.redis = Redis.from_url(redis_url)
        self.redis.flushdb()
        yield {"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url}
        self.redis.close()

    def keys(self) -> int:
        return self.redis.dbsize()

    def test_nothing_waits_for_it_on_the_event_loop(
        self, app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: set[bool] = set()
        client = app.session_interface.client  # type: ignore[attr-defined]
        original = client.execute_command

        def execute_command(*args: t.Any, **options: t.Any) -> t.Any:
            seen.add(loop.is_current())
            return original(*args, **options)

        @app.get("/run")
        def run() -> t.Any:
            return Auth0().run(app.extensions["auth0"].client.get_user())

        monkeypatch.setattr(client, "execute_command", execute_command)
        visitor.log_in()
        assert visitor.get("/run").get_json()["email"] == ADA
        visitor.get("/logout")
        assert seen == {False}

    def test_the_state_is_sealed_and_expires(self, visitor: Visitor) -> None:
        visitor.log_in()
        keys = t.cast("list[bytes]", self.redis.keys("flask_auth0.state:*"))
        assert len(keys) == 2
        for key in keys:
            assert b"Lovelace" not in t.cast(bytes, self.redis.get(key))
            assert 0 < self.redis.ttl(key) <= 259200
        visitor.get("/logout")
        assert self.redis.keys("flask_auth0.state:*") == []

    def test_no_cookie_names_a_record(self, visitor: Visitor) -> None:
        visitor.log_in()
        keys = t.cast("list[bytes]", self.redis.keys("flask_auth0.state:*"))
        visitor.set_cookie("session", keys[0].decode())
        assert visitor.user() is None

    def test_a_protected_request_writes_nothing(self, visitor: Visitor) -> None:
        visitor.log_in()
        visitor.user()
        before = self.commands()
        for _ in range(5):
            assert visitor.get("/profile").status_code == 200
        after = self.commands()
        asked = {n: after[n] - before.get(n, 0) for n in after}
        # The session and who is logged in, together.
        assert {n: c for n, c in asked.items() if c} == {"mget": 5, "info": 1}

    def test_a_server_that_does_not_permit_all_of_it(
        self, make_app: MakeApp, settings: dict[str, t.Any], make_visitor: MakeVisitor
    ) -> None:
        self.redis.acl_setuser(
            "few", enabled=True, passwords="+pw", keys="*", commands=["+@all", "-mget"]
        )
        url = settings["SESSION_REDIS"].replace("//", "//few:pw@")
        visitor = make_visitor(make_app({**settings, "SESSION_REDIS": url}))
        visitor.log_in()
        for _ in range(3):
            assert visitor.get("/profile").status_code == 200

    def commands(self) -> dict[str, int]:
        """Return how often each command was given."""
        stats = self.redis.info("commandstats")
        return {n.removeprefix("cmdstat_"): stats[n]["calls"] for n in stats}


def test_updates_wait_for_each_other_where_the_back_end_cannot(tmp_path: Path) -> None:
    """An update that has seen a record must not write it after a logout."""
    app = Flask(__name__)
    cache = FileSystemCache(str(tmp_path), threshold=0)
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=cache)
    Session(app)
    store = store_of(app.session_interface)
    assert store is not None
    compartment = RecordCompartment(store, 60)
    for number in range(200):
        entry = Entry(f"id{number}", ("label",))
        compartment.create(entry, {"head": "a", "body": "a"}, 60)
        threads = [
            threading.Thread(
                target=compartment.update, args=[entry.record, {"head": "b"}, 60]
            ),
            threading.Thread(target=compartment.delete, args=[entry]),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not compartment.read(entry.record, "head")
    assert compartment.labelled("label") == []


class TestCachelib(ServerContract):
    @pytest.fixture
    def settings(self, tmp_path: Path) -> dict[str, t.Any]:
        self.folder = tmp_path / "sessions"
        return {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": str(self.folder)}

    def keys(self) -> int:
        return len(list(self.folder.iterdir()))


def test_session_types_are_checked_at_start(options: dict[str, t.Any]) -> None:
    cases = {
        "teapot": {"SESSION_TYPE": "teapot"},
        "127.0.0.1:9": {
            "SESSION_TYPE": "redis",
            "SESSION_REDIS": "redis://:pw@127.0.0.1:9",
        },
        "must be a URL": {"SESSION_TYPE": "redis", "SESSION_REDIS": "nonsense"},
    }
    cases["must be one of"] = cases.pop("teapot")
    for expected, config in cases.items():
        app = Flask(__name__)
        app.config.update(config)
        with pytest.raises(Exception, match="SESSION_") as caught:
            Auth0(app, **options)
        assert expected in str(caught.value)
        assert "pw" not in str(caught.value)


def test_the_environment_moves_the_sessions(
    options: dict[str, t.Any],
    make_visitor: MakeVisitor,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SESSION_TYPE", "redis")
    monkeypatch.setenv("SESSION_REDIS", redis_url)
    app = Flask(__name__)
    app.testing = True
    Auth0(app, **options)
    add_views(app)
    visitor = make_visitor(app)
    visitor.log_in()
    assert visitor.user()["email"] == ADA
    assert list(visitor.cookies()) == ["session"]


def test_an_app_that_sets_flask_session_up_itself(
    options: dict[str, t.Any], make_visitor: MakeVisitor, redis_url: str
) -> None:
    for auth0_first in [True, False]:
        app = Flask(__name__)
        app.testing = True
        if auth0_first:
            Auth0(app, **options)
        app.config.update(SESSION_TYPE="redis", SESSION_REDIS=Redis.from_url(redis_url))
        Session(app)
        if not auth0_first:
            Auth0(app, **options)
        add_views(app)
        visitor = make_visitor(app)
        visitor.log_in()
        assert visitor.user()["email"] == ADA
        assert list(visitor.cookies()) == ["session"]
        app.config["SESSION_REDIS"].close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:flask_session")
def test_the_filesystem_of_flask_session(
    options: dict[str, t.Any], make_visitor: MakeVisitor, tmp_path: Path
) -> None:
    """The extension has another name for it; Session(app) may have set it up."""
    app = Flask(__name__)
    app.testing = True
    app.config.update(SESSION_TYPE="filesystem", SESSION_FILE_DIR=str(tmp_path / "a"))
    with pytest.raises(ConfigurationError, match="SESSION_TYPE is 'filesystem'") as e:
        Auth0(app, **options)
    for way in ["cachelib", "FileSystemCache", "Session(app)"]:
        assert way in str(e.value)
    Session(app)
    Auth0(app, **options)
    add_views(app)
    visitor = make_visitor(app)
    visitor.log_in()
    assert visitor.user()["email"] == ADA
    # What the error says works as well.
    app = Flask(__name__)
    app.testing = True
    folder = FileSystemCache(str(tmp_path / "b"))
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=folder)
    Auth0(app, **options)
    Session(app)
    add_views(app)
    visitor = make_visitor(app)
    visitor.log_in()
    assert visitor.user()["email"] == ADA


def test_the_user_is_read_once_and_only_when_asked_for(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    store = app.extensions["auth0"].state_store
    original = store.states.sealer.open

    def open_(text: str, context: str) -> t.Any:
        opened.append(context)
        return original(text, context)

    @app.get("/often")
    def often() -> t.Any:
        return json.dumps([current_user["email"] for _ in range(10)])

    visitor.log_in()
    visitor.user()
    # The process remembers nobody any more.
    monkeypatch.setattr(store.states, "_recent", Recent(1))
    monkeypatch.setattr(store.states.sealer, "open", open_)
    visitor.get("/")
    assert opened == []
    visitor.get("/often")
    assert len(opened) == 1


def test_a_user_who_comes_again_is_known(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.log_in()
    name = visitor.user()["name"]
    opened: list[str] = []
    original = Sealer.open

    def open_(self: Sealer, text: str, context: str) -> t.Any:
        opened.append(context)
        return original(self, text, context)

    monkeypatch.setattr(Sealer, "open", open_)
    assert [visitor.user()["name"] for _ in range(3)] == [name] * 3
    assert opened == []
    # To know one is not to let in what only looks like it.
    kept = visitor.cookies()
    visitor.set_cookie("session_a0_head0", f"{kept['session_a0_head0'][:-8]}AAAAAAAA")
    assert visitor.user() is None
    for name_, value in kept.items():
        visitor.set_cookie(name_, value)
    assert visitor.user()["name"] == name


def test_a_large_user_is_not_remembered(app: Flask, visitor: Visitor) -> None:
    """However short they are in a cookie, where they are compressed."""
    auth0 = Auth0()

    @app.get("/grow")
    def grow() -> str:
        auth0.update_session(nickname="a" * 100_000)
        return ""

    visitor.log_in()
    visitor.user()
    states = app.extensions["auth0"].state_store.states
    before = len(states._recent)
    visitor.get("/grow")
    assert len(visitor.user()["nickname"]) == 100_000
    assert len(states._recent) == before


def test_a_known_user_is_not_changed_by_what_one_request_does(
    app: Flask, visitor: Visitor
) -> None:
    store = app.extensions["auth0"].state_store

    @app.get("/spoil")
    async def spoil() -> str:
        user, state = await store.user(), await store.get("state")
        user["name"] = state["user"]["name"] = "Mallory"
        state["internal"]["created_at"] = 0
        return ""

    visitor.log_in()
    name = visitor.user()["name"]
    assert visitor.get("/spoil").status_code == 200
    assert visitor.user()["name"] == name


def test_a_known_user_of_another_record_is_nobody(
    app: Flask, make_visitor: MakeVisitor
) -> None:
    ada, bob = make_visitor(app), make_visitor(app)
    for visitor in (ada, bob):
        visitor.log_in()
        assert visitor.user() is not None
    bob.set_cookie("session_a0_head0", ada.cookies()["session_a0_head0"])
    assert bob.user() is None


@pytest.mark.parametrize(
    "difference", [{"client_id": "other"}, {"domain": "other.example"}]
)
def test_one_secret_for_two_clients_opens_nothing(
    app: Flask, make_app: MakeApp, make_visitor: MakeVisitor, difference: dict[str, str]
) -> None:
    visitor = make_visitor(app)
    visitor.log_in()
    started = visitor.authorize(visitor.get("/login"))
    cookies = visitor.cookies()
    stranger = make_visitor(make_app(**difference))
    for name, value in cookies.items():
        stranger.set_cookie(name, value)
    assert stranger.user() is None
    known = stranger.app.extensions["auth0"].transaction_store
    with stranger.app.test_request_context(
        base_url=HOST,
        headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())},
    ):
        state = query_of(started)["state"].partition(".")[0]
        assert Auth0().run(known.get(f"_a0_tx:{state}")) is None
