"""Callbacks that a browser asks for more than once, as with a double click.

A code is good once, and a tenant that is sent it again takes back what it has given for
it (RFC 6749, section 4.1.2). So one request completes the login, and the others get the
same answer, with the same cookies.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import math
import os
import threading
import time
import typing as t
from collections.abc import Callable
from dataclasses import dataclass, field

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from ..errors import SessionStoreUnavailable, TenantUnavailable
from ..runtime.processes import PerProcess
from ..runtime.request import CurrentRequest
from ..sessions.sealing import Sealer
from ..sessions.shapes import Shape
from ..sessions.stores.base import BackEnd, TooLargeForStore
from .locks import PAUSE
from .places import Places

#: Seconds for which the answer of a callback is kept for its repetitions.
REMEMBERED = 60
#: The most callbacks that a process remembers, and the most bytes of a page among them.
MOST_CALLBACKS, _LARGEST_PAGE = 1024, 65_536
#: The beginning of a callback's name.
NOTE = "flask_auth0.callback:"


class Answer(t.NamedTuple):
    """A response as it was sent, with all that had been put on it."""

    status: int
    headers: list[tuple[str, str]]
    body: str

    def response(self) -> Response:
        """Return a response that repeats the answer."""
        response = Response(self.body.encode("latin-1"), self.status)
        response.headers = Headers(self.headers)
        return response


class _Noted(t.NamedTuple):
    """A callback that a process has claimed, as the others read it."""

    answer: Answer | None
    #: When the process began to answer it, in seconds since the epoch; 0 once that is
    #: over.
    begun_at: float = 0


_NOTES = Shape(_Noted)


@dataclass(eq=False)
class Callback:
    """A callback of a login, with its answer once it has one."""

    #: Whether the code may have been sent to the tenant.
    is_spent: bool = False
    answer: Answer | None = field(default=None, repr=False)
    began_at: float = field(default_factory=time.monotonic)
    #: Set once the callback is answered, or has been given up.
    is_over: threading.Event = field(default_factory=threading.Event)


class CallbackAnswers:
    """Lets one request answer a callback, while the others wait for its answer.

    :param sealer: encrypts the answers that other processes read.
    :param limit: seconds that a request may wait for another one.
    :param places: bound how many do.
    """

    def __init__(self, sealer: Sealer, limit: float, places: Places) -> None:
        self.sealer: Sealer = sealer
        self._limit, self._places = limit, places
        #: Seconds after which a process that has claimed a callback without an answer
        #: has died: it may wait for another request, and then for the tenant.
        self.given_up_after: float = 2 * limit
        self._known: PerProcess[dict[str, Callback]] = PerProcess(dict)

    def begin(
        self,
        current: CurrentRequest,
        content: str,
        target: str,
        store: BackEnd | None,
    ) -> Completion | Callback:
        """Wait while another request answers the callback, then begin to complete it.

        The completion ends with the request.

        :param content: the whole query of the callback: another ``state`` or code gets
            another answer.
        :param target: the page that the login leads to.
        :param store: the back end that the app's processes share, if there is one.
        :return: the completion, or the callback as another request has answered it.
        :raises TenantUnavailable: when the other request takes too long, or when too
            many wait.
        """
        name = NOTE + hashlib.sha256(content.encode()).hexdigest()
        until = time.monotonic() + self._limit
        own = Callback()
        while (found := self._add(name, own)) is not own:
            self._wait_for(found, until)
            if found.is_spent:
                return found
        completion = Completion(self, name, own, target, store, current)
        current.at_the_end += (completion.end,)
        before = completion.begin(until)
        current.when_complete += (completion.keep,)
        return before or completion

    def _wait_for(self, callback: Callback, until: float) -> None:
        """Wait for the answer of another request, which may wait for the tenant.

        :raises TenantUnavailable: when that takes too long, or too many wait.
        """
        if callback.is_over.is_set():
            return
        with self._places.one_of_visitor():
            if not callback.is_over.wait(max(until - time.monotonic(), 0)):
                raise _still_under_way()

    def _add(self, name: str, own: Callback) -> Callback:
        """Return the callback of this name, adding ``own`` if there is none yet."""
        known = self._known.of[os.getpid()]
        # Other threads may add to the dictionary meanwhile, so the loop needs a copy. A
        # list of its items is none: the garbage collector lets others in amid that.
        for number, (each, callback) in enumerate(known.copy().items()):
            is_old = callback.began_at < own.began_at - REMEMBERED
            if not is_old and number >= len(known) - MOST_CALLBACKS:
                break
            if callback.is_over.is_set():
                self.forget(each)
        return known.setdefault(name, own)

    def forget(self, name: str) -> None:
        """Let the next request answer a callback anew."""
        self._known.of[os.getpid()].pop(name, None)


class Completion:
    """The completion of a login by one request, while others wait for its answer.

    :param store: the back end by which other processes know of it, if there is one.
    :param current: the request.
    """

    def __init__(
        self,
        answers: CallbackAnswers,
        name: str,
        callback: Callback,
        target: str,
        store: BackEnd | None,
        current: CurrentRequest,
    ) -> None:
        self._current, self._outage = current, current.outage
        self._answers, self._name = answers, name
        #: What the requests of this process know that wait for it.
        self.callback: Callback = callback
        self._target, self._store = target, store
        self._is_claimed = False

    def begin(self, until: float) -> Callback | None:
        """Claim the callback; return it if another process has answered it.

        :raises SessionStoreUnavailable: when the claim cannot be written: no code is
            spent on a session that could not be kept.
        :raises TenantUnavailable: when another process answers it for too long.
        """
        store = self._store
        if store is None:
            return None
        note = self._note(None, time.time())
        found = self._added(store, note)
        while found != note:
            if (noted := self._noted(found)) is not None:
                return noted
            if time.monotonic() > until:
                raise _still_under_way()
            # No event of this process can tell when there is an answer.
            time.sleep(PAUSE)
            found = self._found(store) or self._added(store, note)
        self._is_claimed = True
        return None

    def _added(self, store: BackEnd, note: bytes) -> bytes:
        """Return the callback's note, which is this one if there was none."""
        longest = REMEMBERED + math.ceil(self._answers.given_up_after)
        add = functools.partial(store.add, self._name, note, longest)
        if store.poll_in(self._outage, add):
            return note
        # Where an answer of the back end was lost, the note is this one. Another one
        # can be gone by now.
        return self._found(store) or b""

    def _found(self, store: BackEnd) -> bytes | None:
        look = functools.partial(store.fetch, self._name)
        return store.poll_in(self._outage, look)

    def _noted(self, found: bytes) -> Callback | None:
        """Return the callback as another process has left it, or ``None`` while that
        may still answer.
        """
        text = found.decode("ascii", "replace")
        noted = _NOTES.of(self._answers.sealer.open(text, self._name))
        if noted is None:
            return None
        age = time.time() - noted.begun_at
        if noted.answer is None and age < self._answers.given_up_after:
            return None
        self.callback.is_spent, self.callback.answer = True, noted.answer
        return self.callback

    def keep(self, response: Response) -> None:
        """Keep the answer for the requests that wait for it, and end the completion."""
        if self.callback.is_spent:
            self.callback.answer = _as_answer(response, self._target)
        self.end()
        others = (each for each in self._current.at_the_end if each != self.end)
        self._current.at_the_end = tuple(others)

    def end(self) -> None:
        """Let another request go on, also where there was no answer."""
        if self.callback.is_over.is_set():
            return
        if not self.callback.is_spent:
            self._answers.forget(self._name)
        self.callback.is_over.set()
        if self._is_claimed and self._store is not None:
            # Otherwise the claim stays: who repeats the callback waits, and starts
            # another login.
            with contextlib.suppress(SessionStoreUnavailable, TooLargeForStore):
                self._store.ask_in(self._outage, self._end_claim(self._store))

    def _end_claim(self, store: BackEnd) -> Callable[[], None]:
        """Return what tells other processes the answer, or that there is none."""
        if not self.callback.is_spent:
            return functools.partial(store.remove, self._name)
        note = self._note(self.callback.answer, 0)
        return functools.partial(store.keep, self._name, note, REMEMBERED)

    def _note(self, answer: Answer | None, begun_at: float) -> bytes:
        sealer, noted = self._answers.sealer, _Noted(answer, begun_at)
        return sealer.seal_as_it_is(noted, self._name).encode()


def repeat(current: CurrentRequest, answer: Answer) -> Response:
    """Return an answer once more, as it was when all hooks had run."""

    def restore(response: Response) -> None:
        before = answer.response()
        response.status_code, response.headers = before.status_code, before.headers
        response.response = before.response

    current.when_complete = (restore,)
    return answer.response()


def _as_answer(response: Response, target: str) -> Answer:
    """Return a response to keep; a redirect in place of a streamed or large page."""
    headers = list(response.headers)
    if response.is_sequence and len(body := response.get_data()) <= _LARGEST_PAGE:
        return Answer(response.status_code, headers, body.decode("latin-1"))
    cookies = [each for each in headers if each[0] == "Set-Cookie"]
    return Answer(302, [("Location", target), *cookies], "")


def _still_under_way() -> TenantUnavailable:
    error = TenantUnavailable(remedy="Another request still answers this callback.")
    error.retry_after = 1
    return error
