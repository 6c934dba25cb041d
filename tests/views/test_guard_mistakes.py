"""Decorators in the wrong order are told of, and no others."""

from __future__ import annotations

import functools
import typing as t

import pytest
from flask import Blueprint, Flask
from flask.views import View
from flask_caching import Cache

from flask_auth0 import bearer_required, login_required
from tests.harness.visitor import HOST, MakeApp


@pytest.fixture
def cache(app: Flask) -> Cache:
    return Cache(app, config={"CACHE_TYPE": "SimpleCache"})


def shout(view: t.Callable[..., str]) -> t.Callable[..., str]:
    """A decorator of the app's own."""

    @functools.wraps(view)
    def louder(*args: t.Any, **kwargs: t.Any) -> str:
        return view(*args, **kwargs).upper()

    return louder


def told(app: Flask, caplog: pytest.LogCaptureFixture) -> str:
    """The log of the first requests."""
    for _ in range(2):
        app.test_client().get("/", base_url=HOST)
    return caplog.text


def page() -> str:
    return "page"


CACHED: dict[str, t.Callable[[Cache], t.Any]] = {
    "cached": lambda cache: cache.cached(),
    "memoized": lambda cache: cache.memoize(),
    "functools": lambda cache: functools.lru_cache,
}


@pytest.mark.parametrize("kind", CACHED)
def test_a_cache_in_front_of_the_guard(
    app: Flask, cache: Cache, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    view = shout(CACHED[kind](cache)(shout(login_required(page))))
    app.add_url_rule("/cached", "for_everybody", view)
    assert told(app, caplog).count("'for_everybody' is cached for everybody") == 1


def test_a_class_of_views(
    app: Flask, cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    class Page(View):
        decorators: t.ClassVar = [login_required, cache.cached()]

        def dispatch_request(self) -> str:
            return "page"

    app.add_url_rule("/cached", view_func=Page.as_view("for_everybody"))
    assert "'for_everybody' is cached" in told(app, caplog)


@pytest.mark.parametrize("kind", CACHED)
def test_a_cache_behind_the_guard(
    app: Flask, cache: Cache, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    view = shout(shout(login_required(shout(CACHED[kind](cache)(page)))))
    app.add_url_rule("/guarded", "guarded", view)
    app.add_url_rule("/public", "public", CACHED[kind](cache)(page))
    assert told(app, caplog) == ""


def test_a_route_in_front_of_the_guard(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    @login_required
    @app.get("/open")
    def wide_open() -> str:
        return "secret"

    assert told(app, caplog).count("'wide_open' is open to everybody") == 1
    assert "guarded" not in caplog.text


@pytest.mark.parametrize("guard", [bearer_required, login_required(bearer=True)])
def test_a_view_for_access_tokens_without_an_audience(
    app: Flask, caplog: pytest.LogCaptureFixture, guard: t.Any
) -> None:
    app.add_url_rule("/api", "orders", shout(guard(page)))
    assert told(app, caplog).count("'orders' answers 500") == 1


def test_a_blueprint_for_access_tokens_without_an_audience(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    api = Blueprint("api", __name__)
    api.before_request(bearer_required(scopes="read:orders")(lambda: None))
    app.register_blueprint(api)
    text = told(app, caplog)
    assert text.count("all views of 'api' answers 500") == 1
    assert "AUTH0_AUDIENCE" in text


def test_a_view_for_access_tokens_with_one(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(audience="https://api.example.com")
    app.add_url_rule("/api", "orders", bearer_required(page))
    assert "orders" not in told(app, caplog)
