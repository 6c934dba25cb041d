"""A login completes in the browser that began it, whoever has set its cookies."""

from __future__ import annotations

import pytest

from tests.harness.visitor import ADA, GRACE, MakeApp, MakeVisitor, Visitor

HTTPS = "https://localhost"


def begin(visitor: Visitor, person: str, path: str = "/login?next=/profile") -> str:
    """Begin a login, and return the URL of its callback."""
    return visitor.authorize(visitor.get(path), person)


def test_a_planted_login(make_app: MakeApp, make_visitor: MakeVisitor) -> None:
    app = make_app()
    ada, mallory = make_visitor(app), make_visitor(app)
    ada.log_in(ADA)
    callback = begin(mallory, GRACE)
    for name, value in mallory.cookies().items():
        if "_tx_" in name:
            ada.set_cookie(name, value)
    answer = ada.get(callback)
    assert (answer.status_code, answer.location) == (302, "/profile")
    assert ada.user()["email"] == ADA
    assert not [name for name in ada.cookies() if "_tx_" in name]


def test_a_tab_that_comes_back_late(visitor: Visitor) -> None:
    """Another tab has logged in meanwhile, and its session goes on."""
    late = begin(visitor, ADA)
    visitor.log_in(GRACE)
    answer = visitor.get(late)
    assert (answer.status_code, answer.location) == (302, "/profile")
    assert visitor.get("/profile").status_code == 200
    assert visitor.user()["email"] == GRACE


def test_another_user_while_logged_in(visitor: Visitor) -> None:
    visitor.log_in(ADA)
    visitor.log_in(GRACE)
    assert visitor.user()["email"] == GRACE


def test_a_login_for_more(visitor: Visitor) -> None:
    visitor.log_in(ADA)
    before = visitor.cookies()["session"]
    answer = visitor.log_in(ADA, "/login?max_age=60&next=/profile")
    assert answer.location == "/profile"
    assert visitor.cookies()["session"] != before


def test_after_a_logout_in_between(visitor: Visitor) -> None:
    visitor.log_in(ADA)
    callback = begin(visitor, ADA)
    visitor.get("/logout")
    assert visitor.get(callback).location == "/profile"
    assert visitor.user()["email"] == ADA


def test_on_https_the_cookie_is_the_hosts_own(visitor: Visitor) -> None:
    client = visitor.app.test_client()
    line = client.get("/login", base_url=HTTPS).headers["Set-Cookie"]
    name, _, value = line.partition(";")[0].partition("=")
    assert name.startswith("__Host-session_a0_tx_")
    assert {"Secure", "Path=/"} <= set(line.split("; "))
    assert "Domain" not in line
    # A host beside this one can set the name without the prefix, which is not read.
    client.delete_cookie(name)
    client.set_cookie(name.removeprefix("__Host-"), value)
    location = client.get("/callback?code=a&state=b", base_url=HTTPS).location
    assert "/authorize?" in location


@pytest.mark.parametrize(
    "config",
    [
        {"AUTH0_COOKIE_DOMAIN": "example.com"},
        {"AUTH0_COOKIE_PATH": "/app"},
        {"AUTH0_COOKIE_SECURE": False},
        {"SESSION_COOKIE_NAME": "__Secure-mine"},
        {"SESSION_COOKIE_NAME": "__Host-mine"},
    ],
    ids=str,
)
def test_elsewhere_it_has_the_usual_name(
    make_app: MakeApp, config: dict[str, object]
) -> None:
    app = make_app(config)
    line = app.test_client().get("/login", base_url=HTTPS).headers["Set-Cookie"]
    assert line.startswith(f"{app.config['SESSION_COOKIE_NAME']}_a0_tx_")
