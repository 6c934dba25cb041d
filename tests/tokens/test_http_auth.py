"""Requests to an API carry the user's access token, and one that is good."""

from __future__ import annotations

import asyncio
import typing as t

import httpx
import pytest
from flask import Flask, request

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import Visitor

from .refreshing import at_once, refreshes

HOME = "https://api.example.com"


class Api:
    """An API that may refuse tokens, and what it was sent."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.refuses_all = False
        self.challenge: str | None = 'Bearer error="invalid_token"'
        self.seen: list[tuple[str, str | None]] = []
        self.moved: dict[str, str] = {}

    def answer(self, asked: httpx.Request) -> httpx.Response:
        sent = asked.headers.get("Authorization")
        self.seen.append((str(asked.url), sent))
        if asked.url.path in self.moved:
            return httpx.Response(307, headers={"Location": self.moved[asked.url.path]})
        if self.refuses_all or sent is None or sent in self.refused:
            headers = {"WWW-Authenticate": self.challenge} if self.challenge else {}
            return httpx.Response(401, headers=headers)
        return httpx.Response(200, text=sent)

    def refuse_all_so_far(self) -> None:
        self.refused |= {sent for _, sent in self.seen if sent}

    def tokens(self) -> list[str | None]:
        return [sent for _, sent in self.seen]


class Unread(httpx.BaseTransport):
    """Hands requests to an API without reading their bodies, as a network does."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.api.answer(request)


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def app(app: Flask, api: Api) -> Flask:
    """An app that calls the API, at any URL and with any body."""
    auth0 = Auth0()
    auth = auth0.http_auth()
    http = httpx.Client(auth=auth, transport=Unread(api))

    def url() -> str:
        return request.args.get("url", f"{HOME}/things")

    @app.get("/call")
    def call() -> t.Any:
        follow = "follow" in request.args
        answer = http.get(url(), follow_redirects=follow)
        if "next" in request.args:
            assert answer.next_request is not None
            answer = http.send(answer.next_request)
        return answer.text, answer.status_code

    @app.get("/send")
    def send() -> t.Any:
        streamed: t.Any = iter([b"a", b"b"])
        content = streamed if "stream" in request.args else b"ab"
        answer = http.post(url(), content=content)
        return answer.text, answer.status_code

    @app.get("/replaced")
    def replaced() -> str:
        replacing = auth0.client.replace_access_token(
            request.args["refused"], scope=request.args.get("scope")
        )
        return auth0.run(replacing)

    @app.get("/call-async")
    async def call_async() -> t.Any:
        transport = httpx.MockTransport(api.answer)
        async with httpx.AsyncClient(auth=auth, transport=transport) as client:
            answers = await asyncio.gather(*(client.get(url()) for _ in range(3)))
        return "\n".join(each.text for each in answers), answers[0].status_code

    return app


@pytest.mark.parametrize("path", ["/call", "/call-async"])
def test_the_token_is_added(visitor: Visitor, api: Api, path: str) -> None:
    visitor.log_in()
    token = visitor.fetch("/token").text
    assert visitor.fetch(path).status_code == 200
    assert {*api.tokens()} == {f"Bearer {token}"}


@pytest.mark.parametrize("path", ["/call", "/call-async"])
def test_one_that_is_refused_is_replaced(
    visitor: Visitor, api: Api, tenant: TenantServer, path: str
) -> None:
    visitor.log_in()
    visitor.fetch("/call")
    api.refuse_all_so_far()
    tenant.tenant.token_requests.clear()
    answer = visitor.fetch(path)
    assert answer.status_code == 200
    assert not {*answer.text.split("\n")} & api.refused
    assert refreshes(tenant) == ["ok"]
    assert visitor.fetch("/call").text in answer.text
    assert refreshes(tenant) == ["ok"]


def test_many_that_are_refused_are_replaced_by_one_refresh(
    app: Flask, visitor: Visitor, api: Api, tenant: TenantServer
) -> None:
    visitor.log_in()
    visitor.fetch("/call")
    api.refuse_all_so_far()
    tenant.tenant.token_requests.clear()
    answers = at_once(visitor, ["/call", "/call-async"] * 6)
    assert {each.status_code for each in answers} == {200}
    assert len({token for each in answers for token in each.text.split("\n")}) == 1
    assert refreshes(tenant) == ["ok"]


