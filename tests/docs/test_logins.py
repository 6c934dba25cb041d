"""The pages about logins, logouts and sessions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dotenv import dotenv_values
from flask import Flask

from flask_auth0 import Auth0, current_user
from flask_auth0.tenant import TenantServer

from .conftest import HOST, NAVIGATION, MakeVisitor, ReadPage, query_of
from .pages import path_of, snippets

ADA, GRACE = "ada@example.com", "grace@example.com"


def test_login_and_logout(
    read_page: ReadPage, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    page = read_page("login.rst").run()
    visitor = make_visitor(page.apps[0])
    assert query_of(visitor.get("/join").location)["screen_hint"] == "signup"
    assert visitor.log_in("/join").location == "/welcome"
    assert page["seen"] == ["auth0|ada"]
    left = query_of(visitor.get("/leave").location)
    assert left["post_logout_redirect_uri"] == f"{HOST}/goodbye"
    tenant.tenant.fail_next_token_request(status=500)
    visitor.log_in()
    assert page["seen"] == ["auth0|ada", "temporarily_unavailable"]


def test_what_a_session_holds(read_page: ReadPage, make_visitor: MakeVisitor) -> None:
    page = read_page("login.rst").run()
    visitor = make_visitor(page.apps[1])
    assert visitor.log_in("/login?next=/deep").location == "/onboarding"
    assert visitor.log_in("/login?next=/deep").location == "/deep"
    assert visitor.client.post("/theme/dark", base_url=HOST).json == {"theme": "dark"}
    assert visitor.client.post("/teams/red", base_url=HOST).json == {"team": "red"}
    with page.apps[1].test_client() as client:
        client._cookies = visitor.client._cookies
        client.get("/", base_url=HOST)
        user = dict(current_user)
    assert (user["roles"], user["theme"]) == (["admin"], "dark")
    assert "picture" not in user
    assert "nickname" not in user


def test_logins_without_a_redirect(
    read_page: ReadPage,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = read_page("login.rst").run()
    visitor = make_visitor(page.apps[1])
    monkeypatch.setattr(tenant.tenant, "answer_backchannel_logins", "approve")
    known = {"the-token": "auth0|grace"}.get
    tenant.tenant.exchange.register("urn:example:legacy-token", known)
    for path, form, name in [
        ("/by-phone", {"sub": "auth0|ada"}, "Ada Lovelace"),
        ("/by-token", {"token": "the-token"}, "Grace Hopper"),
    ]:
        answer = visitor.client.post(path, base_url=HOST, data=form)
        assert answer.get_json() == {"name": name}


def test_parameters_that_are_handed_on(
    read_page: ReadPage, make_visitor: MakeVisitor
) -> None:
    page = read_page("login.rst").run()
    text = page.path.read_text()
    listed = text.partition("handed on to the tenant:\n\n")[2].partition(".\n")[0]
    names = re.findall(r"``([a-z_]+)``", listed)
    assert len(names) == 10
    visitor = make_visitor(page.apps[0])
    for name in [*names, "ext-color"]:
        sent = query_of(visitor.get(f"/login?{name}=7").location)
        assert sent[name] == "7"
    sent = query_of(visitor.get("/login?scope=7&audience=7&x=7").location)
    assert "7" not in sent.values()


def test_the_sign_up_link(read_page: ReadPage) -> None:
    app = read_page("login.rst").run().apps[0]
    (template,) = snippets(path_of("login.rst"), "jinja")
    with app.test_request_context():
        link = app.jinja_env.from_string(template.text).render()
    assert 'href="/login?screen_hint=signup&next=/welcome"' in link.replace(
        "&amp;", "&"
    )


def test_public_pages(read_page: ReadPage, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(read_page("login.rst").run().apps[0])
    browser = {"User-Agent": "Mozilla/5.0 Chrome/126.0", **NAVIGATION}
    # Another app has logged the visitor in at the tenant.
    visitor.authorize(visitor.get("/login"), ADA)
    asked = visitor.get("/greeting", browser)
    assert query_of(asked.location)["prompt"] == "none"
    (line,) = asked.headers.getlist("Set-Cookie")[-1:]
    assert line.startswith("session_a0_silent=")
    assert "Max-Age=600;" in line
    came = visitor.get(visitor.authorize(asked, ADA), browser)
    assert came.location == "/greeting"
    assert visitor.get("/greeting", browser).text == "Hello Ada Lovelace"
    assert visitor.fetch("/greeting").status_code == 200


def test_logging_out(read_page: ReadPage, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(read_page("login.rst").run().apps[0])
    for method in ["GET", "POST"]:
        visitor.log_in()
        assert visitor.cookies()
        answer = visitor.client.open("/logout", base_url=HOST, method=method)
        assert "/oidc/logout?" in answer.location
        assert visitor.cookies() == ["session_a0_ended", "session_a0_silent"]
    prefetch = visitor.get("/login", {"Sec-Purpose": "prefetch"})
    assert prefetch.status_code == 503


def test_places_to_go_after_a_logout(
    read_page: ReadPage,
    make_visitor: MakeVisitor,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (snippet,) = [s for s in snippets(path_of("login.rst"), "sh") if "LOGOUT" in s.text]
    (tmp_path / "env").write_text(snippet.text)
    for key, value in dotenv_values(tmp_path / "env").items():
        monkeypatch.setenv(key, value or "")
    visitor = make_visitor(read_page("login.rst").run().apps[0])
    for wanted, url in {
        "/goodbye": f"{HOST}/goodbye",
        "https://www.example.com/": "https://www.example.com/",
        "/elsewhere": f"{HOST}/",
    }.items():
        location = visitor.get(f"/logout?return_to={wanted}").location
        assert query_of(location)["post_logout_redirect_uri"] == url


def test_names_of_cookies(
    read_page: ReadPage, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    visitor = make_visitor(read_page("sessions.rst").run_until("app")["app"])
    visitor.get("/login")
    (login,) = visitor.cookies()
    assert login.startswith("session_a0_tx_")
    visitor.client = visitor.client.application.test_client()
    visitor.log_in()
    names = ["session", "session_a0_body0", "session_a0_head0", "session_a0_loop"]
    assert visitor.cookies() == names
    text = path_of("sessions.rst").read_text()
    for name in [*names[1:], "session_a0_tx_"]:
        assert f"``{name}" in text


def test_behind_a_proxy(read_page: ReadPage) -> None:
    app = read_page("sessions.rst").run_until("app")["app"]
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "app.example.com"}
    answer = app.test_client().get("/login", headers={**NAVIGATION, **headers})
    callback = query_of(answer.location)["redirect_uri"]
    assert callback == "https://app.example.com/callback"
    assert "Secure" in answer.headers["Set-Cookie"]


def test_several_hosts(read_page: ReadPage) -> None:
    app = read_page("sessions.rst").run_until("dashboard")["app"]
    client, base = app.test_client(), "http://admin.example.com"
    answer = client.get("/", base_url=base, headers=NAVIGATION)
    assert answer.location.startswith("http://example.com/login?")
    assert query_of(answer.location)["next"] == f"{base}/"


def test_flask_session_of_ones_own(
    read_page: ReadPage, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(read_page("sessions.rst").run()["app"])
    visitor.log_in()
    assert "session" in visitor.cookies()
    assert not [name for name in visitor.cookies() if "head" in name or "body" in name]


def test_the_environment_on_the_page(
    tenant: TenantServer,
    make_visitor: MakeVisitor,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    shown = snippets(path_of("sessions.rst"), "sh")[0].text
    (tmp_path / ".env").write_text(shown.replace("redis://localhost:6379", redis_url))
    for name, value in dotenv_values(tmp_path / ".env").items():
        monkeypatch.setenv(name, value or "")
    app = Flask(__name__)
    Auth0(app)
    visitor = make_visitor(app)
    visitor.log_in()
    visitor.get("/")
    assert visitor.cookies() == ["session"]
