"""Strangers for whom the tenant takes long, at routes that need no login."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_auth0.app_state import state_of
from flask_auth0.client import places
from flask_auth0.tenant import Tenant, TenantServer
from tests.harness.logout_tokens import post
from tests.harness.processes import until
from tests.harness.visitor import MakeApp

from .conftest import API, OFFLINE, PATHS, Page, refusal

#: How many requests of the app wait for the tenant at once.
PLACES = 3
#: A token that somebody has signed with a key which no tenant has.
FOREIGN = (
    "eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vYm9keSJ9."
    "eyJpc3MiOiJodHRwczovL2V2aWwuZXhhbXBsZS5jb20vIn0.AAAA"
)


class Slow:
    """The sending of codes, which takes until somebody ends it."""

    def __init__(self) -> None:
        self.begun, self.end = threading.Semaphore(0), threading.Event()

    def send(self, *args: t.Any, **options: t.Any) -> None:
        self.begun.release()
        self.end.wait(30)


@pytest.fixture
def slow(issuer: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    slow = Slow()
    monkeypatch.setattr(issuer.inbox, "send", slow.send)
    yield slow
    slow.end.set()


@pytest.fixture
def slow_keys(issuer: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """The publication of signing keys, which takes as long."""
    slow, publish = Slow(), issuer.keys.as_jwks

    def as_jwks() -> dict[str, t.Any]:
        slow.send()
        return publish()

    monkeypatch.setattr(issuer.keys, "as_jwks", as_jwks)
    yield slow
    slow.end.set()


@contextmanager
def pages(app: Flask, tenant: TenantServer, number: int) -> Iterator[list[Page]]:
    found = [Page(app, tenant) for _ in range(number)]
    yield found
    for each in found:
        each.http.close()


def ask(page: Page) -> TestResponse:
    return page.post("/passwordless/start", connection="email", email="s@example.com")


def test_they_leave_a_place_to_logins(
    make_app: MakeApp,
    tenant: TenantServer,
    slow: Slow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own: dict[str, t.Any] = {"tenant_concurrency": PLACES, "timeout": 60, **PATHS}
    app = make_app({}, scope=OFFLINE, audience=API, **own)
    with pages(app, tenant, PLACES + 1) as (user, one_more, *strangers):
        callback = user.authorize(user.get("/login"))
        # Whoever finds no free place is refused at once.
        monkeypatch.setattr(places, "SLOW", 0)
        with ThreadPoolExecutor(PLACES) as pool:
            sent = [pool.submit(ask, each) for each in strangers]
            for _ in strangers:
                assert slow.begun.acquire(timeout=30)
            assert refusal(ask(one_more)) == (503, "temporarily_unavailable")
            assert user.get(callback).status_code == 302
            slow.end.set()
        assert {each.result().status_code for each in sent} == {204}


def test_tokens_of_unknown_keys_leave_a_place_to_logins(
    make_app: MakeApp,
    tenant: TenantServer,
    slow_keys: Slow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One of them looks for new keys, and the others wait for that."""
    app = make_app({}, tenant_concurrency=PLACES, timeout=60)
    room = state_of(app).client.transports.guards.places._room.get()
    slow_keys.end.set()
    with pages(app, tenant, 2) as (user, other):
        other.log_in()
        callback = user.authorize(user.get("/login"))
        slow_keys.end.clear()
        monkeypatch.setattr(places, "SLOW", 0)
        with ThreadPoolExecutor(PLACES) as pool:
            sent = [pool.submit(post, other, FOREIGN) for _ in range(PLACES)]
            try:
                until(
                    lambda: not room._free or any(each.done() for each in sent),
                    "as many wait as may",
                )
                assert user.get(callback).status_code == 302
            finally:
                slow_keys.end.set()


def test_their_silence_is_no_outage(
    make_app: MakeApp, tenant: TenantServer, slow: Slow
) -> None:
    app = make_app({}, scope=OFFLINE, audience=API, timeout=1, **PATHS)
    with pages(app, tenant, 2) as (user, stranger):
        callback = user.authorize(user.get("/login"))
        assert refusal(ask(stranger)) == (503, "temporarily_unavailable")
        slow.end.set()
        assert user.get(callback).status_code == 302
