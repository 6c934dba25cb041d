"""One origin for everything that names an address of the app."""

from __future__ import annotations

import logging
import ssl
import typing as t
from urllib.parse import quote

import httpx
import pytest
from flask import Flask, request, url_for
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from flask_auth0 import Auth0, current_user, login_required
from flask_auth0.tenant import TenantServer
from flask_auth0.views.redirects import is_page, next_or_default, page_of
from tests.harness.visitor import FETCH, NAVIGATION, MakeApp, query_of

CALLBACK = "https://app.example.com/callback"
#: What a proxy makes of the address where nobody tells it to hand on the real one.
BEHIND = ["http://app.example.com", "http://10.0.0.5:8000"]
PUNYCODE = "xn--bcher-kva.example"
HTMX = {**FETCH, "HX-Request": "true"}


def return_of(answer: TestResponse) -> str:
    """Where the tenant sends the browser after a logout."""
    query = query_of(answer.location)
    return query.get("post_logout_redirect_uri") or query["returnTo"]


def next_of(answer: TestResponse) -> str | None:
    """Where a login leads that a guard has asked for."""
    url = answer.location or answer.headers.get("HX-Redirect")
    return query_of(url or (answer.json or {})["login_url"]).get("next")


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
            assert not is_page(path)
            assert is_page(f"{path}-else")


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
        for route in routes:
            for spelling in (route, quote(route), route.replace("/", "//")[1:]):
                for ending in ("", "/", "//", "/.", "?x", "/?x", "#x", "/x/.."):
                    assert not is_page(spelling + ending), spelling + ending
            assert is_page(f"{quote(route)}/x")


def several_hosts(
    options: dict[str, t.Any],
    config: dict[str, t.Any],
    *,
    kind: str,
    **more: t.Any,
) -> Flask:
    """Make an app with a page on each of two hosts."""
    if kind == "subdomain":
        app = Flask(__name__, subdomain_matching=True)
        app.config["SERVER_NAME"] = "app.example"
        places: list[dict[str, t.Any]] = [{}, {"subdomain": "admin"}]
    else:
        app = Flask(__name__, host_matching=True, static_host="app.example")
        places = [{"host": "app.example"}, {"host": "admin.app.example"}]
    app.config.update(TESTING=True, **config)
    auth0 = Auth0(app, **{**options, **more})

    @login_required
    def page() -> str:
        return f"{request.host} {current_user['email']}"

    for name, place in zip(["/", "/dash"], places, strict=True):
        app.add_url_rule(name, name, page, methods=["GET", "POST"], **place)
    app.add_url_rule(
        "/enter", "enter", lambda: auth0.login(request.args.get("next")), **places[1]
    )
    app.add_url_rule("/dash/logout", "theirs", lambda: "", **places[1])
    return app


def follow(client: FlaskClient, url: str, tenant: TenantServer) -> TestResponse:
    """Go where a browser is sent, through the login at the tenant."""
    tenant.tenant.next_login = "ada@example.com"
    trusted = ssl.create_default_context(cafile=tenant.ca_file)
    for _ in range(8):
        if tenant.domain in url:
            url = httpx.get(url, verify=trusted).headers["Location"]
        scheme, _, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        answer = client.get(
            slash + path, base_url=f"{scheme}://{host}", headers=NAVIGATION
        )
        if answer.status_code not in {302, 303}:
            return answer
        url = answer.location
        if url.startswith("/"):
            url = f"{scheme}://{host}{url}"
    raise AssertionError(f"It goes round: {url}")


SHARED = {"AUTH0_COOKIE_DOMAIN": "app.example"}
ADMIN = "http://admin.app.example/dash"


def test_a_websocket_that_begins(make_app: MakeApp) -> None:
    app = make_app()
    with app.test_request_context(
        environ_overrides={"wsgi.url_scheme": "ws"},
        headers={"Connection": "Upgrade", "Upgrade": "websocket"},
    ):
        assert page_of("http://localhost/page") == "/page"
        assert page_of("https://localhost/page") is None


