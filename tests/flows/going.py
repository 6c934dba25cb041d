"""The way of a browser through the tenant's pages, until it comes back."""

from __future__ import annotations

import typing as t

import httpx
from werkzeug.test import TestResponse

from tests.harness.visitor import ADA, Visitor
from tests.tenant.flow import csrf_token

ACCOUNT = "ada@github.example"


def go(visitor: Visitor, begun: TestResponse, person: str = ADA) -> str:
    """Go where a login leads, and return the way back to the app."""
    return visitor.authorize(begun, person)


def go_by_mail(visitor: Visitor, begun: TestResponse, to: str = ADA) -> str:
    """Follow the link that was sent, and return the way back to the app."""
    assert begun.text == "sent"
    link = visitor.tenant.tenant.inbox.messages(to)[-1].link
    return back(follow(visitor, visitor.http.get(link)))


def choose(visitor: Visitor, begun: TestResponse, **fields: str) -> str:
    """Choose an account at the other provider, and return the way back to the app."""
    assert begun.status_code == 302, begun.text
    visitor.tenant.tenant.next_login = ADA
    page = follow(visitor, visitor.http.get(begun.location))
    if page.status_code == 302:
        return back(page)
    form = {"csrf_token": csrf_token(page.text), "step": "account", **fields}
    return back(follow(visitor, visitor.http.post(page.url, data=form)))


def follow(visitor: Visitor, answer: httpx.Response) -> httpx.Response:
    """Follow redirects as long as they stay at the tenant."""
    tenant = visitor.tenant.tenant.url
    while answer.is_redirect and str(
        answer.next_request and answer.next_request.url
    ).startswith(tenant):
        assert answer.next_request
        answer = visitor.http.get(answer.next_request.url)
    return answer


def back(answer: httpx.Response) -> str:
    """Return where the tenant sends the browser at last."""
    assert answer.is_redirect, answer.text
    return str(answer.headers["Location"])


def session_of(visitor: Visitor) -> t.Any:
    """The session of the visitor, as the app sees it."""
    return visitor.fetch("/session").get_json()
