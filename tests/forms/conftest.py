"""An app with forms, in cookies and on Redis, and users whose sessions end."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, request
from werkzeug.test import TestResponse

from flask_auth0 import kept_form, login_required
from tests.harness.visitor import (
    ADA,
    HOST,
    NAVIGATION,
    MakeApp,
    MakeVisitor,
    Visitor,
)

#: The headers of a form that a page of the app sends, except for the page.
OWN = {**NAVIGATION, "Origin": HOST, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(params=["cookies", "redis"])
def mode(request: pytest.FixtureRequest) -> str:
    """Where the sessions are."""
    return str(request.param)


@pytest.fixture
def settings(mode: str, request: pytest.FixtureRequest) -> dict[str, t.Any]:
    if mode != "redis":
        return {}
    found: dict[str, t.Any] = request.getfixturevalue("redis_settings")
    return found


@pytest.fixture
def app(make_app: MakeApp, settings: dict[str, t.Any]) -> Flask:
    app = make_app(settings)
    add_forms(app)
    return app


@pytest.fixture
def visitor(app: Flask, make_visitor: MakeVisitor) -> Visitor:
    return make_visitor(app)


def add_forms(app: Flask) -> None:
    """Add views with forms: some that keep them, and one that does not."""

    def answer() -> dict[str, t.Any]:
        kept = kept_form()
        fields = None if kept is None else kept.to_dict(flat=False)
        return {"kept": fields, "sent": request.form.to_dict(flat=False)}

    @app.route("/note", methods=["GET", "POST"])
    @login_required(keep_form=True)
    def note() -> dict[str, t.Any]:
        return answer()

    @app.route("/async-note", methods=["GET", "POST"])
    @login_required(keep_form=True)
    async def async_note() -> dict[str, t.Any]:
        return answer()

    @app.route("/recent", methods=["GET", "POST"])
    @login_required(keep_form=True, max_age=300)
    def recent() -> dict[str, t.Any]:
        return answer()

    @app.route("/plain", methods=["GET", "POST"])
    @login_required
    def plain() -> dict[str, t.Any]:
        return answer()


def post(
    visitor: Visitor, page: str, data: t.Any = None, **options: t.Any
) -> TestResponse:
    """Send the form of a page."""
    headers = {**OWN, "Referer": HOST + page, **options.pop("headers", {})}
    return visitor.client.post(
        page, base_url=HOST, data=data, headers=headers, **options
    )


def come_back(
    visitor: Visitor, refused: TestResponse, person: str = ADA
) -> TestResponse:
    """Log in after a form was refused, and return the answer of the callback."""
    assert refused.status_code == 303
    return visitor.log_in(person, refused.location)


def kept(visitor: Visitor, page: str = "/note") -> t.Any:
    """The fields that a page gets back."""
    answer = visitor.get(page)
    assert answer.status_code == 200
    assert answer.json is not None
    return answer.json["kept"]


def end_session(visitor: Visitor) -> None:
    """Drop the cookies of a session, as a browser does when its time is over."""
    for name in visitor.cookies():
        if not name.endswith("_a0_author"):
            visitor.client.delete_cookie(name, domain="localhost")
    assert visitor.user() is None
