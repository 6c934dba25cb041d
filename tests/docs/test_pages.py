"""The Python on each page runs, and does what the page says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values
from flask import Flask
from werkzeug.test import TestResponse

from flask_auth0 import Auth0, current_user, login_required
from flask_auth0.runtime import loop
from flask_auth0.tenant import TenantServer

from .conftest import (
    FETCH,
    HOST,
    NAVIGATION,
    MakeVisitor,
    ReadPage,
    Visitor,
    client_of,
    query_of,
)
from .pages import PAGES, ROOT, Page, path_of, snippets

ADA, GRACE = "ada@example.com", "grace@example.com"


@pytest.mark.parametrize(
    "name", [p.name for p in PAGES if snippets(p, "python")], ids=str
)
def test_every_snippet_runs(read_page: ReadPage, name: str) -> None:
    page = read_page(name)
    assert page.run().module


def test_no_snippet_is_overlooked() -> None:
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        blocks = re.findall(r"^\s*(?:\.\. code-block::|```) ?(\w+)$", text, re.M)
        for language in set(blocks):
            assert len(snippets(path, language)) == blocks.count(language)


# README


def test_readme_app(read_page: ReadPage, make_visitor: MakeVisitor) -> None:
    page = read_page("README.md").run_next()
    visitor = make_visitor(page["app"])
    asked = visitor.get("/profile")
    assert asked.location == "/login?next=/profile"
    callback = visitor.authorize(visitor.get(asked.location), ADA)
    assert visitor.get(callback).location == "/profile"
    assert visitor.get("/profile").text == "Hello Ada Lovelace"
    answer = make_visitor(page["app"]).fetch("/profile")
    assert answer.status_code == 401
    assert answer.get_json()["login_url"]
    rules = {rule.rule for rule in page["app"].url_map.iter_rules()}
    assert {"/login", "/callback", "/logout"} <= rules


def test_readme_redis(
    read_page: ReadPage,
    make_visitor: MakeVisitor,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (line,) = [
        s.text for s in snippets(path_of("README.md"), "console") if "REDIS" in s.text
    ]
    *settings, flask, run = shlex.split(line.removeprefix("$ "))
    assert (flask, run) == ("flask", "run")
    for key, value in (setting.split("=") for setting in settings):
        monkeypatch.setenv(key, value.replace("redis://localhost:6379", redis_url))
    visitor = make_visitor(read_page("README.md").run_next()["app"])
    visitor.log_in()
    assert visitor.get("/profile").text == "Hello Ada Lovelace"
    assert visitor.cookies() == ["session"]


def test_readme_logged_in_client(read_page: ReadPage) -> None:
    page = read_page("README.md").run_next().run_next()
    page["test_profile"]()


def test_readme_tokens(read_page: ReadPage, make_visitor: MakeVisitor) -> None:
    check_messages(make_visitor(read_page("README.md").run()["app"]))


def check_messages(visitor: Visitor) -> None:
    """The views call the API as the user, which is the tenant's own here."""
    visitor.log_in()
    messages = visitor.get("/messages").get_json()
    assert messages["sub"] == "auth0|ada"
    again = visitor.get("/messages-async").get_json()
    assert again in (messages, [messages, messages])


# Quickstart


def test_quickstart(read_page: ReadPage, make_visitor: MakeVisitor) -> None:
    page = read_page("quickstart.rst").run()
    own, optioned = page.apps[0], page.apps[-1]
    visitor = make_visitor(own)
    assert 'href="/login"' in visitor.get("/").text
    visitor.log_in()
    assert "Hello Ada Lovelace." in visitor.get("/").text
    assert 'href="/logout"' in visitor.get("/").text
    profile = visitor.get("/profile").get_json()
    assert profile == {"name": "Ada Lovelace", "email": ADA}
    assert "auth0" in page["create_app"]().extensions
    other = make_visitor(optioned)
    assert query_of(other.get("/login").location)["scope"] == "openid profile"
    assert other.log_in().location == "/welcome"


# Configuration


def test_configuration(read_page: ReadPage) -> None:
    page = read_page("configuration.rst").run()
    (shown,) = snippets(page.path, "text")
    assert page["problems"] == shown.text.strip()


