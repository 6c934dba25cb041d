"""The object of the current request."""

from __future__ import annotations

import contextvars
import threading
import typing as t

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from flask_auth0.runtime.request import CurrentRequest, current_request


class Meeting(SecureCookieSessionInterface):
    """Lets two threads come to the making of a request's object at once."""

    def __init__(self) -> None:
        self.barrier = threading.Barrier(2, timeout=10)
        self.is_open = False

    def get_cookie_name(self, app: Flask) -> str:
        if self.is_open:
            self.barrier.wait()
        return super().get_cookie_name(app)


def test_two_threads_share_one() -> None:
    app = Flask(__name__)
    app.session_interface = meeting = Meeting()
    found: list[CurrentRequest] = []
    with app.test_request_context():
        meeting.is_open = True
        contexts = [contextvars.copy_context() for _ in range(2)]
        threads = [
            threading.Thread(
                target=each.run, args=(lambda: found.append(current_request()),)
            )
            for each in contexts
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        meeting.is_open = False
        assert found[0] is found[1] is current_request()


def test_an_app_context_that_stays_gives_it_to_no_other_request() -> None:
    app = Flask(__name__)
    with app.app_context():
        with app.test_request_context():
            first = current_request()
            assert current_request() is first
        with app.test_request_context():
            assert current_request() is not first


def test_outside_of_a_request_it_is_empty() -> None:
    empty: t.Any = current_request()
    assert empty.is_empty
    assert empty.jar.names("") == []
    assert not empty.outage.is_told
    assert current_request() is not empty
