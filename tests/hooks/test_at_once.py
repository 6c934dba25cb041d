"""Changes of claims, refreshes and visits at the same time."""

from __future__ import annotations

import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest

from flask_auth0.runtime.request import CurrentRequest
from flask_auth0.sessions import activity
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import FETCH, HOST, Visitor

from .hooked_app import Session, Views, kept


def at_once(visitor: Visitor, *calls: tuple[str, t.Any]) -> list[t.Any]:
    """Send requests of one browser at the same time."""
    cookies, barrier = visitor.cookies(), threading.Barrier(len(calls))

    def send(call: tuple[str, t.Any]) -> t.Any:
        client = visitor.app.test_client()
        for name, value in cookies.items():
            client.set_cookie(name, value, domain="localhost")
        path, claims = call
        how = {"method": "POST", "json": claims} if claims else {}
        barrier.wait(20)
        return client.open(path, base_url=HOST, headers=FETCH, **how)

    with ThreadPoolExecutor(len(calls)) as executor:
        return list(executor.map(send, calls))


@pytest.mark.parametrize("mode", ["redis", "own"], indirect=True)
def test_changes_and_refreshes_at_once_keep_all(
    made: Views, visitor: Visitor, tenant: TenantServer
) -> None:
    visitor.log_in()
    for round in range(4):
        before = kept(visitor)["refresh_token"]
        updates: list[tuple[str, t.Any]] = [
            (path, {f"{n}{path}": round})
            for n in range(3)
            for path in ("/update", "/update-async")
        ]
        answers = at_once(visitor, *updates, ("/refresh", None))
        assert {each.status_code for each in answers} == {200}
        session = kept(visitor)
        for _, claims in updates:
            assert claims.items() <= session["user"].items()
        assert session["token_sets"][-1]["access_token"] == answers[-1].text
        assert session["refresh_token"] != before


@pytest.mark.parametrize("mode", ["cookie"], indirect=True)
def test_in_cookies_a_change_brings_no_old_token_back(
    made: Views, visitor: Visitor
) -> None:
    visitor.log_in()
    answers = at_once(visitor, ("/refresh", None), ("/update", {"color": "red"}))
    for answer in answers:
        for header in answer.headers.getlist("Set-Cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            visitor.set_cookie(name, value)
    session = kept(visitor)
    assert session["user"]["color"] == "red"
    assert session["token_sets"][-1]["access_token"] == answers[0].text


@pytest.mark.parametrize("mode", ["redis"], indirect=True)
def test_noting_activity_brings_no_old_claim_back(
    made: Views, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.log_in()
    reader, changed = threading.get_ident(), threading.Event()
    original = activity.browser_of
    lifetime = made.app.extensions["auth0"].state_store.states.lifetime
    waiting: list[t.Any] = []

    def change() -> None:
        assert at_once(visitor, ("/update", {"color": "red"}))[0].status_code == 200
        changed.set()

    def browser(current: CurrentRequest) -> Session:
        # The session has been read, and will be written.
        if threading.get_ident() == reader and not waiting:
            waiting.append(threading.Thread(target=change))
            waiting[0].start()
            changed.wait(0.5)
        return original(current)

    monkeypatch.setattr(activity, "browser_of", browser)
    monkeypatch.setattr(type(lifetime), "is_due", lambda *args: True)
    assert visitor.user()["sub"] == "auth0|ada"
    waiting[0].join(20)
    assert visitor.user()["color"] == "red"
