"""Flask's session cookies open as Flask opens them, but are verified once."""

from __future__ import annotations

import hashlib
import secrets
import threading
import typing as t
from datetime import timedelta

import pytest
from flask import Flask, session
from flask.json.tag import JSONTag
from flask.sessions import SecureCookieSessionInterface

from flask_auth0 import Auth0
from flask_auth0.runtime import clock as clocks
from flask_auth0.runtime.request import current_request
from flask_auth0.sessions.cookies import signed, verifier
from flask_auth0.sessions.cookies.signed import (
    SignedSessionInterface,
    set_up_signed_sessions,
)
from tests.harness.clock import Clock
from tests.harness.visitor import MakeApp

DAY = 86400


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "first"
    app.permanent_session_lifetime = timedelta(days=1)
    set_up_signed_sessions(app, clocks.machine)

    @app.get("/set")
    def set_() -> str:
        session["list"] = [1]
        return ""

    @app.get("/get")
    def get() -> t.Any:
        return {"list": session.get("list")}

    @app.get("/change")
    def change() -> str:
        session["list"].append(2)
        return ""

    return app


def test_a_cookie_is_remembered_once_it_comes_again(
    app: Flask, verified: list[str]
) -> None:
    client = app.test_client()
    client.get("/set")
    assert [client.get("/get").json for _ in range(5)] == [{"list": [1]}] * 5
    assert len(verified) == 2


def test_flask_reads_it_and_is_read(app: Flask) -> None:
    plain = Flask(__name__)
    plain.secret_key = app.secret_key
    plain.add_url_rule("/get", view_func=app.view_functions["get"])
    plain.add_url_rule("/set", endpoint="s", view_func=app.view_functions["set_"])
    for writer, reader in [(app, plain), (plain, app)]:
        source, target = writer.test_client(), reader.test_client()
        source.get("/set")
        cookie = source.get_cookie("session")
        assert cookie is not None
        target.set_cookie("session", cookie.value)
        assert target.get("/get").json == {"list": [1]}


def test_what_one_request_changes_no_other_sees(app: Flask) -> None:
    client = app.test_client()
    client.get("/set")
    client.get("/change")
    assert client.get("/get").json == {"list": [1]}


def test_a_remembered_cookie_ends_on_time(app: Flask, clock: Clock) -> None:
    client = app.test_client()
    client.get("/set")
    clock.offset = DAY - 5
    assert client.get("/get").json == {"list": [1]}
    for ahead in (DAY + 5, -signed.CLOCK_LEEWAY - 5):
        clock.offset = ahead
        assert client.get("/get").json == {"list": None}
    clock.offset = 5
    app.permanent_session_lifetime = timedelta(seconds=1)
    assert client.get("/get").json == {"list": None}


def test_a_remembered_cookie_ends_with_its_key(app: Flask) -> None:
    client = app.test_client()
    client.get("/set")
    assert client.get("/get").json == {"list": [1]}
    app.secret_key = "second"
    assert client.get("/get").json == {"list": None}
    app.config["SECRET_KEY_FALLBACKS"] = ["first"]
    assert client.get("/get").json == {"list": [1]}
    app.config["SECRET_KEY_FALLBACKS"] = []
    assert client.get("/get").json == {"list": None}


def test_without_a_key_there_is_no_session(app: Flask) -> None:
    client = app.test_client()
    client.get("/set")
    app.secret_key = None
    assert client.get("/get").json == {"list": None}


@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: s + "A", lambda s: "x"])
def test_nobody_else_can_make_one(app: Flask, change: t.Callable[[str], str]) -> None:
    client = app.test_client()
    client.get("/set")
    cookie = client.get_cookie("session")
    assert cookie is not None
    client.get("/get")
    client.set_cookie("session", change(cookie.value))
    assert client.get("/get").json == {"list": None}


def test_what_was_signed_but_is_no_json_is_no_session(app: Flask) -> None:
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    text = serializer.make_signer(serializer.salt).sign("!").decode()
    client = app.test_client()
    client.set_cookie("session", text)
    assert client.get("/get").json == {"list": None}


def test_it_does_not_remember_without_end(app: Flask, verified: list[str]) -> None:
    """The owner of a cookie can spell its base64 in many ways."""
    client = app.test_client()
    client.get("/set")
    cookie = client.get_cookie("session")
    assert cookie is not None
    for number in range(verifier.REMEMBERED + 10):
        client.set_cookie("session", cookie.value + "~~~~" * number)
        for _ in range(2):
            assert client.get("/get").json == {"list": [1]}
    interface: t.Any = app.session_interface
    assert 0 < len(interface._verifier.recent) <= verifier.REMEMBERED


