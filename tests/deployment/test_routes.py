"""Views of an app that are in the way of the extension's routes, or the other way."""

from __future__ import annotations

import typing as t

import pytest
from flask import Blueprint, Flask

from flask_auth0 import Auth0
from tests.harness.visitor import SECRET

OPTIONS: dict[str, t.Any] = {
    "domain": "tenant.example.com",
    "client_id": "id",
    "client_secret": "client-secret",
    "secret": SECRET,
}


def make(is_first: bool, rule: str, methods: list[str], **options: t.Any) -> Flask:
    """Make an app with a view of its own, before the extension or after it."""
    app = Flask(__name__)
    app.testing = True
    if is_first:
        app.add_url_rule(rule, "own", lambda: "own", methods=methods)
    Auth0(app, **{**OPTIONS, **options})
    if not is_first:
        app.add_url_rule(rule, "own", lambda: "own", methods=methods)
    return app


@pytest.mark.parametrize("name", ["login", "callback", "logout"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_view_at_the_path_of_a_route(
    name: str, is_first: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = make(is_first, f"/{name}", ["GET"])
    assert not caplog.records
    client = app.test_client()
    client.get("/")
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.message.startswith(f"AUTH0_{name.upper()}_PATH ")
    pair = ("own", f"auth0.{name}") if is_first else (f"auth0.{name}", "own")
    assert f"'{pair[0]}' answers /{name}, " in record.message
    assert f"'{pair[1]}' never does" in record.message
    # What is said is what happens.
    assert (client.get(f"/{name}").text == "own") == is_first


@pytest.mark.parametrize(
    ("rule", "methods", "options"),
    [
        ("/login", ["POST"], {}),
        ("/<page>", ["GET"], {}),
        ("/login", ["GET"], {"login_path": ""}),
        ("/login", ["GET"], {"url_prefix": "/auth"}),
    ],
)
def test_what_is_in_nobodys_way(
    rule: str,
    methods: list[str],
    options: dict[str, t.Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    for is_first in (True, False):
        make(is_first, rule, methods, **options).test_client().get("/")
    assert not caplog.records


def test_a_view_of_a_blueprint_that_comes_late(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Flask(__name__)
    app.testing = True
    Auth0(app, **OPTIONS, url_prefix="/auth")
    pages = Blueprint("pages", __name__, url_prefix="/auth")
    pages.add_url_rule("/logout", "leave", lambda: "own", methods=["POST"])
    app.register_blueprint(pages)
    app.test_client().get("/")
    assert "'auth0.logout' answers /auth/logout" in caplog.text
    assert "'pages.leave' never does" in caplog.text


@pytest.mark.parametrize(
    ("path", "mount", "is_told"),
    [
        ("/callback", "", False),
        ("/auth/callback", "", True),
        ("/auth/callback", "/auth", False),
        ("/callback", "/auth", True),
        ("/own/callback", "", False),
    ],
)
def test_a_callback_url_that_no_view_answers(
    path: str, mount: str, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    uri = f"https://app.example.com{path}"
    app = make(True, "/own/callback", ["GET"], redirect_uri=uri)
    for _ in range(2):
        app.test_client().get("/", environ_overrides={"SCRIPT_NAME": mount})
    assert caplog.text.count(f"AUTH0_REDIRECT_URI leads to {path}, where") == is_told
