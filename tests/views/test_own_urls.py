"""One origin for everything that names an address of the app."""

from __future__ import annotations

import typing as t
from urllib.parse import quote

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_auth0 import Auth0, login_required
from flask_auth0.app_state import current_state
from flask_auth0.views.redirects import is_page, next_or_default
from tests.harness.hosts import next_of
from tests.harness.visitor import FETCH, NAVIGATION, MakeApp, query_of

CALLBACK = "https://app.example.com/callback"
#: The addresses that a proxy hands on which is not told to hand on the real one.
BEHIND = ["http://app.example.com", "http://10.0.0.5:8000"]
PUNYCODE = "xn--bcher-kva.example"
HTMX = {**FETCH, "HX-Request": "true"}


def return_of(answer: TestResponse) -> str:
    """The URL to which the tenant sends the browser after a logout."""
    query = query_of(answer.location)
    return query.get("post_logout_redirect_uri") or query["returnTo"]


class TestConfiguredCallback:
    """``AUTH0_REDIRECT_URI``, and a proxy of which the app knows nothing."""

    @pytest.fixture(params=BEHIND)
    def base(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def client(self, make_app: MakeApp) -> FlaskClient:
        app = make_app(redirect_uri=CALLBACK, allowed_logout_urls="/bye")
        auth0 = Auth0()
        app.add_url_rule("/out", "out", lambda: auth0.logout("/bye"))
        url = "https://app.example.com/bye?x"
        app.add_url_rule("/out-url", "out-url", lambda: auth0.logout(url))

        @app.post("/form")
        @login_required
        def form() -> str:
            return ""

        @app.post("/change")
        def change() -> str:
            auth0.refuse_foreign_forms()
            return ""

        return app.test_client()

    @pytest.mark.parametrize(
        ("path", "leads_to"),
        [
            ("/logout", "/"),
            ("/logout?return_to=/bye", "/bye"),
            ("/logout?return_to=https://app.example.com/bye", "/bye"),
            ("/out", "/bye"),
            ("/out-url", "/bye?x"),
        ],
    )
    @pytest.mark.parametrize("strategy", ["v2", "auto"])
    def test_logout(
        self, make_app: MakeApp, client: FlaskClient, base: str, path: str,
        leads_to: str, strategy: str,
    ) -> None:  # fmt: skip
        config = client.application.extensions["auth0"].config
        object.__setattr__(config, "logout_strategy", strategy)
        answer = client.get(path, base_url=base)
        assert return_of(answer) == f"https://app.example.com{leads_to}"

    @pytest.mark.parametrize(
        ("url", "page"),
        [
            ("https://app.example.com/a?b#c", "/a?b"),
            ("https://app.example.com:443/a", "/a"),
            ("http://app.example.com/a", "/"),
            ("http://10.0.0.5:8000/a", "/"),
            ("https://evil.example/a", "/"),
            ("https://app.example.com.evil.example/a", "/"),
            ("https://app.example.com@evil.example/a", "/"),
        ],
    )
    def test_pages(self, client: FlaskClient, base: str, url: str, page: str) -> None:
        headers = {**NAVIGATION, "Referer": url}
        assert next_of(client.post("/form", base_url=base, headers=headers)) == page
        headers = {**HTMX, "HX-Current-URL": url}
        assert next_of(client.post("/form", base_url=base, headers=headers)) == page

    def test_next(self, make_app: MakeApp, base: str) -> None:
        app = make_app(redirect_uri=CALLBACK)

        @app.get("/where")
        def where() -> str:
            config = app.extensions["auth0"].config
            return next_or_default(request.args["next"], config)

        client = app.test_client()
        for url, page in {
            "https://app.example.com/a": "/a",
            f"{base}/a": "/",
            "https://app.example.com//evil.example": "/",
            "https://app.example.com/logout/": "/",
        }.items():
            assert client.get(f"/where?next={quote(url)}", base_url=base).text == page

    @pytest.mark.parametrize(
        ("origin", "status"),
        [
            ("https://app.example.com", 200),
            ("http://app.example.com", 403),
            ("http://10.0.0.5:8000", 403),
            ("https://evil.example", 403),
            ("null", 403),
            ("", 403),
        ],
    )
    def test_forms(
        self, client: FlaskClient, base: str, origin: str, status: int
    ) -> None:
        headers = {"Origin": origin} if origin else {}
        answer = client.post("/change", base_url=base, headers=headers)
        assert answer.status_code == status


def test_server_name_is_for_the_logout_what_it_is_for_the_callback(
    make_app: MakeApp,
) -> None:
    client = make_app({"SERVER_NAME": "app.example.com"}).test_client()
    login = client.get("/login", base_url="http://10.0.0.5:8000")
    assert query_of(login.location)["redirect_uri"] == "http://app.example.com/callback"
    answer = client.get("/logout", base_url="http://10.0.0.5:8000")
    assert return_of(answer) == "http://app.example.com/"


class TestOtherScripts:
    """Names that are not in ASCII are in ASCII wherever a browser sees them."""

    @pytest.fixture
    def app(self, make_app: MakeApp) -> Flask:
        app = make_app(allowed_logout_urls="/größe, https://bücher.example/tschüß")

        @app.post("/form")
        @login_required
        def form() -> str:
            return ""

        return app

    @pytest.mark.parametrize(
        ("mount", "path"), [("", ""), ("/büro", "/b%C3%BCro"), ("/a b", "/a%20b")]
    )
    def test_urls(self, app: Flask, mount: str, path: str) -> None:
        client, base = app.test_client(), f"https://{PUNYCODE}{mount}"
        login = client.get("/login", base_url=base)
        assert query_of(login.location)["redirect_uri"] == (
            f"https://{PUNYCODE}{path}/callback"
        )
        assert return_of(client.get("/logout", base_url=base)) == (
            f"https://{PUNYCODE}{path}/"
        )
        wanted = client.get("/logout?return_to=/größe", base_url=base)
        assert return_of(wanted) == f"https://{PUNYCODE}{path}/gr%C3%B6%C3%9Fe"
        wanted = client.get(
            "/logout?return_to=https://bücher.example/tschüß", base_url=base
        )
        assert return_of(wanted) == f"https://{PUNYCODE}/tsch%C3%BC%C3%9F"
        guarded = client.get("/profile", base_url=base, headers=NAVIGATION)
        assert guarded.location == f"{path}/login?next={quote(path)}/profile"

    @pytest.mark.parametrize("header", ["Referer", "HX-Current-URL"])
    @pytest.mark.parametrize("host", [PUNYCODE, PUNYCODE.upper()])
    def test_pages(self, app: Flask, header: str, host: str) -> None:
        answer = app.test_client().post(
            "/form",
            base_url=f"https://{PUNYCODE}",
            headers={**NAVIGATION, header: f"https://{host}/form"},
        )
        assert next_of(answer) == "/form"

    @pytest.mark.parametrize("host", [PUNYCODE, "bücher.example", "BÜCHER.example"])
    def test_next(self, app: Flask, host: str) -> None:
        # Flask's own ``request.url`` has the name as people write it.
        config = app.extensions["auth0"].config
        with app.test_request_context(base_url=f"https://{PUNYCODE}"):
            assert next_or_default(f"https://{host}/a?b", config) == "/a?b"

    @pytest.mark.parametrize(
        ("written", "sent"),
        [
            ("https://bücher.example/callback", f"https://{PUNYCODE}/callback"),
            (
                "https://straße.example/callback",
                "https://xn--strae-oqa.example/callback",
            ),
            ("https://A.Example:443/callback", "https://A.Example:443/callback"),
            ("HTTPS://a.example/callback", "HTTPS://a.example/callback"),
            (
                "https://a.example/büro/callback",
                "https://a.example/b%C3%BCro/callback",
            ),
        ],
    )
    def test_a_configured_callback(
        self, make_app: MakeApp, written: str, sent: str
    ) -> None:
        client = make_app(redirect_uri=written).test_client()
        login = client.get("/login", base_url="http://10.0.0.5:8000")
        assert query_of(login.location)["redirect_uri"] == sent


class TestUrlDefaults:
    """What an app adds to all its URLs is not for ours."""

    @pytest.fixture
    def app(self, make_app: MakeApp) -> Flask:
        app = make_app()

        @app.url_defaults
        def add_language(endpoint: str, values: dict[str, t.Any]) -> None:
            values.setdefault("lang", "de")

        return app

    def test_the_callback_has_no_query(self, app: Flask) -> None:
        login = app.test_client().get("/login")
        assert query_of(login.location)["redirect_uri"] == "http://localhost/callback"

    def test_the_way_to_the_login(self, app: Flask) -> None:
        client = app.test_client()
        assert client.get("/profile", headers=NAVIGATION).location == (
            "/login?next=/profile"
        )
        refused = client.get("/callback?error=access_denied&state=x", headers=FETCH)
        assert refused.json is not None
        assert refused.json["login_url"].startswith("/login?")

    @pytest.mark.parametrize("path", ["/login", "/logout", "/callback"])
    def test_own_routes(self, app: Flask, path: str) -> None:
        with app.test_request_context():
            config = current_state().config
            assert not is_page(path, config)
            assert is_page(f"{path}-else", config)


@pytest.mark.parametrize(
    ("settings", "mount", "routes"),
    [
        ({"logout_path": "/logout/", "login_path": "/in/"}, "", ["/logout", "/in"]),
        ({"url_prefix": "/auth/"}, "", ["/auth/logout", "/auth/login"]),
        ({"url_prefix": "/auth"}, "/app", ["/app/auth/logout"]),
        ({"logout_path": "/abmelden-für-alle"}, "/büro", ["/büro/abmelden-für-alle"]),
        ({"redirect_uri": "https://a.example/app/callback"}, "", ["/app/logout"]),
        ({"SERVER_NAME": "a.example"}, "", ["/logout", "/login", "/callback"]),
    ],
)
def test_own_routes(
    make_app: MakeApp, settings: dict[str, t.Any], mount: str, routes: list[str]
) -> None:
    config = {key: value for key, value in settings.items() if key.isupper()}
    app = make_app(config, **{k: v for k, v in settings.items() if k not in config})
    with app.test_request_context(base_url=f"http://localhost{mount}"):
        read = current_state().config
        for route in routes:
            for spelling in (route, quote(route), route.replace("/", "//")[1:]):
                for ending in ("", "/", "//", "/.", "?x", "/?x", "#x", "/x/.."):
                    assert not is_page(spelling + ending, read), spelling + ending
            assert is_page(f"{quote(route)}/x", read)
