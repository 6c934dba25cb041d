"""The page about other extensions and servers, each of which a test has beside it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import sentry_sdk
from flask import Flask
from flask_babel import Babel
from opentelemetry import trace
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from flask_auth0.testing import USER

from .conftest import MakeVisitor, ReadPage, client_of
from .pages import ROOT, Page, path_of, table

PAGE = path_of("beside.rst")
#: What each name of the page is called in the test that has it, and which test that is.
EXTENSIONS = {
    "Flask-Admin": "flask_admin in beside/test_extensions.py",
    "Flask-Babel": "flask_babel in beside/test_extensions.py",
    "Flask-Caching": "flask_caching in views/test_guard_mistakes.py",
    "Flask-Limiter": "flask_limiter in beside/test_extensions.py",
    "Flask-Login": "/member in docs/test_users_page.py",
    "Flask-Migrate": "flask_migrate in backends/test_migrations.py",
    "Flask-Session": "flask_session in deployment/test_own_sessions.py",
    "Flask-SocketIO": "flask_socketio in beside/test_socketio.py",
    "Flask-SQLAlchemy": "flask_sqlalchemy in backends/test_own_database.py",
    "Flask-Talisman": "flask_talisman in beside/test_extensions.py",
    "Flask-WTF": "flask_wtf in logout/test_backchannel.py",
    "APIFlask": "apiflask in beside/test_rest_frameworks.py",
    "flask-smorest": "flask_smorest in beside/test_rest_frameworks.py",
    "Flask-RESTX": "flask_restx in beside/test_rest_frameworks.py",
    "Flask-RESTful": "flask_restful in views/test_error_handlers.py",
    "Dash": "dash in beside/test_dash.py",
    "Sentry": "sentry_sdk in reports/app.py",
    "OpenTelemetry": "opentelemetry in docs/test_beside_page.py",
}
SERVERS = {
    "gunicorn": "sync in beside/test_servers.py",
    "uWSGI": "uwsgi in beside/test_servers.py",
    "Waitress": "waitress in beside/served.py",
    "Hypercorn": "hypercorn in beside/served.py",
    "a2wsgi": "a2wsgi in beside/served.py",
    "asgiref": "asgiref in beside/served.py",
    "AWS Lambda": "apig-wsgi in beside/served.py",
    "Werkzeug": "make_server in harness/werkzeug_server.py",
}


@pytest.mark.parametrize(
    ("heading", "tried"), [("Extension", EXTENSIONS), ("Server", SERVERS)]
)
def test_what_is_said_to_work_was_tried(heading: str, tried: dict[str, str]) -> None:
    names = [name for row in table(PAGE, heading) for name in row[0].split(", ")]
    assert names == [*tried]
    for place in tried.values():
        word, path = place.split(" in ")
        assert word in (ROOT / "tests" / path).read_text("utf-8"), place


@pytest.fixture
def page(read_page: ReadPage) -> Page:
    return read_page("beside.rst")


@pytest.fixture
def app(page: Page) -> Flask:
    """The app of the page, without https of Flask-Talisman."""
    app: Flask = page.run_until("limiter")["app"]
    app.testing = True
    Babel(app)
    return app


def test_the_admin_site(app: Flask, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(app)
    assert visitor.fetch("/admin/").get_json()["login_url"] == "/login?next=/"
    visitor.log_in(visitor.get("/admin/").location)
    assert visitor.get("/admin/").text == "You may not see this."
    admin = client_of(app, **{"https://example.com/roles": ["admin"]})
    assert "The shop" in admin.get("/admin/").text


def test_limits(page: Page, app: Flask) -> None:
    client = app.test_client()
    assert [client.get("/login").status_code for _ in range(21)][-2:] == [302, 429]
    assert client.get("/callback").status_code == 400
    (exemption,) = re.findall(r"``(limiter\.exempt.*)``", PAGE.read_text("utf-8"))
    eval(exemption, vars(page.module))  # noqa: S307
    answers = [client.post("/backchannel-logout").status_code for _ in range(101)]
    assert 429 not in answers


def test_sentry_knows_the_user(page: Page) -> None:
    app = page.run_until("tell_sentry")["app"]
    with sentry_sdk.isolation_scope() as scope:
        client_of(app).get("/", base_url="https://localhost")
        assert scope._user == {"id": USER["sub"]}


def test_spans_of_a_login_are_below_the_request_and_have_no_code(
    page: Page, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    app = Flask(__name__)
    page.run()["Auth0"](app)
    FlaskInstrumentor().instrument_app(app, response_hook=page["without_code"])
    make_visitor(app).log_in()
    # What is known of the tenant since the first login makes the second one shorter.
    spans.clear()
    make_visitor(app).log_in()
    by_name = {each.name: each for each in spans.get_finished_spans()}
    path = by_name["auth0.tenant"], by_name["auth0.callback"], by_name["GET /callback"]
    parents = [each.parent and each.parent.span_id for each in path]
    assert parents == [path[1].context.span_id, path[2].context.span_id, None]
    assert dict(path[2].attributes or {})["http.target"] == "/callback"
    assert "code=" not in "".join(each.to_json() for each in by_name.values())
    provider.shutdown()


def test_what_python_says_of_a_package_without_its_first_file(tmp_path: Path) -> None:
    (tmp_path / "flask_auth0").mkdir()
    command = [sys.executable, "-S", "-c", "from flask_auth0 import Auth0"]
    # With -S, an installed flask_auth0 is not found instead.
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True)
    said = [row[0] for row in table(PAGE, "What Python says")]
    assert done.stderr.strip().endswith(f"ImportError: {said[1]}")


def test_the_log_says_what_the_page_says() -> None:
    said = [row[0] for row in table(PAGE, "What Python says")][2]
    source = ROOT / "flask_auth0" / "deployment" / "other_distribution.py"
    assert said.partition("flask-auth0 ")[2] in source.read_text("utf-8")
