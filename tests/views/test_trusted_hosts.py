"""A host that the app does not trust decides nothing."""

from __future__ import annotations

import itertools
import typing as t

import pytest
from flask import Flask, request
from flask.typing import ResponseReturnValue

from flask_auth0 import Auth0, LoginRequired, current_user, login_required
from tests.harness.visitor import FETCH, NAVIGATION, MakeApp, query_of

TRUSTED = "app.example.com"


@pytest.mark.parametrize("path", ["/login", "/logout", "/callback?code=a&state=b"])
def test_a_stranger_is_refused(make_app: MakeApp, path: str) -> None:
    client = make_app({"TRUSTED_HOSTS": [TRUSTED]}).test_client()
    stranger = client.get(path, base_url="https://evil.example", headers=NAVIGATION)
    assert stranger.status_code == 400
    assert "Location" not in stranger.headers
    assert "Set-Cookie" not in stranger.headers


def test_a_trusted_host_decides(make_app: MakeApp) -> None:
    client = make_app({"TRUSTED_HOSTS": [TRUSTED]}).test_client()
    answer = client.get("/login", base_url=f"https://{TRUSTED}", headers=NAVIGATION)
    assert query_of(answer.location)["redirect_uri"] == f"https://{TRUSTED}/callback"


def test_a_configured_callback_needs_no_trust(make_app: MakeApp) -> None:
    callback = f"https://{TRUSTED}/callback"
    client = make_app(redirect_uri=callback).test_client()
    answer = client.get("/login", base_url="https://evil.example", headers=NAVIGATION)
    assert query_of(answer.location)["redirect_uri"] == callback


def raise_required() -> None:
    raise LoginRequired()


#: Guards that apps have in front of all their views.
GUARDS: dict[str, t.Callable[[Auth0], ResponseReturnValue | None]] = {
    "login_required": lambda _: login_required(lambda: None)(),
    "max_age": lambda _: login_required(max_age=60)(lambda: None)(),
    "auth0.login": lambda auth0: auth0.login(request.path),
    "auth0.logout": lambda auth0: auth0.logout(),
    "LoginRequired": lambda _: raise_required(),
    "refuse_foreign_forms": lambda auth0: auth0.refuse_foreign_forms(),
    "get_access_token": lambda auth0: auth0.get_access_token() and None,
    "current_user": lambda _: None if current_user else ("who?", 400),
}
HEADERS: dict[str, dict[str, str]] = {
    "navigation": NAVIGATION,
    "fetch": FETCH,
    "htmx": {**FETCH, "HX-Request": "true", "HX-Current-URL": "https://a.example/"},
    "prefetch": {**NAVIGATION, "Sec-Purpose": "prefetch"},
    "foreign": {**NAVIGATION, "Sec-Fetch-Site": "cross-site"},
}
PATHS = ["/", "/login", "/callback", "/logout", "/nowhere"]


@pytest.mark.spread("guard", "is_first", "login_path", "redirect_uri")
@pytest.mark.parametrize("login_path", ["/login", ""])
@pytest.mark.parametrize("redirect_uri", [None, f"https://{TRUSTED}/callback"])
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize(
    ("hosts", "host"),
    [
        ([TRUSTED], "10.0.0.7:8000"),
        ([TRUSTED], "evil.example"),
        ([TRUSTED], f"{TRUSTED}.evil.example"),
        ([TRUSTED], "a..b"),
        ([TRUSTED], ""),
        (None, "a..b"),
        (None, f"{'a' * 64}.example"),
    ],
)
def test_behind_a_guard_of_the_whole_app(
    options: dict[str, t.Any],
    login_path: str,
    redirect_uri: str | None,
    is_first: bool,
    guard: str,
    hosts: list[str] | None,
    host: str,
) -> None:
    """The request gets 400, as without the guard."""
    app = Flask(__name__)
    app.config.update(TRUSTED_HOSTS=hosts)
    auth0 = Auth0()
    more: dict[str, t.Any] = {"login_path": login_path, "redirect_uri": redirect_uri}
    if not is_first:
        auth0.init_app(app, **options, **more)
    app.before_request(lambda: GUARDS[guard](auth0))
    if is_first:
        auth0.init_app(app, **options, **more)
    app.add_url_rule("/", view_func=lambda: "home")
    for path, headers in itertools.product(PATHS, HEADERS.values()):
        for method in ("GET", "POST"):
            asked = {**headers, "Host": host}
            stranger = app.test_client().open(path, method=method, headers=asked)
            assert stranger.status_code == 400, (path, headers, stranger.text)
            assert "Location" not in stranger.headers


def test_a_request_that_names_no_host(make_app: MakeApp) -> None:
    """Servers behind a socket have no name of their own either."""
    client = make_app().test_client()
    stranger = client.get("/login", headers={**NAVIGATION, "Host": "a b"})
    assert stranger.status_code == 400
    guarded = client.get("/profile", headers={**NAVIGATION, "Host": "a b"})
    assert guarded.location == "/login?next=/profile"


@pytest.mark.parametrize(
    ("config", "warned"),
    [
        ({}, True),
        ({"SERVER_NAME": TRUSTED}, True),
        ({"TRUSTED_HOSTS": []}, True),
        ({"TRUSTED_HOSTS": [TRUSTED]}, False),
        ({"AUTH0_REDIRECT_URI": f"https://{TRUSTED}/callback"}, False),
        ({"DEBUG": True}, False),
        ({"TESTING": True}, False),
        ({"AUTH0_ALLOW_DEVELOPMENT_TENANT": True}, False),
    ],
    ids=str,
)
def test_the_first_login_warns_of_any_host(
    options: dict[str, t.Any],
    caplog: pytest.LogCaptureFixture,
    config: dict[str, t.Any],
    warned: bool,
) -> None:
    app = Flask(__name__)
    app.config.update(config)
    Auth0(app, **options)
    client = app.test_client()
    client.get("/login", base_url="http://127.0.0.1:5000")
    assert "TRUSTED_HOSTS" not in caplog.text
    for _ in range(2):
        client.get("/login", base_url=f"https://{TRUSTED}")
    assert caplog.text.count("TRUSTED_HOSTS is not set") == warned


def test_subdomains_are_of_a_host_that_is_known(
    options: dict[str, t.Any], caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = TRUSTED
    Auth0(app, **options)
    assert "TRUSTED_HOSTS" not in caplog.text
    with pytest.warns(UserWarning, match="doesn't match"):
        stranger = app.test_client().get("/login", base_url="https://evil.example")
    assert stranger.status_code == 404
