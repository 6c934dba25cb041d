"""The app in README, and the first page after it."""

from __future__ import annotations

import shlex

import pytest

from flask_auth0.tenant import TenantServer
from tests.harness.access_tokens import API, bearer, make_token

from .conftest import MakeVisitor, ReadPage, check_messages, query_of
from .pages import path_of, snippets

ADA, GRACE = "ada@example.com", "grace@example.com"


def test_readme_app(read_page: ReadPage, make_visitor: MakeVisitor) -> None:
    page = read_page("README.md").run_next()
    visitor = make_visitor(page["app"])
    asked = visitor.get("/profile")
    assert asked.location == "/login?next=/profile"
    callback = visitor.authorize(visitor.get(asked.location), ADA)
    assert visitor.get(callback).location == "/profile"
    assert visitor.get("/profile").text == "Hello Ada Lovelace"
    answer = make_visitor(page["app"]).fetch("/profile")
    assert answer.status_code == 401
    assert answer.get_json()["login_url"]
    rules = {rule.rule for rule in page["app"].url_map.iter_rules()}
    assert {"/login", "/callback", "/logout"} <= rules


def test_readme_redis(
    read_page: ReadPage,
    make_visitor: MakeVisitor,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (line,) = [
        s.text for s in snippets(path_of("README.md"), "console") if "REDIS" in s.text
    ]
    *settings, flask, run = shlex.split(line.removeprefix("$ "))
    assert (flask, run) == ("flask", "run")
    for key, value in (setting.split("=") for setting in settings):
        monkeypatch.setenv(key, value.replace("redis://localhost:6379", redis_url))
    visitor = make_visitor(read_page("README.md").run_next()["app"])
    visitor.log_in()
    assert visitor.get("/profile").text == "Hello Ada Lovelace"
    assert visitor.cookies() == ["session"]


def test_readme_logged_in_client(read_page: ReadPage) -> None:
    page = read_page("README.md").run_next().run_next()
    page["test_profile"]()


def test_readme_tokens(read_page: ReadPage, make_visitor: MakeVisitor) -> None:
    check_messages(make_visitor(read_page("README.md").run()["app"]))


def test_readme_api(
    read_page: ReadPage, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_AUDIENCE", API)
    client = read_page("README.md").run()["app"].test_client()
    for scope, status in (("read:profile", 200), ("openid", 403)):
        token = make_token(tenant.tenant, scope=scope)
        assert client.get("/api/me", headers=bearer(token)).status_code == status
    assert client.get("/api/me").status_code == 401


def test_quickstart(read_page: ReadPage, make_visitor: MakeVisitor) -> None:
    page = read_page("quickstart.rst").run()
    own, optioned = page.apps[0], page.apps[-1]
    visitor = make_visitor(own)
    assert 'href="/login"' in visitor.get("/").text
    visitor.log_in()
    assert "Hello Ada Lovelace." in visitor.get("/").text
    assert 'href="/logout"' in visitor.get("/").text
    profile = visitor.get("/profile").get_json()
    assert profile == {"name": "Ada Lovelace", "email": ADA}
    assert "auth0" in page["create_app"]().extensions
    other = make_visitor(optioned)
    assert query_of(other.get("/login").location)["scope"] == "openid profile"
    assert other.log_in().location == "/welcome"
