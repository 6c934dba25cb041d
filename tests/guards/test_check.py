"""A predicate of the app's own decides who may pass."""

from __future__ import annotations

import asyncio
import functools
import threading
import typing as t

import pytest
from flask import Flask, request

from flask_auth0 import Auth0, NotAllowed, current_user
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import FETCH, MakeApp, MakeVisitor

from .conftest import Ask, add_views


def is_owner(user: t.Mapping[str, t.Any]) -> bool:
    assert user == current_user
    return bool(user["name"] == request.args.get("owner", "Ada"))


async def is_owner_async(user: t.Mapping[str, t.Any]) -> bool:
    await asyncio.sleep(0)
    return is_owner(user)


CHECKS: list[t.Callable[..., t.Any]] = [
    is_owner,
    is_owner_async,
    lambda user: is_owner_async(user),
    functools.partial(is_owner_async),
]


@pytest.mark.parametrize("path", ["/sync", "/async"])
@pytest.mark.parametrize("check", CHECKS, ids=["sync", "async", "lambda", "partial"])
def test_sync_and_async(everywhere: Flask, path: str, check: t.Any) -> None:
    add_views(everywhere, {"check": check})
    client = logged_in_client(everywhere, name="Ada")
    assert client.get(path, headers=FETCH).text == "inside as auth0|test"
    for _ in range(2):
        refused = client.get(f"{path}?owner=Eve", headers=FETCH)
        assert refused.status_code == 403
        assert refused.get_json()["error_description"] == NotAllowed.description
        assert "missing" not in refused.get_json()


def test_no_thread_is_started_for_each_question(app: Flask) -> None:
    threads: set[int] = set()

    async def note(user: t.Any) -> bool:
        threads.add(threading.get_ident())
        return True

    add_views(app, {"check": note})
    client = logged_in_client(app)
    for _ in range(3):
        assert client.get("/sync").status_code == 200
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_who_is_nobody_is_not_asked_about(app: Flask, ask: Ask) -> None:
    add_views(app, {"check": lambda user: pytest.fail("asked")})
    assert app.test_client().get("/sync", headers=FETCH).status_code == 401


def test_who_lacks_a_role_is_not_asked_about(ask: Ask) -> None:
    check = lambda user: pytest.fail("asked")  # noqa: E731
    assert ask({"check": check, "roles": "admin"}).status_code == 403


@pytest.mark.parametrize("answer", [None, 0, "", []])
def test_nothing_is_a_no(ask: Ask, answer: t.Any) -> None:
    assert ask({"check": lambda user: answer}).status_code == 403


def test_its_errors_refuse(app: Flask) -> None:
    app.config.update(PROPAGATE_EXCEPTIONS=False)

    async def fail(user: t.Any) -> bool:
        raise RuntimeError

    for path in ("/sync", "/async"):
        add_views(app, {"check": fail})
        assert logged_in_client(app).get(path).status_code == 500


def test_it_can_say_why(app: Flask) -> None:
    async def refuse(user: t.Any) -> bool:
        raise NotAllowed("This is Grace's.")

    add_views(app, {"check": refuse})
    for path in ("/sync", "/async"):
        answer = logged_in_client(app).get(path, headers=FETCH)
        assert answer.status_code == 403
        assert answer.get_json() == {
            "error": "not_allowed",
            "error_description": "This is Grace's.",
            "login_url": "/login?next=/&prompt=login",
        }


def test_it_can_use_the_sdk(make_app: MakeApp, make_visitor: MakeVisitor) -> None:
    app, auth0 = make_app(), Auth0()

    async def has_token(user: t.Any) -> bool:
        return bool(await auth0.client.get_access_token())

    def has_token_sync(user: t.Any) -> bool:
        return bool(auth0.get_access_token())

    add_views(app, {})
    visitor = make_visitor(app)
    visitor.log_in()
    for check in (has_token, has_token_sync):
        add_views(app, {"check": check})
        for path in ("/sync", "/async"):
            assert visitor.get(path).text == "inside as auth0|ada"
