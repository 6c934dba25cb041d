"""The page about background jobs does what it says."""

from __future__ import annotations

import asyncio
import typing as t

import pytest

from flask_auth0 import ConfigurationError, LoginRequired
from flask_auth0.tenant import TenantServer

from .conftest import HOST, MakeVisitor, ReadPage, Visitor
from .pages import Page, path_of, snippets


@pytest.fixture
def page(
    read_page: ReadPage, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> t.Iterator[Page]:
    monkeypatch.setenv("SESSION_TYPE", "redis")
    monkeypatch.setenv("SESSION_REDIS", redis_url)
    monkeypatch.setenv("AUTH0_SCOPE", "openid profile email offline_access")
    page = read_page("background_jobs.rst").run()
    yield page
    page["executor"].shutdown()


@pytest.fixture
def visitor(page: Page, make_visitor: MakeVisitor) -> Visitor:
    visitor = make_visitor(page["app"])
    visitor.log_in()
    return visitor


def begun(page: Page, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> t.Any:
    """Post the form, and return the id and the future of the task."""
    found: list[t.Any] = []
    submit = page["executor"].submit

    def note(task: t.Any, id: str) -> None:
        found.extend((id, submit(task, id)))

    monkeypatch.setattr(page["executor"], "submit", note)
    assert visitor.client.post("/export", base_url=HOST).status_code == 202
    return found


def test_a_task(
    page: Page,
    visitor: Visitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    id, task = begun(page, visitor, monkeypatch)
    assert task.result()["for"] == task.result()["messages"]["sub"] == "auth0|ada"
    # The task outlasts its access token.
    tenant.tenant.expire_tokens(refresh_tokens=False)
    assert page["nightly"](id)["for"] == "auth0|ada"
    with page["app"].app_context():
        email, messages = asyncio.run(page["unread"](id))
    assert (email, messages["sub"]) == ("ada@example.com", "auth0|ada")
    visitor.get("/logout")
    with pytest.raises(LoginRequired):
        page["export"](id)
    assert page["nightly"](id) is None


def test_in_cookies(read_page: ReadPage) -> None:
    page = read_page("background_jobs.rst").run()
    with pytest.raises(ConfigurationError, match="SESSION_TYPE"):
        page["export"]("A" * 24)


def test_the_text_for_celery_is_python() -> None:
    (celery,) = snippets(path_of("background_jobs.rst"), "py")
    compile(celery.text, "background_jobs.rst", "exec")
