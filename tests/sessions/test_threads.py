"""Threads, and requests, one of which changes the session that another one reads."""

from __future__ import annotations

import asyncio
import threading
import typing as t

import pytest
from flask import Flask, copy_current_request_context
from werkzeug.test import TestResponse

from flask_auth0 import Auth0
from flask_auth0.client.client import Client
from flask_auth0.runtime.request import current_request
from flask_auth0.sessions.codec import States
from flask_auth0.sessions.cookies.newest_states import NEWEST, Browsers
from flask_auth0.sessions.cookies.storage import CookieCompartment
from tests.harness.clock import Clock
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor
from tests.tokens.refreshing import adopt, at_once

#: Seconds in which another thread gets further, if nothing keeps it.
A_WHILE = 0.3

auth0 = Auth0()


class Meeting:
    """Lets one thread read a state while another one writes it."""

    def __init__(self) -> None:
        self.is_read, self.is_written = threading.Event(), threading.Event()
        self.reader: threading.Thread | None = None

    def reading(self, method: t.Any) -> t.Any:
        """Return a method of a read, in whose midst the other thread writes."""

        def read(*args: t.Any) -> t.Any:
            if threading.current_thread() is self.reader:
                self.is_read.set()
                self.is_written.wait(A_WHILE)
            return method(*args)

        return read

    def writing(self, method: t.Any) -> t.Any:
        """Return a method of a write, in whose midst the other thread reads."""

        def write(*args: t.Any, **kwargs: t.Any) -> t.Any:
            self.is_written.set()
            if self.reader:
                self.reader.join(A_WHILE)
            return method(*args, **kwargs)

        return write


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Meeting:
    meeting = Meeting()
    keep: t.Any = Browsers.keep
    monkeypatch.setattr(Browsers, "keep", meeting.writing(keep))
    return meeting


@pytest.fixture
def visitor(make_app: MakeApp, make_visitor: MakeVisitor, meeting: Meeting) -> Visitor:
    visitor = make_visitor(add_view(make_app(), meeting))
    visitor.log_in()
    return visitor


def add_view(app: Flask, meeting: Meeting) -> Flask:
    """Add a view that reads and writes its session at once."""

    @app.get("/at-once")
    def at_once() -> t.Any:
        found: list[t.Any] = []
        client: Client = app.extensions["auth0"].client

        @copy_current_request_context
        def read() -> None:
            # As each change does before it reads.
            client.store.reread(current_request())
            found.append(auth0.get_user())
            # The SDK's own call stays in this thread, too.
            found.append(asyncio.run(client.get_session()))

        assert auth0.get_user()
        meeting.reader = threading.Thread(target=read)
        meeting.reader.start()
        assert meeting.is_read.wait(10)
        auth0.update_session(color="green")
        meeting.reader.join(10)
        return {"was": [*map(bool, found)], "is": dict(auth0.get_user() or {})}

    return app


@pytest.mark.parametrize(
    ("cls", "name"), [(CookieCompartment, "read_head"), (States, "read_body")]
)
def test_a_read_finds_one_state_or_the_other(
    visitor: Visitor,
    meeting: Meeting,
    monkeypatch: pytest.MonkeyPatch,
    cls: type,
    name: str,
) -> None:
    monkeypatch.setattr(cls, name, meeting.reading(getattr(cls, name)))
    told = visitor.fetch("/at-once").get_json()
    assert (told["was"], told["is"]["color"]) == ([True, True], "green")
    assert visitor.user()["color"] == "green"


def test_a_slow_answer_does_not_bring_an_older_state_back(
    make_app: MakeApp, make_visitor: MakeVisitor, clock: Clock
) -> None:
    """It is the last to arrive, and the process forgets the newest state in time."""
    has_read, may_go_on = threading.Event(), threading.Event()
    app = make_app()

    @app.get("/change/<color>")
    def change(color: str) -> t.Any:
        auth0.update_session(color=color)
        return {}

    @app.get("/slow")
    def slow() -> t.Any:
        found = auth0.get_user()
        has_read.set()
        assert may_go_on.wait(10)
        return found or {}

    visitor = make_visitor(app)
    visitor.log_in()
    # The answer to this one is lost, so that the next one takes its cookies along.
    at_once(visitor, ["/change/red"])
    answers: list[TestResponse] = []
    thread = threading.Thread(
        target=lambda: answers.extend(at_once(visitor, ["/slow"]))
    )
    thread.start()
    assert has_read.wait(10)
    adopt(visitor, at_once(visitor, ["/change/green"])[0])
    may_go_on.set()
    thread.join(10)
    assert answers[0].get_json()["color"] == "red"
    adopt(visitor, answers[0])
    clock.passed += NEWEST + 1
    assert visitor.user()["color"] == "green"
