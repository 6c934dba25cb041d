"""htmx, whose requests are a script's and whose redirects are the page's."""

from __future__ import annotations

import typing as t

import pytest

from flask_auth0 import login_required
from tests.harness.visitor import FETCH, HOST, MakeApp, MakeVisitor


def test_a_guard_leads_to_the_login(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app = make_app()
    app.add_url_rule("/guarded", "guarded", login_required(lambda: "inside"))
    visitor = make_visitor(app)
    headers = {"HX-Request": "true", "HX-Current-URL": f"{HOST}/list?page=2"}
    response = visitor.get("/guarded", headers=headers)
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/login?next=/list?page%3D2"
    assert "Location" not in response.headers


@pytest.mark.parametrize("login_path", ["/login", ""], ids=["route", "no route"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_whole_page_goes_to_the_tenant(
    make_app: MakeApp, make_visitor: MakeVisitor, login_path: str, method: str
) -> None:
    """A script's request cannot follow a redirect to another origin."""
    app = make_app(login_path=login_path)
    view = login_required(refuse="redirect")(lambda: "inside")
    app.add_url_rule("/always", "always", view, methods=["GET", "POST"])
    visitor = make_visitor(app)
    headers = {**FETCH, "HX-Request": "true", "HX-Boosted": "true"}
    options: t.Any = {"headers": headers, "base_url": HOST, "method": method}
    answer = visitor.client.open("/always", follow_redirects=True, **options)
    assert answer.status_code == 204
    assert "Location" not in answer.headers
    assert "/authorize?" in answer.headers["HX-Redirect"]
    answer = visitor.client.open("/logout", **options)
    assert answer.status_code == 204
    assert "Location" not in answer.headers
    assert "logout?" in answer.headers["HX-Redirect"]