@pytest.mark.parametrize("kind", ["subdomain", "host"])
@pytest.mark.parametrize("url", [f"{ADMIN}?tab=2", "http://app.example/"])
@pytest.mark.parametrize("login_path", ["/login", ""])
@pytest.mark.parametrize("redirect_uri", [None, "http://app.example/callback"])
def test_the_way_back_leads_to_the_same_host(
    options: dict[str, t.Any],
    tenant: TenantServer,
    kind: str,
    url: str,
    login_path: str,
    redirect_uri: str | None,
) -> None:
    app = several_hosts(
        options, SHARED, kind=kind, login_path=login_path, redirect_uri=redirect_uri
    )
    for host in ("app.example", "admin.app.example"):
        tenant.tenant.client.callbacks.append(f"http://{host}/callback")
    answer = follow(app.test_client(), url, tenant)
    assert answer.text == f"{answer.request.host} ada@example.com"
    assert answer.request.url == url


@pytest.mark.parametrize("kind", ["subdomain", "host"])
def test_a_login_of_a_view_leads_back_to_its_host(
    options: dict[str, t.Any], tenant: TenantServer, kind: str
) -> None:
    app = several_hosts(
        options, SHARED, kind=kind, redirect_uri="http://app.example/callback"
    )
    tenant.tenant.client.callbacks.append("http://app.example/callback")
    start = "http://admin.app.example/enter?next=/dash"
    assert follow(app.test_client(), start, tenant).request.url == ADMIN


@pytest.mark.parametrize(
    ("target", "is_taken"),
    [
        (ADMIN, True),
        (f"{ADMIN}?tab=2", True),
        ("http://ADMIN.app.example:80/dash", True),
        ("http://admin.app.example/elsewhere", False),
        ("http://admin.app.example/dash/../logout", False),
        ("http://admin.app.example/login", False),
        ("http://admin.app.example//evil.example", False),
        ("http://admin.app.example/\\evil.example", False),
        ("http://admin.app.example:8080/dash", False),
        ("https://admin.app.example/dash", False),
        ("http://other.app.example/dash", False),
        ("http://admin.app.example@evil.example/dash", False),
        ("http://admin.app.example.evil.example/dash", False),
        ("http://evil.example/dash", False),
        ("http://admin.evil.example/dash", False),
        ("//admin.app.example/dash", False),
        ("ftp://admin.app.example/dash", False),
    ],
)
@pytest.mark.parametrize("kind", ["subdomain", "host"])
@pytest.mark.parametrize("domain", ["app.example", ".app.example", "example"])
def test_which_pages_of_other_hosts_are_taken(
    options: dict[str, t.Any], kind: str, domain: str, target: str, is_taken: bool
) -> None:
    app = several_hosts(options, {"AUTH0_COOKIE_DOMAIN": domain}, kind=kind)
    with app.test_request_context(base_url="http://app.example"):
        found = next_or_default(target, app.extensions["auth0"].config)
    assert found == (target.replace("ADMIN", "admin").replace(":80/", "/")
                     if is_taken else "/")  # fmt: skip


@pytest.mark.parametrize(
    ("host", "is_taken"),
    [
        ("ada.app.example", True),
        ("a.b.app.example", True),
        ("a..app.example", False),
        (".app.example", False),
        ("evil.example;.app.example", False),
        ("evil.example%2f.app.example", False),
        ("evil.example'.app.example", False),
        ("ada.app.example:", False),
        ("ada.app.example:80x", False),
        ("ada.app.example:99999", False),
    ],
)
@pytest.mark.parametrize("kind", ["subdomain", "host"])
def test_hosts_for_everybody(
    options: dict[str, t.Any], kind: str, host: str, is_taken: bool
) -> None:
    app = several_hosts(options, SHARED, kind=kind)
    place = {"subdomain": "<person>"} if kind == "subdomain" else {"host": "<any>"}
    app.add_url_rule("/home", "home", lambda: "", **place)  # type: ignore[arg-type]
    url = f"http://{host}/home"
    with app.test_request_context(base_url="http://app.example"):
        found = next_or_default(url, app.extensions["auth0"].config)
    assert found == (url if is_taken else "/")


