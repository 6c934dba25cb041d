"""The stylesheet of the pages: for everybody, for long, and off if an app wants."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from flask_auth0.testing import logged_in_client
from flask_auth0.views import stylesheet
from tests.harness.visitor import NAVIGATION
from tests.pages.shown import make_app

LINK = re.compile(r'<link rel="stylesheet" href="(.*?)">')


def link_on(client: FlaskClient, root: str = "http://localhost") -> str | None:
    page = client.get("/error/not-allowed", base_url=root, headers=NAVIGATION).text
    found = LINK.search(page)
    return found[1] if found else None


def test_browsers_and_proxies_keep_it_and_it_touches_no_session() -> None:
    app = make_app(protect_app=True)
    app.testing = True
    client = logged_in_client(app)
    url = link_on(client)
    assert url is not None
    assert re.fullmatch(r"/auth0\.css\?v=[0-9a-f]{12}", url)
    sheet = client.get(url)
    assert sheet.status_code == 200
    assert sheet.mimetype == "text/css"
    assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in sheet.headers
    assert "Vary" not in sheet.headers


def test_visitors_of_an_app_that_is_guarded_as_a_whole_get_it() -> None:
    client = make_app(protect_app=True).test_client()
    assert client.get("/auth0.css").status_code == 200


def test_it_is_where_the_app_and_its_routes_are() -> None:
    app = make_app(url_prefix="/auth", stylesheet_path="/look.css")
    url = link_on(app.test_client(), "http://localhost/mounted")
    assert url is not None
    assert url.startswith("/mounted/auth/look.css?v=")


def test_an_app_can_turn_it_off() -> None:
    client = make_app(stylesheet_path="").test_client()
    assert link_on(client) is None
    assert client.get("/auth0.css").status_code == 404


def test_a_look_that_changes_has_another_url(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = link_on(make_app().test_client())
    monkeypatch.setattr(stylesheet, "_content", lambda: b"main {}")
    stylesheet._version.cache_clear()
    other = link_on(make_app().test_client())
    stylesheet._version.cache_clear()
    assert other is not None
    assert other != first
