"""``flask auth0 sessions list`` and ``revoke``."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_auth0 import session_revoked
from flask_auth0.cli import auth0
from flask_auth0.sessions.labels import record_of
from flask_auth0.sessions.server.storage import back_end_of
from tests.harness.visitor import ADA, GRACE, MakeApp, MakeVisitor

MEMBERS = ["address", "created", "id", "last_seen", "user_agent"]


@pytest.fixture
def app(make_app: MakeApp, redis_settings: dict[str, str]) -> Flask:
    return make_app(redis_settings)


def invoke(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(auth0, ["sessions", *arguments])
    return result.exit_code, result.output


def test_list_and_revoke(app: Flask, make_visitor: MakeVisitor) -> None:
    one, two, grace = (make_visitor(app) for _ in range(3))
    one.log_in()
    two.log_in()
    grace.log_in(GRACE)
    status, output = invoke(app, "list", "auth0|ada")
    header, *lines = output.splitlines()
    assert status == 0
    assert header.split("  ")[:1] == ["ID"]
    assert header.count("(UTC)") == 2
    assert len(lines) == 2
    assert all("127.0.0.1  Werkzeug/" in line for line in lines)
    assert invoke(app, "revoke", lines[0].split()[0]) == (0, "Ended 1 session.\n")
    assert sorted([bool(one.user()), bool(two.user())]) == [False, True]
    listed = json.loads(invoke(app, "list", "--json", "auth0|ada")[1])
    assert [sorted(each) for each in listed] == [MEMBERS]
    assert listed[0]["created"].endswith("+00:00")
    assert invoke(app, "revoke", "--all", "auth0|ada") == (0, "Ended 1 session.\n")
    assert [one.user(), two.user()] == [None, None]
    assert invoke(app, "revoke", "--all", "auth0|ada") == (0, "Ended 0 sessions.\n")
    assert grace.user()["email"] == GRACE


def test_nothing_to_end(app: Flask) -> None:
    assert invoke(app, "list", "auth0|nobody") == (0, "This user has no session.\n")
    assert invoke(app, "revoke", "x" * 24) == (1, "Error: There is no such session.\n")


def test_a_browsers_name_cannot_play_with_the_terminal(
    app: Flask, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(app)
    visitor.client.environ_base["HTTP_USER_AGENT"] = "Evil\x1b[2J\x9bBrowser"
    visitor.log_in()
    _, output = invoke(app, "list", "auth0|ada")
    assert output.endswith("  Evil[2JBrowser\n")


def test_nor_can_an_address(app: Flask, make_visitor: MakeVisitor) -> None:
    """Behind one proxy more than there are, it is what the browser says."""
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    visitor = make_visitor(app)
    visitor.client.environ_base["HTTP_X_FORWARDED_FOR"] = "Evil\x1b[2J\x9bProxy"
    visitor.log_in()
    _, output = invoke(app, "list", "auth0|ada")
    assert "  Evil[2JProxy  " in output
    assert output.replace("\n", "").isprintable()


def test_an_id_can_look_like_an_option(
    app: Flask, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_auth0.sessions.labels.record_of", dashed)
    monkeypatch.setattr("flask_auth0.sessions.writes.record_of", dashed)
    monkeypatch.setattr("flask_auth0.sessions.state_store.record_of", dashed)
    monkeypatch.setattr("flask_auth0.sessions.codec.record_of", dashed)
    visitor = make_visitor(app)
    visitor.log_in()
    name = invoke(app, "list", "auth0|ada")[1].splitlines()[1].split()[0]
    assert name.startswith("-")
    assert invoke(app, "revoke", name) == (0, "Ended 1 session.\n")
    assert visitor.user() is None


def dashed(session_id: str) -> str:
    """The name of a record that begins like an option, as one in 64 does."""
    return f"-{record_of(session_id)[1:]}"


def test_the_app_hears_of_it(app: Flask, make_visitor: MakeVisitor) -> None:
    heard: list[object] = []

    def hear(sender: object, **kwargs: object) -> None:
        heard.append((sender, kwargs["sub"]))

    visitor = make_visitor(app)
    visitor.log_in()
    assert visitor.user()["email"] == ADA
    with session_revoked.connected_to(hear):
        invoke(app, "revoke", "--all", "auth0|ada")
        invoke(app, "revoke", "--all", "auth0|ada")
    assert heard == [(app, "auth0|ada")]


def test_sessions_in_cookies_cannot_be_listed(make_app: MakeApp) -> None:
    for arguments in [("list", "x"), ("revoke", "x"), ("revoke", "--all", "x")]:
        status, output = invoke(make_app(), *arguments)
        assert status == 1
        assert "SESSION_TYPE" in output


def test_a_back_end_that_is_down(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*names: str) -> None:
        raise OSError

    store = back_end_of(app.session_interface)
    monkeypatch.setattr(store, "labelled", fail)
    status, output = invoke(app, "list", "auth0|ada")
    assert (status, output.startswith("Error: SESSION_")) == (1, True)