@pytest.mark.parametrize("config", [{}, {"TRUSTED_HOSTS": ["app.example"], **SHARED}])
def test_no_page_of_a_host_without_session_or_trust(
    options: dict[str, t.Any], config: dict[str, t.Any]
) -> None:
    app = several_hosts(options, config, kind="subdomain")
    with app.test_request_context(base_url="http://app.example"):
        assert next_or_default(ADMIN, app.extensions["auth0"].config) == "/"


def test_subdomains_behind_a_proxy_that_tells_nothing(
    options: dict[str, t.Any],
) -> None:
    callback = "https://app.example/callback"
    app = several_hosts(options, SHARED, kind="subdomain", redirect_uri=callback)
    client, page = app.test_client(), "https://admin.app.example/dash"
    guarded = client.get(
        "/dash", base_url="http://admin.app.example", headers=NAVIGATION
    )
    assert guarded.location.startswith("https://app.example/login?")
    assert next_of(guarded) == page
    with app.test_request_context(base_url="http://app.example"):
        assert next_or_default(page, app.extensions["auth0"].config) == page


@pytest.mark.parametrize(
    ("scheme", "port"), [("http", ":80"), ("https", ":443"), ("http", ":5000")]
)
def test_a_server_name_with_a_port(
    options: dict[str, t.Any], scheme: str, port: str
) -> None:
    app = several_hosts(options, SHARED, kind="subdomain")
    app.config["SERVER_NAME"] = f"app.example{port}"
    shown = "" if port != ":5000" else port
    page = f"{scheme}://admin.app.example{shown}/dash"
    with app.test_request_context(base_url=f"{scheme}://app.example{shown}"):
        assert next_or_default(page, app.extensions["auth0"].config) == page
        assert next_or_default(f"{page}/x", app.extensions["auth0"].config) == "/"


def test_without_server_name_there_are_no_subdomains(
    options: dict[str, t.Any],
) -> None:
    app = Flask(__name__, subdomain_matching=True)
    Auth0(app, **options, cookie_domain="example")
    app.add_url_rule("/dash", view_func=lambda: "")
    with app.test_request_context(base_url="http://app.example"):
        found = next_or_default(
            "http://evil.example/dash", app.extensions["auth0"].config
        )
    assert found == "/"


@pytest.mark.parametrize("login_path", ["/login", ""])
def test_hosts_that_share_no_cookie(
    options: dict[str, t.Any],
    tenant: TenantServer,
    caplog: pytest.LogCaptureFixture,
    login_path: str,
) -> None:
    """The login ends on the start page, and the log says what is missing."""
    app = several_hosts(options, {}, kind="subdomain", login_path=login_path)
    with caplog.at_level(logging.WARNING):
        answer = app.test_client().get(
            "/dash", base_url="http://admin.app.example", headers=NAVIGATION
        )
    assert answer.status_code == 302
    assert "AUTH0_COOKIE_DOMAIN" in caplog.text
    if login_path:
        assert answer.location == "http://app.example/login?next=/"


def test_a_script_and_a_form_on_another_host(options: dict[str, t.Any]) -> None:
    app = several_hosts(options, SHARED, kind="subdomain")
    client, base = app.test_client(), "http://admin.app.example"
    headers = {**FETCH, "Referer": ADMIN}
    answer = client.get("/dash", base_url=base, headers=headers)
    assert answer.json is not None
    assert answer.json["login_url"].startswith("http://app.example/login?next=")
    assert next_of(answer) == ADMIN
    posted = client.post(
        "/dash", base_url=base, headers={**NAVIGATION, "Referer": f"{ADMIN}?x"}
    )
    assert next_of(posted) == f"{ADMIN}?x"


