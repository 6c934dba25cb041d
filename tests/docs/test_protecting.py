"""The page about protected views."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_auth0 import Auth0, current_user, login_required
from flask_auth0.tenant import TenantServer

from .conftest import HOST, NAVIGATION, MakeVisitor, ReadPage, client_of
from .pages import ROOT, Page, path_of, snippets


def logged_in(app: Flask, path: str, **claims: Any) -> TestResponse:
    return client_of(app, **claims).get(path, headers=NAVIGATION)


@pytest.fixture
def protecting(read_page: ReadPage) -> Page:
    return read_page("protecting.rst").run()


@pytest.mark.parametrize("path", ["/sync", "/async", "/report", "/admin/users"])
def test_protected(protecting: Page, make_visitor: MakeVisitor, path: str) -> None:
    app = protecting.apps[0]
    assert make_visitor(app).get(path).location == f"/login?next={path}"
    assert make_visitor(app).fetch(path).status_code == 401
    assert logged_in(app, path).text == "inside"


def test_protected_and_cached(
    protecting: Page, caplog: pytest.LogCaptureFixture
) -> None:
    app = protecting.apps[-1]
    for name in ("Ada", "Grace", "Ada"):
        client = client_of(app, sub=name, name=name)
        assert client.get("/dashboard").text == f"The dashboard of {name}"
    assert app.test_client().get("/dashboard").status_code != 200
    assert "cached" not in caplog.text


def test_protected_with_arguments(protecting: Page) -> None:
    app, now = protecting.apps[0], int(time.time())
    assert logged_in(app, "/transfer", auth_time=now - 200).text == "inside"
    assert "max_age=300" in logged_in(app, "/transfer", auth_time=now - 400).location
    assert logged_in(app, "/team", org_id="org_1").text == "inside"
    for stranger in ({}, {"org_id": "org_2", "org_name": "org_1"}):
        assert "organization=org_1" in logged_in(app, "/team", **stranger).location
    assert logged_in(app, "/github").text == "inside"
    location = app.test_client().get("/github", headers=NAVIGATION).location
    assert "connection=github" in location


def test_the_whole_app_can_be_protected(
    tenant: TenantServer, make_visitor: MakeVisitor
) -> None:
    app = Flask(__name__, root_path=str(ROOT / "example_app"))
    auth0 = Auth0(app)
    app.before_request(auth0.login_required(lambda: None))
    app.add_url_rule("/", view_func=lambda: "inside")
    visitor = make_visitor(app)
    assert visitor.get("/").location == "/login?next=/"
    assert visitor.fetch("/static/style.css").status_code == 401
    assert visitor.log_in().location == "/"
    assert visitor.get("/").text == "inside"


def test_greeting(protecting: Page) -> None:
    app = protecting.apps[0]
    assert app.test_client().get("/greeting").json == {"hello": "stranger"}
    assert logged_in(app, "/greeting", name="Ada").json == {"hello": "Ada"}


def test_what_everybody_else_gets(protecting: Page, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(protecting.apps[0])
    body = visitor.fetch("/sync").get_json()
    assert set(body) == {"error", "error_description", "login_url"}
    htmx = {"HX-Request": "true", "HX-Current-URL": f"{HOST}/greeting"}
    answer = visitor.get("/sync", htmx)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == answer.get_json()["login_url"]
    assert visitor.client.options("/sync").status_code == 200


def test_a_form_comes_back_to_its_page(
    tenant: TenantServer, make_visitor: MakeVisitor
) -> None:
    app = Flask(__name__)
    Auth0(app)
    app.post("/send")(login_required(lambda: "sent"))
    headers = {**NAVIGATION, "Referer": f"{HOST}/form"}
    answer = make_visitor(app).client.post("/send", base_url=HOST, headers=headers)
    assert (answer.status_code, answer.location) == (303, "/login?next=/form")


def test_an_answer_of_ones_own(protecting: Page, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(protecting.apps[1])
    assert visitor.get("/shop").location == "/welcome"
    assert visitor.get("/account").location == "/login?next=/account"
    assert logged_in(protecting.apps[1], "/shop").text == "inside"


def test_error_handlers(
    protecting: Page, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    visitor = make_visitor(protecting.apps[1])
    answer = visitor.fetch("/account")
    assert (answer.status_code, list(answer.get_json())) == (401, ["go_to"])
    # The page has a handler for the error, which answers for the view.
    assert visitor.get("/orders").get_json() == {"go_to": "/login?next=/orders"}
    tenant.tenant.fail_next_token_request(status=500)
    answer = visitor.log_in()
    assert answer.get_json() == {"problem": "temporarily_unavailable", "status": 503}


def test_error_template(
    tenant: TenantServer, make_visitor: MakeVisitor, tmp_path: Path
) -> None:
    (template,) = snippets(path_of("protecting.rst"), "jinja")
    folder = tmp_path / "templates" / "flask_auth0"
    folder.mkdir(parents=True)
    (folder / "error.html").write_text(template.text)
    (folder.parent / "base.html").write_text("OWN {% block content %}{% endblock %}")
    app = Flask(__name__, root_path=str(tmp_path))
    Auth0(app)
    visitor = make_visitor(app)
    tenant.tenant.fail_next_token_request(status=500)
    text = visitor.log_in().text
    assert text.startswith("OWN")
    assert "The login service is not answering" in text
    assert "Try again</a>" in text


def test_the_pages_of_the_extension_have_no_script() -> None:
    for template in (ROOT / "flask_auth0" / "templates").rglob("*.html"):
        assert "<script" not in template.read_text()


def test_caches(protecting: Page) -> None:
    app = protecting.apps[0]
    answer = logged_in(app, "/greeting")
    assert "Cookie" in answer.vary
    assert answer.cache_control.private
    assert "Cookie" in app.test_client().get("/greeting").vary
    assert app.test_client().get("/login").cache_control.no_store
    export = logged_in(protecting.apps[1], "/export", name="Ada")
    assert export.text == "for Ada\n"
    assert "Cookie" in export.vary
    assert export.cache_control.private


def test_claims_are_escaped_by_templates_alone(tenant: TenantServer) -> None:
    app = Flask(__name__)
    Auth0(app)

    @app.get("/template")
    def template() -> str:
        return app.jinja_env.from_string("{{ name|e }}").render(current_user)

    assert client_of(app, name="<b>").get("/template").text == "&lt;b&gt;"
