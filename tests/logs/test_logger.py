"""Where the records of the logger go."""

from __future__ import annotations

import logging
import typing as t
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from flask import Flask

from flask_auth0.errors import log_event
from flask_auth0.runtime.logger import logger_of
from flask_auth0.runtime.request import current_request


class Kept(logging.Handler):
    """A handler that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A process in which nothing is configured, and an app with a handler."""
    ours = logging.getLogger("flask_auth0")
    monkeypatch.setattr(logging.root, "handlers", [])
    app = Flask("some_app")
    kept = SimpleNamespace(app=app, root=Kept(), ours=Kept(), apps=Kept())
    kept.logger = logger_of(app)
    monkeypatch.setattr(app.logger, "handlers", [kept.apps])
    yield kept
    ours.handlers.clear()
    ours.propagate, ours.disabled = True, False
    ours.setLevel(logging.NOTSET)
    app.logger.setLevel(logging.NOTSET)


def test_an_app_that_configures_nothing_sees_warnings(
    places: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    # Those of pytest come with the call of the test.
    logging.root.handlers.clear()
    places.app.logger.handlers.clear()
    del places.app.logger
    places.logger.info("not shown")
    places.logger.warning("shown once")
    assert capsys.readouterr().err.count("shown") == 1


def test_each_handler_gets_a_record_once(places: SimpleNamespace) -> None:
    logging.getLogger("flask_auth0").addHandler(places.ours)
    logging.root.addHandler(places.root)
    places.logger.warning("here")
    kept = places.root, places.ours, places.apps
    assert [each.messages for each in kept] == [["here"]] * 3


def test_a_logger_that_does_not_propagate_is_told_alone(
    places: SimpleNamespace,
) -> None:
    ours = logging.getLogger("flask_auth0")
    ours.addHandler(places.ours)
    ours.propagate = False
    places.logger.warning("here")
    assert (places.ours.messages, places.apps.messages) == (["here"], [])
    ours.disabled = True
    places.logger.warning("not here")
    assert places.ours.messages == ["here"]


def test_the_level_is_its_own_or_that_of_the_app(places: SimpleNamespace) -> None:
    places.logger.info("1: nobody asks for it")
    places.app.logger.setLevel("INFO")
    places.logger.info("2")
    logging.getLogger("flask_auth0").setLevel("WARNING")
    places.logger.info("3: of no interest")
    places.app.logger.setLevel("ERROR")
    places.logger.warning("4")
    assert places.apps.messages == ["2", "4"]


def test_fields_of_an_app_are_left_as_they_are(
    places: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[t.Any] = []

    def make(*args: t.Any, **kwargs: t.Any) -> logging.LogRecord:
        made.append(logging.LogRecord(*args, **kwargs))
        vars(made[0]).update(reason="the app's", request_id="the app's")
        return t.cast(logging.LogRecord, made[0])

    monkeypatch.setattr(logging, "_logRecordFactory", make)
    places.app.logger.setLevel("INFO")
    with places.app.test_request_context(headers={"X-Request-ID": "ours"}):
        log_event(current_request(), "logged_in", event="login")
    (record,) = made
    assert (record.reason, record.request_id, record.event) == (
        "the app's",
        "the app's",
        "login",
    )
