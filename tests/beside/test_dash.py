"""Dash, whose pages, assets and callbacks are all views that it has made itself."""

from __future__ import annotations

import importlib.util
import typing as t

import pytest

from tests.harness.missing import missing
from tests.harness.visitor import FETCH, HOST, MakeApp, MakeVisitor, Visitor

CALL = {
    "output": "greeting.children",
    "outputs": {"id": "greeting", "property": "children"},
    "inputs": [{"id": "name", "property": "value", "value": "x"}],
    "changedPropIds": ["name.value"],
}


@pytest.fixture
def visitor(make_app: MakeApp, make_visitor: MakeVisitor) -> Visitor:
    if importlib.util.find_spec("dash") is None:
        missing("dash", "there is no Dash: tox run -e beside")
    # It is large, and one environment alone has it.
    dash: t.Any = importlib.import_module("dash")
    from flask_auth0 import current_user

    app = make_app(protect_app=True)
    site = dash.Dash(__name__, server=app, url_base_pathname="/board/")
    site.layout = dash.html.Div([dash.dcc.Input(id="name"), dash.html.P(id="greeting")])

    @site.callback(dash.Output("greeting", "children"), dash.Input("name", "value"))  # type: ignore[untyped-decorator]
    def greet(value: str) -> str:
        return f"Hello {current_user['name']}"

    return make_visitor(app)


def call(visitor: Visitor) -> t.Any:
    url = "/board/_dash-update-component"
    return visitor.client.post(url, json=CALL, base_url=HOST, headers=FETCH)


def test_all_of_it_is_for_users(visitor: Visitor) -> None:
    script = "/board/_dash-component-suites/dash/deps/react@18.js"
    paths = ["/board/_dash-layout", "/board/_dash-dependencies", script]
    for answer in (*map(visitor.fetch, paths), call(visitor)):
        assert answer.status_code == 401
        assert answer.get_json()["login_url"] == "/login?next=/"
    begun = visitor.get("/board/")
    assert visitor.log_in(path=begun.location).location == "/board/"
    assert visitor.get("/board/").mimetype == "text/html"
    assert visitor.fetch("/board/_dash-layout").get_json()["props"]
    answer = call(visitor).get_json()["response"]
    assert answer == {"greeting": {"children": "Hello Ada Lovelace"}}
    visitor.get("/logout")
    assert call(visitor).get_json()["error"] == "login_required"
