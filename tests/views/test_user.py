"""current_user, and what a response about a user tells caches."""

from __future__ import annotations

import threading
import typing as t

import pytest
from flask import Flask, render_template, render_template_string, stream_template
from flask_login import LoginManager
from jinja2 import DictLoader

from flask_auth0 import Auth0, current_user
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import MakeApp


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app()

    @app.get("/template")
    def template() -> str:
        return render_template_string(
            "{% if current_user %}{{ current_user.name }}{% else %}nobody{% endif %}"
        )

    return app


def test_a_user(app: Flask) -> None:
    @app.get("/look")
    def look() -> str:
        assert current_user
        assert current_user.is_authenticated
        assert current_user.sub == current_user["sub"] == "auth0|ada"
        assert current_user.get("missing", 1) == 1
        assert dict(current_user)["name"] == "Ada"
        assert "name" in current_user
        assert "ada" in repr(current_user)
        assert "ada@" not in repr(current_user)
        with pytest.raises(KeyError):
            current_user["missing"]
        with pytest.raises(TypeError):
            current_user["name"] = "Eve"  # type: ignore[index]
        with pytest.raises(AttributeError, match=r"current_user\['name'\]"):
            current_user.name  # type: ignore[attr-defined]  # noqa: B018
        return "ok"

    client = logged_in_client(app, sub="auth0|ada", name="Ada", email="ada@x")
    assert client.get("/look").text == "ok"


def test_nobody(app: Flask) -> None:
    @app.get("/look")
    def look() -> str:
        assert not current_user
        assert not current_user.is_authenticated
        assert current_user.sub is None
        assert dict(current_user) == {}
        assert "nobody" in repr(current_user)
        return "ok"

    assert app.test_client().get("/look").text == "ok"


def test_outside_a_request_nobody_is_logged_in(app: Flask) -> None:
    assert not current_user
    with app.app_context():
        assert not current_user


def test_in_templates(app: Flask) -> None:
    assert logged_in_client(app, name="<b>").get("/template").text == "&lt;b&gt;"
    assert app.test_client().get("/template").text == "nobody"


def test_an_app_context_does_not_carry_users_along(app: Flask) -> None:
    with app.app_context():
        assert logged_in_client(app, name="Ada").get("/template").text == "Ada"
        assert app.test_client().get("/template").text == "nobody"
        assert logged_in_client(app, name="Eve").get("/template").text == "Eve"


def test_threads_do_not_mix_users(app: Flask) -> None:
    wrong: list[str] = []

    def visit(name: str) -> None:
        client = logged_in_client(app, sub=name, name=name)
        for _ in range(50):
            seen = client.get("/template").text
            if seen != name:
                wrong.append(seen)

    threads = [threading.Thread(target=visit, args=[f"user-{n}"]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# Templates


MACROS = {
    "macros.html": "{% macro who() %}{{ current_user.name or 'nobody' }}{% endmacro %}",
    "from.html": "{% from 'macros.html' import who %}{{ who() }}",
    "import.html": "{% import 'macros.html' as macros %}{{ macros.who() }}",
    "include.html": "{% include 'from.html' %}",
    "child.html": "{% extends 'base.html' %}{% block name %}"
    "{% from 'macros.html' import who %}{{ who() }}{% endblock %}",
    "base.html": "{% block name %}{% endblock %}",
    "direct.html": "{{ current_user.name or 'nobody' }}",
}


@pytest.fixture
def with_macros(app: Flask) -> Flask:
    app.jinja_loader = DictLoader(MACROS)

    @app.get("/page/<name>")
    def page(name: str) -> str:
        return render_template(f"{name}.html")

    @app.get("/streamed/<name>")
    def streamed(name: str) -> t.Any:
        return stream_template(f"{name}.html")

    return app


@pytest.mark.parametrize("name", ["from", "import", "include", "child"])
def test_imported_macros_have_the_user(with_macros: Flask, name: str) -> None:
    """They see globals alone, and Jinja keeps them for all requests."""
    for path in [f"/page/{name}", f"/streamed/{name}"]:
        for who in ["Ada", "Grace"]:
            assert logged_in_client(with_macros, name=who).get(path).text == who
        assert with_macros.test_client().get(path).text == "nobody"


def test_without_a_request_macros_have_nobody(with_macros: Flask) -> None:
    with with_macros.app_context():
        assert render_template("from.html") == "nobody"


def test_a_global_of_the_app_stays(with_macros: Flask) -> None:
    with_macros.jinja_env.globals["current_user"] = {"name": "theirs"}
    client = logged_in_client(with_macros, name="Ada")
    assert client.get("/page/from").text == "theirs"
    assert client.get("/template").text == "Ada"


def test_options_of_jinja_can_be_set_later(make_app: MakeApp) -> None:
    app = make_app()
    app.jinja_options = {"variable_start_string": "<<", "variable_end_string": ">>"}
    app.add_url_rule("/", "later", lambda: render_template_string("<< 1 >>"))
    with app.app_context():
        assert render_template_string("<< 1 + 1 >>") == "2"


class Account:
    """A row of an app's own, as Flask-Login has it."""

    def __init__(self, name: str) -> None:
        self.name = f"the row of {name}"


@pytest.fixture
def with_flask_login(options: dict[str, t.Any]) -> t.Callable[..., Flask]:
    def make(is_first: bool, **of_manager: t.Any) -> Flask:
        app = Flask(__name__)
        app.testing = True
        manager = LoginManager()
        manager.session_protection = None
        manager.request_loader(lambda request: Account(current_user["name"]))
        if is_first:
            manager.init_app(app, **of_manager)
        Auth0(app, **options)
        if not is_first:
            manager.init_app(app, **of_manager)
        app.jinja_loader = DictLoader(MACROS)
        app.add_url_rule("/<template_name_or_list>", "page", render_template)
        return app

    return make


@pytest.mark.parametrize("is_first", [True, False], ids=["before", "after"])
def test_templates_keep_flask_logins_user(
    with_flask_login: t.Callable[..., Flask], is_first: bool
) -> None:
    app = with_flask_login(is_first)
    for who in ["Ada", "Grace"]:
        client = logged_in_client(app, name=who)
        for name in ["from", "direct"]:
            assert client.get(f"/{name}.html").text == f"the row of {who}"
    with app.app_context():
        assert render_template("from.html") == "nobody"


def test_flask_login_can_leave_the_templates_alone(
    with_flask_login: t.Callable[..., Flask],
) -> None:
    app = with_flask_login(is_first=False, add_context_processor=False)
    client = logged_in_client(app, name="Ada")
    assert client.get("/direct.html").text == client.get("/from.html").text == "Ada"
