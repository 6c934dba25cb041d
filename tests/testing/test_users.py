"""Users who are logged in: in a client, without one, in a browser, several at once."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor
from urllib.request import Request, urlopen

import pytest
from flask import Flask, render_template_string, request, session
from flask.testing import FlaskClient

from flask_auth0 import Auth0, ConfigurationError, current_user, user_logged_in
from flask_auth0.signals import user_logged_out
from flask_auth0.testing import (
    CONFIG,
    USER,
    live_server,
    log_in,
    log_out,
    logged_in,
    logged_in_client,
    session_cookies,
)
from tests.harness.own_stores import SimpleStore

from .conftest import Shop, greeting

Hear = t.Callable[..., None]


@pytest.fixture(params=["cookies", "memory", "own"])
def everywhere(request: pytest.FixtureRequest) -> Shop:
    """The app with sessions in cookies, in a back end, and in a store of its own."""
    if request.param == "memory":
        return Shop(SESSION_TYPE="memory")
    return Shop(store=SimpleStore() if request.param == "own" else None)


def names(client: FlaskClient, *paths: str) -> list[str]:
    """The cookies that a client has for some paths."""
    found = (client.get_cookie(p.strip("/") or "all", path=p) for p in paths)
    return [each.value for each in found if each]


def test_a_client_keeps_what_it_has(everywhere: Shop) -> None:
    client = everywhere.app.test_client()
    with client.session_transaction() as theirs:
        theirs["cart"] = ["a book"]
    client.set_cookie("shop", "1", path="/shop")
    client.set_cookie("all", "2")
    client.set_cookie("theirs", "3", domain="other.example")
    log_in(client, name="Ada")
    assert client.get("/profile").json["name"] == "Ada"  # type: ignore[index]
    assert client.get("/cart").json == ["a book"]
    assert names(client, "/shop", "/") == ["1", "2"]
    theirs_too = client.get_cookie("theirs", domain="other.example")
    assert theirs_too
    assert theirs_too.value == "3"


def test_another_user_takes_their_place(everywhere: Shop) -> None:
    client = everywhere.app.test_client()
    log_in(client, sub="auth0|ada")
    with client.session_transaction() as theirs:
        theirs["cart"] = ["a book"]
    log_in(client, sub="auth0|grace")
    assert client.get("/profile").json["sub"] == "auth0|grace"  # type: ignore[index]
    assert client.get("/cart").json == []


def test_a_user_who_is_logged_out_is_gone(everywhere: Shop) -> None:
    client = logged_in_client(everywhere.app, name="Ada")
    log_out(client)
    assert client.get("/profile").status_code == 401
    log_out(client)
    log_in(client, name="Grace")
    assert client.get("/greeting").text == "Hello Grace"


def test_an_own_class_of_clients_and_an_open_block(app: Flask) -> None:
    class Api(FlaskClient):
        def open(self, path: str, **options: t.Any) -> t.Any:  # type: ignore[override]
            return super().open(f"/{path}", **options)

    app.test_client_class = Api
    with app.test_client() as client:
        log_in(client, name="Ada")
        assert client.get("greeting").text == "Hello Ada"
        assert current_user["name"] == "Ada"


def test_a_client_without_cookies_is_told(app: Flask) -> None:
    with pytest.raises(TypeError, match="use_cookies=True"):
        log_in(app.test_client(use_cookies=False))


@pytest.mark.parametrize("hooks", [False, True])
def test_hooks_and_signals_are_there_on_request(shop: Shop, hooks: bool) -> None:
    told: list[t.Any] = []

    def hear(sender: Flask, user: t.Any) -> None:
        told.append(user["sub"])

    client = shop.app.test_client()
    with user_logged_in.connected_to(hear), user_logged_out.connected_to(hear):
        log_in(client, hooks=hooks)
        log_out(client, hooks=hooks)
    sub = USER["sub"]
    assert (told, shop.accounts) == (([sub, sub], [sub]) if hooks else ([], []))
    log_in(client, hooks=hooks)
    account = client.get("/profile").json["account"]  # type: ignore[index]
    assert account == (2 if hooks else None)


def test_a_login_that_a_hook_refuses(shop: Shop) -> None:
    def refuse(found: t.Any, login: t.Any) -> None:
        raise PermissionError

    shop.auth0.after_login(refuse)
    client = shop.app.test_client()
    with pytest.raises(PermissionError):
        log_in(client, hooks=True)
    assert client.get("/profile").status_code == 401


def test_no_client_at_all(everywhere: Shop) -> None:
    with logged_in(everywhere.app, name="Ada") as user:
        assert greeting() == "Hello Ada"
        assert render_template_string("{{ current_user.name }}") == "Ada"
        assert user["name"] == "Ada"
        everywhere.auth0.update_session(name="Countess")
        session["seen"] = True
        assert greeting() == "Hello Countess"
        assert everywhere.auth0.get_access_token() == "test-access-token"
    assert greeting_outside(everywhere.app) == "Hello"


def greeting_outside(app: Flask) -> str:
    with app.test_request_context():
        return greeting()


def test_the_request_around_it_is_that_of_the_block(app: Flask) -> None:
    with app.test_request_context("/orders/7?page=2"), logged_in(app):
        assert (request_path(), greeting()) == ("/orders/7?page=2", "Hello Test User")


def request_path() -> str:
    return request.full_path


def test_a_browser(everywhere: Shop) -> None:
    with live_server(everywhere.app) as url:
        cookies = session_cookies(everywhere.app, url=url, name="Ada")
        assert {(c["domain"], c["secure"]) for c in cookies} == {("127.0.0.1", False)}
        asked = Request(f"{url}/greeting")  # noqa: S310
        asked.add_header(
            "Cookie", "; ".join(f"{c['name']}={c['value']}" for c in cookies)
        )
        with urlopen(asked) as answer:  # noqa: S310
            assert answer.read() == b"Hello Ada"


def test_the_flags_of_its_cookies_are_those_of_the_app() -> None:
    app = Shop(AUTH0_COOKIE_SAME_SITE="Strict", AUTH0_COOKIE_HOST_PREFIX="true").app
    for cookie in session_cookies(app, url="https://shop.example"):
        assert cookie["name"].startswith("__Host-")
        assert cookie["secure"]
        assert cookie["httpOnly"]
        assert (cookie["sameSite"], cookie["path"]) == ("Strict", "/")
        assert cookie["domain"] == "shop.example"


def test_a_host_of_its_own() -> None:
    app = Flask(__name__)
    app.config.update(CONFIG, TESTING=True)
    domains = {"a.example": "a.example.com", "b.example": "b.example.com"}
    Auth0(app, domain=lambda request: domains[request.host])
    app.get("/greeting")(greeting)
    client = app.test_client()
    log_in(client, base_url="http://a.example", name="Ada")
    assert client.get("/greeting", base_url="http://a.example").text == "Hello Ada"
    assert client.get("/greeting", base_url="http://b.example").text == "Hello"


def test_many_at_once(everywhere: Shop) -> None:
    def visit(number: int) -> str:
        name = str(number)
        client = logged_in_client(everywhere.app, sub=f"auth0|{name}", name=name)
        return client.get("/greeting").text

    with ThreadPoolExecutor(8) as threads:
        found = [*threads.map(visit, range(24))]
    assert found == [f"Hello {number}" for number in range(24)]


def test_nothing_of_it_works_for_real_users(shop: Shop) -> None:
    app, client = shop.app, shop.app.test_client()
    app.testing = False
    for attempt in (
        lambda: log_in(client),
        lambda: log_out(client),
        lambda: logged_in_client(app),
        lambda: session_cookies(app),
        lambda: logged_in(app).__enter__(),
        lambda: live_server(app),
        lambda: Shop(TESTING=False, SESSION_TYPE="memory"),
    ):
        with pytest.raises(ConfigurationError, match="testing"):
            attempt()
    app.debug = True
    log_in(client)
    assert client.get("/profile").status_code == 200
