"""A tenant that is slow takes a few threads of a worker, and no more."""

from __future__ import annotations

import statistics
import threading
import typing as t
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_auth0 import Auth0, login_required
from flask_auth0.app_state import state_of
from flask_auth0.client import places
from flask_auth0.tenant import TenantServer
from tests.harness.processes import until
from tests.harness.proxy import Proxy
from tests.harness.visitor import ADA, GRACE, SECRET, MakeVisitor, Visitor

#: The threads of the worker, and how many of them may wait for the tenant.
THREADS, PLACES = 4, 2
#: Seconds in which a page that needs no tenant is answered, on a busy machine.
SOON = 10
OFFLINE = "openid profile email offline_access"


MakeApp = Callable[..., Flask]


@pytest.fixture
def app(make: MakeApp) -> Flask:
    return make("redis")


@pytest.fixture
def make(options: dict[str, t.Any], way: Proxy, redis_settings: t.Any) -> MakeApp:
    """Make an app with its sessions in cookies or in Redis."""
    # No limit ends before the test does.
    patient = {**options, "timeout": 60, "scope": OFFLINE, "secret": SECRET}

    def make(kind: str, tenant_concurrency: int = PLACES) -> Flask:
        own = {"tenant_concurrency": tenant_concurrency}
        settings = redis_settings if kind == "redis" else {}
        return make_app(settings, {**patient, **own, "domain": f"127.0.0.1:{way.port}"})

    return make


def make_app(settings: t.Any, options: dict[str, t.Any]) -> Flask:
    app, auth0 = Flask(__name__), Auth0()
    app.config.update(TESTING=True, **settings)
    auth0.init_app(app, **options)

    @app.get("/token")
    def token() -> str:
        return auth0.get_access_token(force_refresh=True)

    @app.get("/profile")
    @login_required
    def profile() -> str:
        return "Hello"

    @auth0.before_session_saved
    def look(session: t.Any) -> None:
        app.config["HOOK"](session["user"]["email"])

    app.config["HOOK"] = lambda email: None
    return app


@pytest.fixture
def worker() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as threads:
        yield threads


def prepared(kind: str, visitor: Visitor) -> str:
    """The path of a request that needs the tenant."""
    if kind == "login":
        return "/login"
    callback = visitor.authorize(visitor.get("/login"))
    if kind == "callback":
        return callback
    visitor.get(callback)
    return "/token"


#: The status of an answer, and whether it leads to the tenant.
DONE = {"callback": (302, False), "refresh": (200, False), "login": (302, True)}


