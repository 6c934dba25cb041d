"""The page about Dash."""

from __future__ import annotations

import importlib.util
import typing as t

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.harness.missing import missing

from .conftest import FETCH, HOST, NAVIGATION, ReadPage, client_of

OWN_PAGE = {**FETCH, "Origin": HOST, "Referer": f"{HOST}/?tab=2"}
CALLBACK = "/_dash-update-component"


@pytest.fixture
def server(read_page: ReadPage) -> Flask:
    if importlib.util.find_spec("dash") is None:
        missing("dash", "dash is not installed: tox run -e beside")
    server = read_page("dash.rst").run()["server"]
    assert isinstance(server, Flask)
    return server


def ask(client: FlaskClient, question: str, headers: dict[str, str]) -> t.Any:
    given = {"id": "question", "property": "value", "value": question}
    content = {
        "output": "answer.children",
        "outputs": {"id": "answer", "property": "children"},
        "inputs": [given],
        "changedPropIds": ["question.value"],
    }
    return client.post(CALLBACK, json=content, headers=headers)


def test_nobody_reaches_anything(server: Flask) -> None:
    client = server.test_client()
    assert client.get("/", headers=NAVIGATION).location == "/login?next=/"
    for path in ["/_dash-layout", "/_dash-dependencies", "/assets/login.js"]:
        assert client.get(path, headers=FETCH).status_code == 401
    refused = ask(client, "why", OWN_PAGE)
    assert refused.status_code == 401
    assert refused.json["login_url"] == "/login?next=/?tab%3D2"


def test_users(server: Flask) -> None:
    for name in ["Ada", "Grace"]:
        client = client_of(server, sub=name, name=name)
        assert f"Hello {name}" in client.get("/_dash-layout", headers=FETCH).text
        assert f"{name} asks: why" in ask(client, "why", OWN_PAGE).text
        assert ask(client, "admin?", OWN_PAGE).status_code == 403
    foreign = {**OWN_PAGE, "Origin": "https://evil.example"}
    assert ask(client, "why", foreign).status_code == 403
