"""login_required(organization=…): who is a member, and what nobody can be."""

from __future__ import annotations

import typing as t
import unicodedata

import pytest
from flask import Flask

from flask_auth0 import login_required
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import NAVIGATION, MakeApp, MakeVisitor

ID = "org_9ybsU1dN2dKfDkBi"


def add_team(app: Flask, organization: str) -> None:
    """Add a page for the members of an organization."""
    guard = login_required(organization=organization)
    app.add_url_rule("/team", view_func=guard(lambda: "ours"))


def test_organization(app: Flask) -> None:
    add_team(app, "org_1")
    assert logged_in_client(app, org_id="org_1").get("/team").text == "ours"
    other = logged_in_client(app, org_id="org_2").get("/team", headers=NAVIGATION)
    assert other.location == "/login?next=/team&organization=org_1"


@pytest.mark.parametrize(
    ("wanted", "claims"),
    [
        (ID, {"org_id": ID}),
        (ID, {"org_id": ID, "org_name": "anything"}),
        ("acme", {"org_id": "org_1", "org_name": "acme"}),
        ("ACME", {"org_name": "acme"}),
        (" acme ", {"org_name": "acme"}),
        ("caf\u00e9", {"org_name": unicodedata.normalize("NFD", "caf\u00e9")}),
        (unicodedata.normalize("NFD", "Caf\u00e9"), {"org_name": "caf\u00e9"}),
    ],
)
def test_members(app: Flask, wanted: str, claims: dict[str, t.Any]) -> None:
    add_team(app, wanted)
    assert logged_in_client(app, **claims).get("/team").text == "ours"


@pytest.mark.parametrize(
    ("wanted", "claims"),
    [
        # A stranger gave an organization of theirs the id of this one as its name.
        (ID, {"org_id": "org_of_a_stranger", "org_name": ID.lower()}),
        (ID, {"org_id": "org_of_a_stranger", "org_name": ID}),
        (ID, {"org_id": ID.lower()}),
        (ID, {"org_name": ID}),
        (ID, {"org_id": [ID]}),
        # By name, an id is nothing.
        ("acme", {"org_id": "acme"}),
        ("acme", {"org_id": "acme", "org_name": "another"}),
        ("acme", {"org_name": ["acme"]}),
        ("none", {}),
    ],
)
def test_strangers(app: Flask, wanted: str, claims: dict[str, t.Any]) -> None:
    add_team(app, wanted)
    response = logged_in_client(app, **claims).get("/team", headers=NAVIGATION)
    assert response.status_code == 302
    assert response.location.startswith("/login?next=/team&organization=")


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_organization_is_nobodys(blank: str) -> None:
    with pytest.raises(ValueError, match="organization"):
        login_required(organization=blank)


def test_an_organization_that_no_login_can_reach(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app = make_app(organization="org_1")

    @app.get("/other")
    @login_required(organization="org_2")
    def other() -> str:
        return "theirs"

    assert make_visitor(app).get("/other").status_code == 403
    client = logged_in_client(app, org_id="org_1")
    assert client.get("/other", headers=NAVIGATION).status_code == 403


def test_an_organization_by_name_where_the_id_is_configured(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app = make_app(organization="org_1")

    @app.get("/team")
    @login_required(organization="acme")
    def team() -> str:
        return "ours"

    assert make_visitor(app).get("/team").status_code == 302
    client = logged_in_client(app, org_id="org_1", org_name="acme")
    assert client.get("/team").text == "ours"
