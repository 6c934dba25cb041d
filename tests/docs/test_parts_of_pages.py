"""The pages about htmx and Flask-SocketIO, which get parts of pages."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0.testing import log_in

from .conftest import FETCH, HOST, NAVIGATION, MakeVisitor, ReadPage, client_of
from .pages import Page

ROLES = "https://example.com/roles"
HTMX = {
    **FETCH,
    "HX-Request": "true",
    "HX-Current-URL": f"{HOST}/?page=2",
    "Origin": HOST,
}


@pytest.fixture
def htmx(read_page: ReadPage) -> Flask:
    return read_page("htmx.rst").run().apps[0]


def test_htmx_when_nobody_is_logged_in(htmx: Flask) -> None:
    client = htmx.test_client()
    answer = client.post("/items", headers=HTMX)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login?next=/?page%3D2"
    ahead = {**HTMX, "HX-Preloaded": "true"}
    assert client.get("/login", headers=ahead).status_code == 503


def test_boosted_links(htmx: Flask, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(htmx)
    for path, leads_to in {"/login": "/authorize?", "/logout": "logout?"}.items():
        answer = visitor.get(path, {**HTMX, "HX-Boosted": "true"})
        assert answer.status_code == 204
        assert leads_to in answer.headers["HX-Redirect"]


def test_htmx_parts(htmx: Flask) -> None:
    client = client_of(htmx, name="<Ada>", **{ROLES: ["reader"]})
    assert 'hx-boost="true"' in client.get("/", headers=NAVIGATION).text
    assert client.post("/items", headers=HTMX).text == "<li>Milk for &lt;Ada&gt;</li>"
    foreign = {**HTMX, "Origin": "https://evil.example"}
    assert client.post("/items", headers=foreign).status_code == 403
    refused = client.delete("/items", headers=HTMX)
    assert refused.headers["HX-Retarget"] == "#message"
    assert "the role admin" in refused.text
    refused = client.delete("/items", headers={**FETCH, "Origin": HOST})
    assert refused.status_code == 403
    assert refused.json
    assert refused.json["missing"] == {"roles": ["admin"]}


@pytest.fixture
def socketio(read_page: ReadPage) -> Page:
    page = read_page("socketio.rst").run()
    page["app"].testing = True
    return page


def connect(page: Page, **claims: t.Any) -> tuple[t.Any, t.Any]:
    client = page["app"].test_client()
    log_in(client, **claims)
    return client, page["socketio"].test_client(page["app"], flask_test_client=client)


def test_the_socketio_page_tests_itself(socketio: Page) -> None:
    socketio["test_say"]()


def test_a_note_reaches_its_user_alone(socketio: Page) -> None:
    _, ada = connect(socketio, sub="auth0|ada")
    _, grace = connect(socketio, sub="auth0|grace")
    socketio["notify"]("auth0|ada", "hello")
    assert [each["args"] for each in ada.get_received()] == [["hello"]]
    assert grace.get_received() == []


def test_a_connection_hangs_up_with_its_session(socketio: Page) -> None:
    client, socket = connect(socketio, sub="auth0|ada")
    client.get("/logout")
    socketio["notify"]("auth0|ada", "a secret")
    assert [each["name"] for each in socket.get_received()] == ["logged_out"]
    client, socket = connect(socketio, sub="auth0|ada")
    revoked = socketio["session_revoked"]
    revoked.send(socketio["app"], sub="auth0|ada", sid=None)
    socketio["notify"]("auth0|ada", "a secret")
    assert [each["name"] for each in socket.get_received()] == ["logged_out"]
