"""The pages that say why a login cannot go on: the extension's and the example's."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask, render_template_string

import flask_auth0
from flask_auth0.errors import Action, Auth0Error

SCRIPT = "<script>alert(1)</script>"
TEMPLATES = Path(flask_auth0.__file__).parent / "templates"


@pytest.fixture(params=["extension", "example"])
def page(request: pytest.FixtureRequest, app: Flask) -> str:
    """The page for an error whose every part was written by somebody hostile."""
    error = Auth0Error(f"description {SCRIPT}", error=f"code {SCRIPT}")
    error.title = f"title {SCRIPT}"
    template = "{% include 'flask_auth0/error.html' %}"
    if request.param == "extension":
        template = (TEMPLATES / "flask_auth0" / "error.html").read_text()
    actions = [
        Action(f"Try again {SCRIPT}", f"/login?next=\"'{SCRIPT}"),
        Action("Home", "/"),
    ]
    with app.test_request_context():
        return render_template_string(
            template, error=error, actions=actions, remedy=f"remedy {SCRIPT}"
        )


def test_everything_is_shown_and_escaped(page: str) -> None:
    assert SCRIPT not in page
    for what in ("title", "description", "code", "remedy", "Try again"):
        assert f"{what} &lt;script&gt;" in page
    assert 'href="/login?next=&#34;&#39;&lt;script&gt;' in page
    assert 'href="/"' in page
    assert 'role="alert"' in page
    assert 'lang="en"' in page


def test_the_page_of_the_extension_needs_its_stylesheet_alone(app: Flask) -> None:
    source = (TEMPLATES / "flask_auth0" / "error.html").read_text()
    with app.test_request_context("/", base_url="http://localhost/prefix"):
        page = render_template_string(source, error=Auth0Error(), actions=[])
        shown = page.replace(app.extensions["auth0"].page.stylesheet, "STYLESHEET")
    assert '<link rel="stylesheet" href="STYLESHEET">' in shown
    for word in ("<script", "<style", "style=", "src=", "data:", "//"):
        assert word not in shown
    assert 'name="robots" content="noindex"' in shown


def test_an_error_without_a_way_on_leads_to_the_start_page(app: Flask) -> None:
    source = (TEMPLATES / "flask_auth0" / "error.html").read_text()
    with app.test_request_context("/", base_url="http://localhost/prefix"):
        page = render_template_string(source, error=Auth0Error(), actions=[])
    assert 'href="/prefix/"' in page
    assert "For the developer" not in page