@pytest.mark.parametrize("kind", list(DONE))
def test_a_worker_goes_on(
    app: Flask,
    make_visitor: MakeVisitor,
    way: Proxy,
    worker: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setattr(places, "SLOW", 0.3)
    visitors = [make_visitor(app) for _ in range(2 * THREADS)]
    paths = [prepared(kind, each) for each in visitors]
    reader = make_visitor(app)
    reader.log_in()
    if kind == "login":
        # The first login of a process needs the documents of the tenant.
        state_of(app).client.discovery._told.clear()
    way.freeze()
    try:
        answers = [
            worker.submit(each.get, path)
            for each, path in zip(visitors, paths, strict=True)
        ]
        # This one is last in the line, behind more requests than there are threads.
        page = worker.submit(reader.get, "/profile")
        assert page.result(SOON).status_code == 200
        early = [each for each in answers if each.done()]
        assert len(early) >= len(answers) - PLACES - 1
        assert {outcome(each.result()) for each in early} == {(503, False)}
        waits = {each.result().headers["Retry-After"] for each in early}
        assert waits == {str(places.AGAIN)}
    finally:
        way.thaw()
    outcomes = [outcome(each.result(SOON)) for each in answers]
    # One more may have been about to take its turn when the tenant answered again.
    assert outcomes.count(DONE[kind]) in {PLACES, PLACES + 1}
    # Nothing of the others is lost.
    refused = [number for number, each in enumerate(outcomes) if each[0] == 503]
    again = [outcome(visitors[each].get(paths[each])) for each in refused]
    assert set(again) == {DONE[kind]}


def test_copies_of_one_callback_take_no_more(
    app: Flask,
    make_visitor: MakeVisitor,
    way: Proxy,
    worker: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who sends one again and again is one visitor, whom nobody else waits for."""
    monkeypatch.setattr(places, "SLOW", 0.3)
    visitor, reader = make_visitor(app), make_visitor(app)
    path = prepared("callback", visitor)
    copies = copies_of(visitor, make_visitor)
    reader.log_in()
    way.freeze()
    try:
        answers = [worker.submit(each.get, path) for each in copies]
        page = worker.submit(reader.get, "/profile")
        assert page.result(SOON).status_code == 200
    finally:
        way.thaw()
    outcomes = {outcome(each.result(SOON)) for each in answers}
    # Those that have waited get the answer of the first.
    assert outcomes == {DONE["callback"], (503, False)}


@pytest.mark.parametrize("places_", [1, PLACES])
@pytest.mark.parametrize("kind", ["cookie", "redis"])
def test_requests_of_one_session_take_no_more(
    make: MakeApp,
    make_visitor: MakeVisitor,
    way: Proxy,
    worker: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
    tenant: TenantServer,
    kind: str,
    places_: int,
) -> None:
    """A page may ask for more, all at once, than the worker has threads."""
    app = make(kind, tenant_concurrency=places_)
    monkeypatch.setattr(places, "SLOW", 0.3)
    visitor, reader = make_visitor(app), make_visitor(app)
    for each in (visitor, reader):
        each.log_in()
    copies = copies_of(visitor, make_visitor)
    tenant.tenant.token_requests.clear()
    way.freeze()
    try:
        answers = [worker.submit(each.get, "/token") for each in copies]
        page = worker.submit(reader.get, "/profile")
        assert page.result(SOON).status_code == 200
    finally:
        way.thaw()
    outcomes = [outcome(each.result(SOON)) for each in answers]
    assert set(outcomes) == {(200, False), (503, False)}
    # Those that have waited get what the first one has fetched, or fetch it again.
    assert {each.outcome for each in tenant.tenant.token_requests} == {"ok"}


def copies_of(visitor: Visitor, make_visitor: MakeVisitor) -> list[Visitor]:
    """The same browser, for as many requests at once as take all threads twice."""
    copies = [make_visitor(visitor.app) for _ in range(2 * THREADS)]
    for each in copies:
        for name, value in visitor.cookies().items():
            each.set_cookie(name, value)
    return copies


class Storm:
    """Refreshes of many sessions, each of which comes again as soon as it is answered.

    :param worker: has one line for all of them, and for pages.
    """

    def __init__(self, worker: ThreadPoolExecutor, visitors: list[Visitor]) -> None:
        self._worker = worker
        self.statuses: list[int] = []
        self.is_over = False
        for each in visitors:
            worker.submit(self._refresh, each)

    def _refresh(self, visitor: Visitor) -> None:
        self.statuses.append(visitor.fetch("/token").status_code)
        if not self.is_over:
            self._worker.submit(self._refresh, visitor)

    def answered_before(self, visitor: Visitor) -> int:
        """How many of these have got their token before a page of somebody else."""
        before = self.statuses.count(200)
        page = self._worker.submit(visitor.get, "/profile")
        assert page.result(SOON).status_code == 200
        return self.statuses.count(200) - before


def test_in_a_lasting_storm_pages_go_on(
    app: Flask,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    worker: ThreadPoolExecutor,
) -> None:
    """More come than the tenant answers, though it is quick to answer each."""
    reader, *visitors = (make_visitor(app) for _ in range(11))
    for each in (reader, *visitors):
        each.log_in()
    tenant.tenant.fail_next_token_request(status=None, delay=0.3, count=1000)
    storm = Storm(worker, visitors)
    try:
        until(lambda: 503 in storm.statuses, "somebody is refused")
        before = [storm.answered_before(reader) for _ in range(7)]
    finally:
        storm.is_over = True
        tenant.tenant._failures.clear()
    # A page that waits for the whole line comes after all of them.
    assert statistics.median(before) < len(visitors) / 2
    assert set(storm.statuses) == {200, 503}


def outcome(response: TestResponse) -> tuple[int, bool]:
    return response.status_code, "/authorize" in (response.location or "")


def test_a_slow_hook_takes_no_place(
    app: Flask, make_visitor: MakeVisitor, worker: ThreadPoolExecutor
) -> None:
    visitors = [make_visitor(app) for _ in range(PLACES)]
    paths = [each.authorize(each.get("/login"), ADA) for each in visitors]
    all_wait, goes_on = threading.Barrier(PLACES + 1), threading.Event()

    def wait(email: str) -> None:
        if email == ADA:
            all_wait.wait(SOON)
            goes_on.wait(SOON)

    app.config["HOOK"] = wait
    try:
        slow = [worker.submit(v.get, p) for v, p in zip(visitors, paths, strict=True)]
        all_wait.wait(SOON)
        assert make_visitor(app).log_in(GRACE).location == "/"
        assert not any(each.done() for each in slow)
    finally:
        goes_on.set()
    assert {each.result(SOON).location for each in slow} == {"/"}


def test_a_quick_tenant_refuses_nobody(
    app: Flask, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    visitors = [make_visitor(app) for _ in range(12)]
    paths = [prepared("callback", each) for each in visitors]
    tenant.tenant.token_requests.clear()
    with ThreadPoolExecutor(len(visitors)) as threads:
        answers = list(threads.map(lambda v, p: v.get(p), visitors, paths))
    assert {each.status_code for each in answers} == {302}
    assert len(tenant.tenant.token_requests) == len(visitors)