@pytest.mark.parametrize("redirect_uri", [None, "http://admin.app.example/callback"])
def test_host_matching(options: dict[str, t.Any], redirect_uri: str | None) -> None:
    app = several_hosts(options, {}, kind="host", redirect_uri=redirect_uri)

    @app.get("/links", host="app.example")
    def links() -> list[str]:
        return [url_for("auth0.login"), url_for("auth0.logout", next="/x")]

    client = app.test_client()
    guarded = client.get("/", base_url="http://app.example", headers=NAVIGATION)
    home = "http://admin.app.example" if redirect_uri else ""
    assert guarded.location.startswith(f"{home}/login?next=")
    asked = client.get("/login", base_url="http://app.example:5000")
    assert query_of(asked.location)["redirect_uri"] == (
        redirect_uri or "http://app.example:5000/callback"
    )
    assert client.get("/links", base_url="http://app.example").json == [
        f"{home}/login",
        f"{home}/logout?next=/x",
    ]
    for path in ("/logout", "/callback?code=a&state=b"):
        assert client.get(path, base_url="http://app.example").status_code in {302, 400}


NO_NAMES = ["", "a b", "app.example@evil.example", "app.example\\x", "b\xfcch.example"]


@pytest.mark.parametrize("redirect_uri", [None, "http://app.example/callback"])
@pytest.mark.parametrize("kind", ["subdomain", "host"])
@pytest.mark.parametrize("host", [*NO_NAMES, "[::1]:8000"], ids=ascii)
@pytest.mark.filterwarnings("ignore:Current server name")
def test_hosts_that_are_no_names(
    options: dict[str, t.Any], redirect_uri: str | None, kind: str, host: str
) -> None:
    """None of them is an error of the app."""
    app = several_hosts(options, SHARED, kind=kind, redirect_uri=redirect_uri)
    app.before_request(login_required(lambda: None))
    for path in ("/", "/login?next=/", "/logout", "/callback?code=a&state=b"):
        for headers in (NAVIGATION, FETCH, HTMX):
            environ = EnvironBuilder(path, headers=Headers(headers)).get_environ()
            environ["HTTP_HOST"] = host
            body, status, _ = run_wsgi_app(app, environ)
            assert int(status[:3]) < 500, b"".join(body)


def test_below_another_app(options: dict[str, t.Any]) -> None:
    app = several_hosts(options, SHARED, kind="subdomain")
    outer = Flask(__name__)
    outer.wsgi_app = DispatcherMiddleware(outer, {"/in": app})  # type: ignore[method-assign]
    answer = outer.test_client().get(
        "/in/dash", base_url="http://admin.app.example", headers=NAVIGATION
    )
    assert next_of(answer) == "http://admin.app.example/in/dash"
    with app.test_request_context(base_url="http://app.example/in"):
        config = app.extensions["auth0"].config
        for path, is_taken in {"/in/dash": True, "/dash": False, "/in": False}.items():
            url = f"http://admin.app.example{path}"
            assert (next_or_default(url, config) == url) is is_taken


PIECES = [
    *("http", "https", "HTTP", ":", "/", "//", "\\", "@", "?", "#", ";", "[", "]"),
    *(".", "..", "。", "%2f", "%5c", "%00", " ", "\t", "\n", "\u200d", "ü"),
    *(":80", ":443", ":8080", "app.example", "admin.", "evil", ".example"),
    *("dash", "login", "logout"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
STARTS = st.sampled_from(["", "/", "http://app.example", "http://admin.app.example"])


@pytest.mark.parametrize("kind", ["subdomain", "host"])
def test_whatever_is_asked_for_leads_to_a_page_of_the_app(
    options: dict[str, t.Any], kind: str
) -> None:
    app = several_hosts(options, SHARED, kind=kind)
    config = app.extensions["auth0"].config

    @settings(deadline=None, max_examples=500)
    @given(STARTS, TEXTS)
    def check(start: str, rest: str) -> None:
        led_to = next_or_default(start + rest, config)
        found = httpx.URL("http://app.example").join(led_to)
        assert found.scheme == "http"
        assert found.netloc in {b"app.example", b"admin.app.example"}
        if found.netloc == b"admin.app.example":
            assert found.path in {"/dash", "/enter", "/dash/logout"}
        assert found.path.strip("/") not in {"login", "logout", "callback"}

    with app.test_request_context(base_url="http://app.example"):
        check()