def test_what_is_set_in_flasks_configuration(tenant: TenantServer) -> None:
    app = Flask(__name__)
    Auth0(app, cookie_same_site="Strict", cookie_path="/", cookie_domain="example.com")
    assert app.config["SESSION_REFRESH_EACH_REQUEST"] is False
    assert app.permanent_session_lifetime.days == 31
    assert app.config["SESSION_COOKIE_SAMESITE"] == "Strict"
    assert app.config["SESSION_COOKIE_PATH"] == "/"
    assert app.config["SESSION_COOKIE_DOMAIN"] == "example.com"
    assert app.secret_key
    app = Flask(__name__)
    app.config.update(PERMANENT_SESSION_LIFETIME=60, SESSION_COOKIE_SAMESITE="Lax")
    Auth0(app, session_absolute_duration=86400 * 60, cookie_same_site="Strict")
    assert app.permanent_session_lifetime.seconds == 60
    assert app.config["SESSION_COOKIE_SAMESITE"] == "Lax"
    app = Flask(__name__)
    Auth0(app, session_absolute_duration=86400 * 60)
    assert app.permanent_session_lifetime.days == 60


# Protecting views


def logged_in(app: Flask, path: str, **claims: Any) -> TestResponse:
    return client_of(app, **claims).get(path, headers=NAVIGATION)


@pytest.fixture
def protecting(read_page: ReadPage) -> Page:
    return read_page("protecting.rst").run()


@pytest.mark.parametrize("path", ["/sync", "/async", "/report", "/admin/users"])
def test_protected(protecting: Page, make_visitor: MakeVisitor, path: str) -> None:
    app = protecting.apps[0]
    assert make_visitor(app).get(path).location == f"/login?next={path}"
    assert make_visitor(app).fetch(path).status_code == 401
    assert logged_in(app, path).text == "inside"


def test_protected_and_cached(
    protecting: Page, caplog: pytest.LogCaptureFixture
) -> None:
    app = protecting.apps[-1]
    for name in ("Ada", "Grace", "Ada"):
        client = client_of(app, sub=name, name=name)
        assert client.get("/dashboard").text == f"The dashboard of {name}"
    assert app.test_client().get("/dashboard").status_code != 200
    assert "cached" not in caplog.text


def test_protected_with_arguments(protecting: Page) -> None:
    app, now = protecting.apps[0], int(time.time())
    assert logged_in(app, "/transfer", auth_time=now - 200).text == "inside"
    assert "max_age=300" in logged_in(app, "/transfer", auth_time=now - 400).location
    assert logged_in(app, "/team", org_id="org_1").text == "inside"
    for stranger in ({}, {"org_id": "org_2", "org_name": "org_1"}):
        assert "organization=org_1" in logged_in(app, "/team", **stranger).location
    assert logged_in(app, "/github").text == "inside"
    location = app.test_client().get("/github", headers=NAVIGATION).location
    assert "connection=github" in location


def test_the_whole_app_can_be_protected(
    tenant: TenantServer, make_visitor: MakeVisitor
) -> None:
    app = Flask(__name__, root_path=str(ROOT / "example_app"))
    auth0 = Auth0(app)
    app.before_request(auth0.login_required(lambda: None))
    app.add_url_rule("/", view_func=lambda: "inside")
    visitor = make_visitor(app)
    assert visitor.get("/").location == "/login?next=/"
    assert visitor.fetch("/static/style.css").status_code == 401
    assert visitor.log_in().location == "/"
    assert visitor.get("/").text == "inside"


def test_greeting(protecting: Page) -> None:
    app = protecting.apps[0]
    assert app.test_client().get("/greeting").json == {"hello": "stranger"}
    assert logged_in(app, "/greeting", name="Ada").json == {"hello": "Ada"}


