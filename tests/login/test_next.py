"""``next``: which spelling of which address is where a login leads."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from flask import Flask

from flask_auth0 import login_required
from flask_auth0.tenant import TenantServer
from flask_auth0.views import login
from tests.harness.visitor import ADA, HOST, MakeApp, MakeVisitor, Visitor, query_of

SLASHES = [
    "%2f",
    "%2F",
    "%2f%2f",
    "%2f/",
    "%2f//",
    "./%2f",
    "x/..%2f",
    "%2e/",
    "/x/../",
]


def target_of(visitor: Visitor, target: str) -> str:
    """The page that a login leads to."""
    return visitor.log_in(path=f"/login?next={quote(target)}").location


@pytest.mark.parametrize("route", ["login", "logout"])
@pytest.mark.parametrize("slashes", SLASHES)
def test_own_routes_in_other_spellings(
    visitor: Visitor, slashes: str, route: str
) -> None:
    for ending in ["", "?x=1", "#x", "/", "%2f"]:
        assert target_of(visitor, f"/{slashes}{route}{ending}") == "/"


@pytest.mark.parametrize(
    "spelling", ["/auth//logout", "/auth%2flogout", "/%2fauth/logout"]
)
def test_own_routes_below_a_prefix(
    make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer, spelling: str
) -> None:
    tenant.tenant.client.callbacks.append(f"{HOST}/auth/callback")
    visitor = make_visitor(make_app(url_prefix="/auth"))
    asked = visitor.get(f"/auth/login?next={quote(spelling)}")
    assert visitor.get(visitor.authorize(asked)).location == "/"


def test_werkzeug_reads_them_like_that(app: Flask) -> None:
    """Else the tests above would be about nothing."""
    client = app.test_client()
    for spelling in ["/%2flogout", "/%2F%2Flogout", "/%2f/logout"]:
        assert "logout" in client.get(spelling, base_url=HOST).location


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/my report", "/my%20report"),
        ("/a?q=two words&x=", "/a?q=two%20words&x="),
        ("/a\u200db/\u200c", "/a%E2%80%8Db/%E2%80%8C"),
        ("/a\u00a0b\u3000\u00ad", "/a%C2%A0b%E3%80%80%C2%AD"),
        ("/a\u2028b", "/a%E2%80%A8b"),
        ("/a\u202eb", "/a%E2%80%AEb"),
        ("/\U0001f468\u200d\U0001f469", "/%F0%9F%91%A8%E2%80%8D%F0%9F%91%A9"),
        ("/100%25?q=%2F", "/100%25?q=%2F"),
    ],
)
def test_characters_that_lead_nowhere_else(
    visitor: Visitor, target: str, location: str
) -> None:
    assert target_of(visitor, target) == location


@pytest.mark.parametrize(
    "target",
    [
        "/\u200d/evil.example",
        "/ /evil.example",
        "/a\r\nLocation:%20//evil.example",
        "/a\tb",
        "/a\x00b",
        "/a\x7fb",
        "/a\x85b",
        "/a\\b",
    ],
)
def test_characters_that_are_refused(visitor: Visitor, target: str) -> None:
    assert target_of(visitor, target) == "/"


def test_half_a_character(app: Flask, visitor: Visitor) -> None:
    # No query has one, but an app's own view may.
    app.add_url_rule("/enter", view_func=lambda: login.start("/a\ud83db", {}))
    assert visitor.log_in(path="/enter").location == "/"


def test_what_is_too_long_loses_its_query(visitor: Visitor) -> None:
    assert target_of(visitor, "/profile?q=" + "x" * 3000) == "/profile"
    assert target_of(visitor, "/profile#" + "x" * 3000) == "/profile"
    assert target_of(visitor, "/profile?q=" + "\u200d" * 300) == "/profile"
    assert target_of(visitor, "/" + "x" * 3000 + "?q") == "/"


@pytest.mark.parametrize(
    ("target", "location"),
    [
        (f"{HOST}/profile?tab=2", "/profile?tab=2"),
        (f"{HOST}/profile#end", "/profile"),
        (f"{HOST}/", "/"),
        (f"{HOST}//evil.example", "/"),
        (f"{HOST}/\\evil.example", "/"),
        (f"{HOST}/%2flogout", "/"),
        (f"{HOST}/logout", "/"),
        (f"{HOST}@evil.example/", "/"),
        (f"{HOST}.evil.example/", "/"),
        (f"{HOST}:8443/profile", "/"),
        ("https://localhost/profile", "/"),
    ],
)
def test_whole_urls_of_this_origin(
    visitor: Visitor, target: str, location: str
) -> None:
    assert target_of(visitor, target) == location


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\t/evil.example",
        " //evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "/\u2028/evil.example",
        "/login",
        "/logout?x=1",
        "/callback",
        "evil.example",
        "/" + "a" * 3000,
    ],
)
def test_next_stays_on_this_origin(visitor: Visitor, target: str) -> None:
    response = visitor.log_in(path=f"/login?next={quote(target)}")
    assert response.location == "/"
    assert visitor.user()["email"] == ADA


def test_the_way_back_keeps_its_characters(visitor: Visitor) -> None:
    @visitor.app.get("/files/<path:name>")
    @login_required
    def file(name: str) -> str:
        return name

    for path in [
        "/files/my%20report",
        "/files/a%3Fb%25c",
        "/files/%C3%A4%E2%80%A8?q=%20",
    ]:
        response = visitor.get(
            visitor.authorize(visitor.get(visitor.get(path).location))
        )
        assert response.location == path
        visitor.get("/logout")


@pytest.mark.parametrize("path", ["/./logout", "/%6cogout", "/x/../login", "/logout?a"])
def test_a_disguised_logout_is_not_where_to_go(visitor: Visitor, path: str) -> None:
    assert visitor.log_in(path=f"/login?next={quote(path)}").location == "/"


def test_below_a_prefix_a_login_ends_at_the_app(
    app: Flask, tenant: TenantServer, visitor: Visitor
) -> None:
    tenant.tenant.client.callbacks.append(f"{HOST}/mounted/callback")
    base = f"{HOST}/mounted"
    asked = visitor.client.get("/login", base_url=base)
    callback = visitor.authorize(asked).removeprefix(base)
    assert visitor.client.get(callback, base_url=base).location == "/mounted/"


def test_a_long_next_does_not_make_the_url_long(visitor: Visitor) -> None:
    path = "/profile?q=" + "x" * 1500
    asked = visitor.get(f"/login?next={quote(path)}")
    assert len(query_of(asked.location)["state"]) < 200
    assert visitor.get(visitor.authorize(asked)).location == path
