"""Callbacks that a browser asks for more than once, as with a double click.

A code is good once, and a tenant that is sent it again takes back what it has given for
it (RFC 6749, section 4.1.2). So one request completes the login, and the others get the
same answer, with the same cookies.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import threading
import time
import typing as t
from dataclasses import dataclass, field

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from ..errors import SessionStoreUnavailable, TenantUnavailable
from ..runtime.processes import PerProcess
from ..runtime.request import CurrentRequest
from ..sessions.sealing import Sealer
from ..sessions.shapes import Shape
from ..sessions.stores.base import BackEnd, TooLargeForStore
from ..sessions.stores.lease import Lease
from .locks import PAUSE, renewals
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
    """A callback whose code may have been spent, as other processes read it."""

    answer: Answer | None


_NOTES = Shape(_Noted)


@dataclass
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
        self._answers, self._name, self._callback = answers, name, callback
        self._target, self._store = target, store
        self._lease: Lease | None = None

    def begin(self, until: float) -> Callback | None:
        """Take the callback's lease; return what another process has noted of it."""
        if self._store is None:
            return None
        lease, note = self._taken(self._store, until)
        self._lease = lease
        renewals.of[os.getpid()].add(lease)
        return None if note is None else self._noted(note.decode("ascii", "replace"))

    def _noted(self, note: str) -> Callback | None:
        """Return the callback as another process has noted it."""
        noted = _NOTES.of(self._answers.sealer.open(note, self._name))
        if noted is None:
            return None
        self._callback.is_spent, self._callback.answer = True, noted.answer
        return self._callback

    def spend(self) -> None:
        """Note that the code is about to be sent to the tenant."""
        store = self._store
        if store is not None:
            note = self._name, self._sealed(None), REMEMBERED
            store.ask_in(self._outage, functools.partial(store.keep, *note))
        self._callback.is_spent = True

    def take_back(self) -> None:
        """Note that the tenant did not look at the code, which is good as before."""
        self._callback.is_spent = False
        if self._store is not None:
            # With the note, a repeated callback starts another login.
            with contextlib.suppress(SessionStoreUnavailable):
                self._store.ask(self._store.remove, self._name)

    def keep(self, response: Response) -> None:
        """Keep the answer for the requests that wait for it, and end the completion."""
        if self._callback.is_spent:
            self._callback.answer = answer = _as_answer(response, self._target)
            if self._store is not None and self._lease is not None:
                self._note(self._store, self._lease, answer)
        self.end()
        others = (each for each in self._current.at_the_end if each != self.end)
        self._current.at_the_end = tuple(others)

    def end(self) -> None:
        """Let another request go on, also where there was no answer."""
        if self._callback.is_over.is_set():
            return
        if not self._callback.is_spent:
            self._answers.forget(self._name)
        self._callback.is_over.set()
        if self._lease is not None:
            # If the release fails, the lease runs out.
            with contextlib.suppress(Exception):
                self._lease.release()

    def _taken(self, store: BackEnd, until: float) -> tuple[Lease, bytes | None]:
        """Wait for the lease, and return it with what has been noted until then.

        :raises TenantUnavailable: when another process has it for too long.
        """
        take = functools.partial(Lease.take_with_value, store, self._name)
        # No event of this process can tell when it is free.
        while (found := take(self._outage)) is None:
            if time.monotonic() > until:
                raise _still_under_way()
            time.sleep(PAUSE)
        return found

    def _note(self, store: BackEnd, lease: Lease, answer: Answer) -> None:
        """Note the answer for other processes, and let them go on."""
        note = self._name, self._sealed(answer), REMEMBERED
        # Without the note, a repeated callback starts another login.
        with contextlib.suppress(SessionStoreUnavailable, TooLargeForStore):
            release = functools.partial(lease.release_with_value, *note)
            store.ask_in(self._outage, release)
            self._lease = None

    def _sealed(self, answer: Answer | None) -> bytes:
        """Return the note of an answer, or that there is none yet."""
        return self._answers.sealer.seal([answer], self._name).encode()


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