def test_a_request_that_is_refused_late_finds_the_token_that_is_there(
    visitor: Visitor, tenant: TenantServer
) -> None:
    visitor.log_in()
    refused = {"refused": visitor.fetch("/token").text}
    tenant.tenant.token_requests.clear()
    new = visitor.fetch("/replaced", query_string=refused).text
    assert new != refused["refused"]
    assert visitor.fetch("/replaced", query_string=refused).text == new
    assert refreshes(tenant) == ["ok"]


def test_another_token_of_the_api_does_not_hide_that_one_is_refused(
    visitor: Visitor,
) -> None:
    visitor.log_in()
    first = visitor.fetch("/token?scope=read:a").text
    assert visitor.fetch("/token?scope=read:b").text != first
    asked = {"refused": first, "scope": "read:a"}
    assert visitor.fetch("/replaced", query_string=asked).text != first


def test_an_api_that_refuses_the_new_one_too_is_believed(
    visitor: Visitor, api: Api, tenant: TenantServer
) -> None:
    visitor.log_in()
    tenant.tenant.token_requests.clear()
    api.refuses_all = True
    assert visitor.fetch("/call").status_code == 401
    assert refreshes(tenant) == ["ok"]
    assert len({*api.tokens()}) == len(api.tokens()) == 2


@pytest.mark.parametrize(
    ("challenge", "helps"),
    [
        (None, True),
        ("Bearer", True),
        ('Basic realm="a", Bearer realm="b"', True),
        ('Bearer realm="a", error="invalid_token"', True),
        ('Bearer error="insufficient_scope", scope="more"', False),
        ('Bearer error="insufficient_user_authentication"', False),
        ("DPoP algs=ES256", False),
        ('Basic realm="bearer"', False),
    ],
)
def test_a_token_is_replaced_if_that_can_help(
    visitor: Visitor,
    api: Api,
    tenant: TenantServer,
    challenge: str | None,
    helps: bool,
) -> None:
    visitor.log_in()
    visitor.fetch("/call")
    api.refuse_all_so_far()
    api.challenge = challenge
    tenant.tenant.token_requests.clear()
    assert visitor.fetch("/call").status_code == (200 if helps else 401)
    assert refreshes(tenant) == (["ok"] if helps else [])


def test_a_body_that_cannot_be_sent_twice_is_sent_once(
    visitor: Visitor, api: Api, tenant: TenantServer
) -> None:
    visitor.log_in()
    assert visitor.fetch("/send?stream").status_code == 200
    api.refuse_all_so_far()
    assert visitor.fetch("/send?stream").status_code == 401
    assert visitor.fetch("/send").status_code == 200


@pytest.mark.parametrize("how", ["follow", "next"])
@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "http://evil.example/"])
def test_a_redirect_takes_the_token_to_no_other_host(
    visitor: Visitor, api: Api, tenant: TenantServer, how: str, elsewhere: str
) -> None:
    visitor.log_in()
    tenant.tenant.token_requests.clear()
    api.moved["/moved"] = elsewhere
    answer = visitor.fetch("/call", query_string={"url": f"{HOME}/moved", how: "1"})
    assert answer.status_code == 401
    assert [url for url, sent in api.seen if sent is None] == [elsewhere]
    assert [url for url, sent in api.seen if sent] == [f"{HOME}/moved"]
    # Another host cannot have tokens refreshed.
    assert refreshes(tenant) == []


@pytest.mark.parametrize("how", ["follow", "next"])
def test_a_redirect_on_the_same_host_keeps_it(
    visitor: Visitor, api: Api, how: str
) -> None:
    visitor.log_in()
    api.moved["/moved"] = f"{HOME}/things"
    answer = visitor.fetch("/call", query_string={"url": f"{HOME}/moved", how: "1"})
    assert answer.status_code == 200


def test_the_token_is_not_sent_where_it_can_be_read(visitor: Visitor, api: Api) -> None:
    visitor.log_in()
    answer = visitor.fetch("/call", query_string={"url": "http://api.example.com/"})
    assert answer.get_json()["error"] == "configuration_error"
    assert api.seen == []
    local = {"url": "http://127.0.0.1:5001/"}
    assert visitor.fetch("/call", query_string=local).status_code == 200


@pytest.mark.parametrize("path", ["/call", "/call-async"])
def test_nobody_is_logged_in(visitor: Visitor, api: Api, path: str) -> None:
    assert visitor.fetch(path).get_json()["error"] == "login_required"
    assert api.seen == []
