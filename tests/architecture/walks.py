"""The requests whose way through the package is followed."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.harness.logout_tokens import make_token, post, sid_of
from tests.harness.visitor import Visitor

C = t.TypeVar("C")
#: Counts what a block does.
Counting = Callable[[], AbstractContextManager[C]]


class Walk(t.Protocol):
    """A request of somebody, of which something is counted."""

    def __call__(self, visitor: Visitor, counted: Counting[C]) -> C: ...


def fetch(path: str) -> Walk:
    """Return the walk of a script's request."""

    def walk(visitor: Visitor, counted: Counting[C]) -> C:
        with counted() as found:
            assert visitor.fetch(path).status_code == 200
        return found

    return walk


def login(visitor: Visitor, counted: Counting[C]) -> C:
    visitor.client = visitor.app.test_client()
    with counted() as found:
        assert visitor.get("/login").status_code == 302
    return found


def callback(visitor: Visitor, counted: Counting[C]) -> C:
    visitor.client = visitor.app.test_client()
    url = visitor.authorize(visitor.get("/login"))
    with counted() as found:
        assert visitor.get(url).status_code == 302
    return found


def backchannel(visitor: Visitor, counted: Counting[C]) -> C:
    if visitor.user() is None:
        visitor.log_in()
    token = make_token(visitor.tenant.tenant, sid=sid_of(visitor))
    with counted() as found:
        assert post(visitor, token).status_code == 200
    assert visitor.user() is None
    return found


WALKS: dict[str, Walk] = {
    "protected": fetch("/profile"),
    "token": fetch("/token"),
    "refresh": fetch("/token?refresh=1"),
    "login": login,
    "callback": callback,
    "backchannel": backchannel,
}