def test_what_everybody_else_gets(protecting: Page, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(protecting.apps[0])
    body = visitor.fetch("/sync").get_json()
    assert set(body) == {"error", "error_description", "login_url"}
    htmx = {"HX-Request": "true", "HX-Current-URL": f"{HOST}/greeting"}
    answer = visitor.get("/sync", htmx)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == answer.get_json()["login_url"]
    assert visitor.client.options("/sync").status_code == 200


def test_a_form_comes_back_to_its_page(
    tenant: TenantServer, make_visitor: MakeVisitor
) -> None:
    app = Flask(__name__)
    Auth0(app)
    app.post("/send")(login_required(lambda: "sent"))
    headers = {**NAVIGATION, "Referer": f"{HOST}/form"}
    answer = make_visitor(app).client.post("/send", base_url=HOST, headers=headers)
    assert (answer.status_code, answer.location) == (303, "/login?next=/form")


def test_an_answer_of_ones_own(protecting: Page, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(protecting.apps[1])
    assert visitor.get("/shop").location == "/welcome"
    assert visitor.get("/account").location == "/login?next=/account"
    assert logged_in(protecting.apps[1], "/shop").text == "inside"


def test_error_handlers(
    protecting: Page, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    visitor = make_visitor(protecting.apps[1])
    answer = visitor.fetch("/account")
    assert (answer.status_code, list(answer.get_json())) == (401, ["go_to"])
    # This page has a handler for it, so what the view raises is answered by that.
    assert visitor.get("/orders").get_json() == {"go_to": "/login?next=/orders"}
    tenant.tenant.fail_next_token_request(status=500)
    answer = visitor.log_in()
    assert answer.get_json() == {"problem": "temporarily_unavailable", "status": 503}


def test_error_template(
    tenant: TenantServer, make_visitor: MakeVisitor, tmp_path: Path
) -> None:
    (template,) = snippets(path_of("protecting.rst"), "jinja")
    folder = tmp_path / "templates" / "flask_auth0"
    folder.mkdir(parents=True)
    (folder / "error.html").write_text(template.text)
    (folder.parent / "base.html").write_text("OWN {% block content %}{% endblock %}")
    app = Flask(__name__, root_path=str(tmp_path))
    Auth0(app)
    visitor = make_visitor(app)
    tenant.tenant.fail_next_token_request(status=500)
    text = visitor.log_in().text
    assert text.startswith("OWN")
    assert "The login service is not answering" in text
    assert "Try again</a>" in text


def test_the_pages_of_the_extension_have_no_script() -> None:
    for template in (ROOT / "flask_auth0" / "templates").rglob("*.html"):
        assert "<script" not in template.read_text()


def test_caches(protecting: Page) -> None:
    app = protecting.apps[0]
    answer = logged_in(app, "/greeting")
    assert "Cookie" in answer.vary
    assert answer.cache_control.private
    assert "Cookie" in app.test_client().get("/greeting").vary
    assert app.test_client().get("/login").cache_control.no_store
    export = logged_in(protecting.apps[1], "/export", name="Ada")
    assert export.text == "for Ada\n"
    assert "Cookie" in export.vary
    assert export.cache_control.private


# Login and logout


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


def test_logging_out(read_page: ReadPage, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(read_page("login.rst").run().apps[0])
    for method in ["GET", "POST"]:
        visitor.log_in()
        assert visitor.cookies()
        answer = visitor.client.open("/logout", base_url=HOST, method=method)
        assert "/oidc/logout?" in answer.location
        assert visitor.cookies() == ["session_a0_ended"]
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


# Sessions


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


# Tokens


@pytest.fixture
def tokens(read_page: ReadPage) -> Page:
    return read_page("tokens.rst").run()


def test_messages(tokens: Page, make_visitor: MakeVisitor) -> None:
    check_messages(make_visitor(tokens["app"]))


def test_whoami(tokens: Page) -> None:
    client = client_of(tokens["app"], name="Ada")
    for path in ["/whoami", "/whoami-async"]:
        assert client.get(path).get_json()["user"]["name"] == "Ada"


def test_when_it_cannot(
    tokens: Page,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = tokens["app"]
    expired = client_of(app, expires_in=-1)
    assert expired.get("/optional").get_json()["log_in_at"].startswith("/login?")
    for path in ["/messages", "/messages-async"]:
        assert expired.get(path, headers=FETCH).status_code == 401
    assert client_of(app).get("/optional").get_json() == {"log_in_at": None}
    monkeypatch.setenv("AUTH0_SCOPE", "openid offline_access")
    tenant.tenant.lifetimes.access_token = 0
    page = Page("tokens.rst", Path()).run()
    visitor = make_visitor(page["app"])
    visitor.log_in()
    tenant.tenant.fail_next_token_request(status=500)
    assert visitor.fetch("/unread").get_json() == {"unread": None}
    tenant.tenant.fail_next_token_request(status=500)
    assert visitor.fetch("/messages").status_code == 503
    tenant.tenant.fail_next_token_request(status=200, body=b"rubbish")
    assert visitor.fetch("/messages").status_code == 502
    tenant.tenant.lifetimes.access_token = 60
    assert visitor.fetch("/messages").get_json()["sub"] == "auth0|ada"


def test_another_api(
    make_visitor: MakeVisitor, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_SCOPE", "openid offline_access")
    visitor = make_visitor(Page("tokens.rst", Path()).run()["app"])
    visitor.log_in()
    tenant.tenant.token_requests.clear()
    for _ in range(2):
        assert visitor.fetch("/report").status_code == 200
    assert len(tenant.tenant.token_requests) == 1
    body = b'{"error": "mfa_required", "mfa_token": "raw-mfa-token"}'
    tenant.tenant.fail_next_token_request(status=403, body=body)
    answer = visitor.fetch("/payments")
    assert answer.status_code == 401
    assert "acr_values=" in answer.get_json()["log_in_at"]
    assert visitor.fetch("/payments").status_code == 200


# Stores


def test_stores(
    read_page: ReadPage,
    make_visitor: MakeVisitor,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", f"{redis_url}/6")
    page = read_page("stores.rst").run()
    app = page.apps[0]
    visitor = make_visitor(app)
    assert visitor.log_in("/login?next=/profile").location == "/profile"
    for path in ["/profile", "/profile-async"]:
        assert visitor.get(path).get_json() == {"name": "Ada Lovelace"}
    assert visitor.cookies() == ["my_session"]
    visitor.log_in(person=GRACE)
    assert visitor.get("/profile").get_json() == {"name": "Grace Hopper"}
    visitor.get("/logout")
    assert visitor.get("/profile").status_code == 302
    ours = client_of(app, name="Eve")
    assert ours.get("/profile").get_json() == {"name": "Eve"}
    (client,) = page["store"].clients.values()
    loop.run(client.connection_pool.disconnect(), 5)


# The development tenant


def test_a_tenant_of_ones_own(
    read_page: ReadPage, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = read_page("tenant.rst").run_next()
    server: TenantServer = page["server"]
    try:
        server.tenant.client.callbacks.append(f"{HOST}/callback")
        visitor = make_visitor(page["app"], server)
        visitor.log_in()
        assert visitor.get("/").get_json() == {"user": "Ada Lovelace"}
        assert server.front_channel_url.startswith("http://127.0.0.1:")
        page.run_next()
        assert server.tenant.sessions() == []
        visitor.get("/logout")
        server.tenant.lifetimes.access_token = 86400
        callback = visitor.authorize(visitor.get("/login"), ADA)
        assert visitor.get(callback).status_code == 503
        assert visitor.log_in().status_code == 302
    finally:
        page.run()
    with pytest.raises(RuntimeError):
        _ = server.ca_file


# Testing


def test_the_tests_on_the_page_pass(tmp_path: Path) -> None:
    """They run as on a reader's machine, with warnings as errors."""
    path = path_of("testing.rst")
    for snippet in snippets(path, "python"):
        name = snippet.text.splitlines()[0].removeprefix("# ")
        (tmp_path / name).write_text(snippet.text)
    (settings,) = snippets(path, "toml")
    (tmp_path / "pyproject.toml").write_text(settings.text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    paths = {"PYTHONPATH": f"{ROOT}:{tmp_path}", "PATH": ""}
    done = subprocess.run(
        command, cwd=tmp_path, env=paths, capture_output=True, text=True
    )
    assert "7 passed" in done.stdout, done.stdout + done.stderr


# Security


def test_claims_are_escaped_by_templates_alone(tenant: TenantServer) -> None:
    app = Flask(__name__)
    Auth0(app)

    @app.get("/template")
    def template() -> str:
        return app.jinja_env.from_string("{{ name|e }}").render(current_user)

    assert client_of(app, name="<b>").get("/template").text == "&lt;b&gt;"
