"""Extensions that see each request, or ask who is logged in."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask
from flask_admin import Admin, AdminIndexView, expose
from flask_babel import Babel, get_locale
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_talisman import Talisman

from flask_auth0 import Auth0, current_user, login_required
from flask_auth0.tenant import TenantServer
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import NAVIGATION, MakeApp, MakeVisitor, add_views

SECURE = "https://localhost"


# Flask-Talisman


@pytest.mark.parametrize("is_first", [True, False])
def test_talisman(
    is_first: bool,
    options: dict[str, t.Any],
    tenant: TenantServer,
    make_visitor: MakeVisitor,
) -> None:
    app = Flask(__name__)
    app.testing = True
    talisman = Talisman(session_cookie_samesite="Strict")
    policy = {"default-src": "'self'", "form-action": f"'self' https://{tenant.domain}"}
    setups = [
        lambda: talisman.init_app(app, content_security_policy=policy),
        lambda: Auth0(app, **options),
    ]
    for setup in setups if is_first else reversed(setups):
        setup()
    add_views(app)
    tenant.allow(SECURE)
    visitor = make_visitor(app)
    assert visitor.get("/login").location == f"{SECURE}/login"
    browser, headers = visitor.client, NAVIGATION
    begun = browser.get("/login?next=/profile", base_url=SECURE, headers=headers)
    done = browser.get(visitor.authorize(begun), base_url=SECURE, headers=headers)
    assert done.location == "/profile"
    for answer in (begun, done):
        for line in answer.headers.getlist("Set-Cookie"):
            assert line.count("Secure") == 1
    page = browser.get("/profile", base_url=SECURE, headers=headers)
    assert page.text == "Hello Ada Lovelace"
    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
    left = browser.post("/logout", base_url=SECURE, headers=headers)
    # Browsers follow a redirect of a form only to where the policy lets forms lead.
    assert left.location.startswith(f"https://{tenant.domain}/")
    assert tenant.domain in left.headers["Content-Security-Policy"]


# Flask-Admin


def test_admin(make_app: MakeApp, make_visitor: MakeVisitor) -> None:
    app = make_app()

    class Home(AdminIndexView):  # type: ignore[misc]
        def is_accessible(self) -> bool:
            return bool(current_user)

        def inaccessible_callback(self, name: str, **arguments: t.Any) -> t.Any:
            return login_required(lambda: None)()

        @expose("/")  # type: ignore[untyped-decorator]
        def index(self) -> str:
            return f"{current_user['name']} at {self.admin.name}"

    Admin(app, name="the shop", index_view=Home())
    visitor = make_visitor(app)
    assert visitor.fetch("/admin/").get_json()["login_url"] == "/login?next=/"
    assert visitor.log_in(path=visitor.get("/admin/").location).location == "/admin/"
    assert visitor.get("/admin/").text == "Ada Lovelace at the shop"


# Flask-Limiter


def who() -> str:
    return current_user.sub or get_remote_address()


@pytest.fixture
def limited(make_app: MakeApp) -> Flask:
    app = make_app(login_path="/sign-in")
    limiter = Limiter(who, storage_uri="memory://", strategy="fixed-window")
    limiter.init_app(app)
    blueprint: t.Any = app.blueprints["auth0"]
    limiter.limit("3 per hour", key_func=get_remote_address)(blueprint)

    @app.get("/search")
    @login_required
    @limiter.limit("1 per hour")
    def search() -> str:
        return "found"

    return app


def test_limits_for_logins(limited: Flask, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(limited)
    assert visitor.log_in(path="/sign-in").status_code == 302
    answers = [visitor.get("/sign-in").status_code for _ in range(3)]
    assert answers == [302, 302, 429]
    assert visitor.get("/profile").status_code == 200


def test_limits_for_each_user(limited: Flask) -> None:
    for sub in ("auth0|ada", "auth0|grace"):
        client = logged_in_client(limited, sub=sub)
        assert [client.get("/search").status_code for _ in "ab"] == [200, 429]


# Flask-Babel


def test_babel(make_app: MakeApp) -> None:
    app = make_app()
    Babel(app, locale_selector=lambda: current_user.get("locale", "en"))

    @app.get("/language")
    def language() -> str:
        return str(get_locale())

    assert logged_in_client(app, locale="de").get("/language").text == "de"
    assert app.test_client().get("/language").text == "en"