def test_nonsense_is_not_remembered(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("session", "nonsense")
    client.get("/get")
    interface: t.Any = app.session_interface
    assert len(interface._verifier.recent) == 0


def test_a_large_one_is_not_remembered(app: Flask, verified: list[str]) -> None:
    client = app.test_client(use_cookies=False)
    interface: t.Any = app.session_interface
    large = {"list": secrets.token_hex(verifier.LARGEST)}
    text = interface.get_signing_serializer(app).dumps(large)
    for _ in range(4):
        found = client.get("/get", headers={"Cookie": f"session={text}"})
        assert found.json == large
    assert len(verified) == 4


@pytest.mark.parametrize("name", ["salt", "key_derivation", "digest_method"])
def test_a_remembered_cookie_ends_with_how_it_was_signed(app: Flask, name: str) -> None:
    client = app.test_client()
    client.get("/set")
    assert client.get("/get").json == {"list": [1]}
    others = {"salt": "x", "key_derivation": "concat", "digest_method": hashlib.sha256}
    setattr(app.session_interface, name, others[name])
    assert client.get("/get").json == {"list": None}


def test_values_of_an_app_are_made_anew(app: Flask) -> None:
    """What a tag of the app's own looks up may have changed."""
    known = {"ada": "admin"}

    class Role(str):
        """A str that the tag serializes in its own way."""

    class RoleTag(JSONTag):
        key = " role"

        def check(self, value: t.Any) -> bool:
            return isinstance(value, Role)

        def to_json(self, value: t.Any) -> t.Any:
            return str(value)

        def to_python(self, value: t.Any) -> t.Any:
            return [known[value]]

    interface: t.Any = app.session_interface
    tagged = type(interface.serializer)()
    tagged.register(RoleTag, index=0)
    interface.serializer = tagged
    client = app.test_client()
    with client.session_transaction() as mine:
        mine["list"] = Role("ada")
    assert client.get("/get").json == {"list": ["admin"]}
    known["ada"] = "nobody"
    assert client.get("/get").json == {"list": ["nobody"]}


def test_many_threads_each_see_their_own(app: Flask) -> None:
    seen: list[t.Any] = []

    def visit(number: int) -> None:
        client = app.test_client()
        with client.session_transaction() as mine:
            mine["list"] = [number]
        seen.extend((number, client.get("/get").json) for _ in range(50))

    threads = [threading.Thread(target=visit, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8 * 50
    assert all(found == {"list": [number]} for number, found in seen)


def test_only_flasks_own_interface_is_replaced(make_app: MakeApp) -> None:
    class Mine(SecureCookieSessionInterface):
        """An app's own, with what it likes better."""

    changed = SecureCookieSessionInterface()
    changed.digest_method = hashlib.sha256
    for interface in (Mine(), changed):
        app = Flask(__name__)
        app.session_interface = interface
        set_up_signed_sessions(app, clocks.machine)
        assert app.session_interface is interface
    app = make_app()
    assert isinstance(app.session_interface, SignedSessionInterface)
    app.session_interface = changed
    assert app.session_interface is changed


def test_wrong_settings_leave_the_interface_alone() -> None:
    app = Flask(__name__)
    with pytest.raises(Exception, match="AUTH0_DOMAIN"):
        Auth0(app)
    assert type(app.session_interface) is SecureCookieSessionInterface


@pytest.mark.parametrize(
    "value",
    ["text", 1, True, None, 1.5, [1], {"a": 1}, (1, 2), b"b", {" t": "x"}],
    ids=repr,
)
def test_every_value_comes_back_as_it_was(app: Flask, value: t.Any) -> None:
    seen: list[t.Any] = []

    @app.get("/keep")
    def keep() -> str:
        session["value"] = value
        return ""

    @app.get("/look")
    def look() -> str:
        seen.append(session["value"])
        unnoticed: t.Any = dict
        unnoticed.__setitem__(
            current_request().session, "value", "changed, but not saved"
        )
        return ""

    client = app.test_client()
    client.get("/keep")
    for _ in range(3):
        assert client.get("/look").status_code == 200
    assert seen == [value] * 3
    assert {type(each) for each in seen} == {type(value)}
