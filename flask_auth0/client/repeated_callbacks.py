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
from collections.abc import Callable

from msgspec import Struct, to_builtins
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from ..errors import SessionStoreUnavailable, TenantUnavailable
from ..runtime.outage import Outage
from ..runtime.processes import PerProcess
from ..runtime.recent import Recent
from ..runtime.request import CurrentRequest
from ..sessions.sealing import Sealer
from ..sessions.shapes import Shape
from ..sessions.stores.base import BackEnd, TooLargeForStore
from ..sessions.stores.lease import LEASE
from .locks import PAUSE, renewals
from .places import Places

#: Seconds for which the answer of a callback is kept for its repetitions.
REMEMBERED = 60
#: The most callbacks that a process remembers, and the most bytes of a page among them.
MOST_CALLBACKS, _LARGEST_PAGE = 1024, 65_536
#: The beginning of a callback's name.
NOTE = "flask_auth0.callback:"


class Answer(Struct, frozen=True, array_like=True):
    """A response as it was sent, with all that had been put on it."""

    status: int
    headers: list[tuple[str, str]]
    body: str

    def response(self) -> Response:
        """Return a response that repeats the answer."""
        response = Response(self.body.encode("latin-1"), self.status)
        response.headers = Headers(self.headers)
        return response


class _Noted(Struct, frozen=True, array_like=True):
    """A callback that a process has claimed, as the others read it."""

    answer: Answer | None
    #: Whether the process is done with it, with an answer or without one.
    is_over: bool = False


_NOTES = Shape(_Noted)


class Callback:
    """A callback of a login, with its answer once it has one."""

    #: Whether the code may have been sent to the tenant.
    is_spent: bool = False
    answer: Answer | None = None

    def __init__(self) -> None:
        self.began_at: float = time.monotonic()
        #: Set once the callback is answered, or has been given up.
        self.is_over: threading.Event = threading.Event()


class CallbackAnswers:
    """Lets one request answer a callback, while the others wait for its answer.

    :param sealer: encrypts the answers that other processes read.
    :param limit: seconds that a request may wait for another one.
    :param places: bound how many do.
    """

    def __init__(self, sealer: Sealer, limit: float, places: Places) -> None:
        self.sealer: Sealer = sealer
        self._limit, self._places = limit, places
        #: The notes that this process waits for, and since when they are as they are.
        self._seen: Recent[str, tuple[bytes, float]] = Recent(MOST_CALLBACKS)
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
        claim = None if store is None else Claim(self, name, store)
        completion = Completion(self, name, own, target, claim, current)
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

    def is_left(self, name: str, note: bytes) -> bool:
        """Tell whether a note has not been renewed for so long that its process has
        died. No clocks of two hosts are compared.
        """
        before, since = self._seen.get(name, (b"", 0.0))
        if before != note:
            before, since = note, time.monotonic()
            self._seen.keep(name, (before, since))
        return time.monotonic() - since > LEASE

    def forget(self, name: str) -> None:
        """Let the next request answer a callback anew."""
        self._known.of[os.getpid()].pop(name, None)


class Claim:
    """The note by which other processes know that this one answers a callback.

    It is renewed while that goes on, for as long as it takes.
    """

    def __init__(self, answers: CallbackAnswers, name: str, store: BackEnd) -> None:
        self._answers, self._name, self._store = answers, name, store
        self._note = self._sealed(_Noted(None))
        self._noted_at = time.monotonic()
        self._writing = threading.Lock()
        #: Whether the note is not this one's, or is not renewed any more.
        self.is_over: bool = True

    @property
    def age(self) -> float:
        """Seconds since it was renewed."""
        return time.monotonic() - self._noted_at

    def take(self, outage: Outage, until: float) -> _Noted | None:
        """Write the note, unless another process has claimed the callback; then return
        what has become of that.

        :raises SessionStoreUnavailable: when it cannot be written: no code is spent on
            a session that could not be kept.
        :raises TenantUnavailable: when the other process takes too long.
        """
        # Also where the answer is lost, the note may be there.
        self.is_over = False
        found = self._added(outage)
        while found != self._note:
            if (noted := self._noted(found)) is not None:
                self.is_over = True
                return noted
            if time.monotonic() > until:
                self.is_over = True
                raise _still_under_way()
            # No event of this process can tell when there is an answer.
            time.sleep(PAUSE)
            found = self._found(outage) or self._added(outage)
        renewals.of[os.getpid()].add(self)
        return None

    def renew(self) -> None:
        """Write the note anew, which tells that this process still works."""
        with self._writing:
            note, began = self._sealed(_Noted(None)), time.monotonic()
            write = self._name, note, REMEMBERED
            if not self.is_over and self._store.poll(self._store.replace, *write):
                self._note, self._noted_at = note, began

    def end(self, callback: Callback, outage: Outage) -> None:
        """Tell the other processes the answer, or that there is none."""
        with self._writing:
            if self.is_over:
                return
            self.is_over = True
            answer = callback.answer
            if outage.happened:
                # The page tells of the outage, which is over once others read the note.
                # The request itself would ask nothing more.
                answer, outage = None, Outage()
            # If that fails, who repeats the callback waits, and begins another login.
            with contextlib.suppress(SessionStoreUnavailable, TooLargeForStore):
                self._store.ask_in(outage, self._last(callback.is_spent, answer))

    def _last(self, is_spent: bool, answer: Answer | None) -> Callable[[], None]:
        if not is_spent:
            # The code is good as before. Another process may have claimed it already.
            return functools.partial(self._store.remove_same, self._name, self._note)
        note = self._sealed(_Noted(answer, is_over=True))
        return functools.partial(self._store.keep, self._name, note, REMEMBERED)

    def _added(self, outage: Outage) -> bytes:
        """Return the note of the callback, which is this one if there was none."""
        add = functools.partial(self._store.add, self._name, self._note, REMEMBERED)
        if self._store.poll_in(outage, add):
            return self._note
        # Where an answer of the back end was lost, the note is this one. Another one
        # can be gone by now.
        return self._found(outage) or b""

    def _found(self, outage: Outage) -> bytes | None:
        look = functools.partial(self._store.fetch, self._name)
        return self._store.poll_in(outage, look)

    def _noted(self, found: bytes) -> _Noted | None:
        """Return a note of another process, or ``None`` while that may still answer."""
        text = found.decode("ascii", "replace")
        noted = _NOTES.of(self._answers.sealer.open(text, self._name))
        if noted is not None and (noted.is_over or noted.answer is not None):
            return noted
        is_left = found and self._answers.is_left(self._name, found)
        # Its code may have been spent.
        return _Noted(None, is_over=True) if is_left else None

    def _sealed(self, noted: _Noted) -> bytes:
        plain = to_builtins(noted)
        return self._answers.sealer.seal_as_it_is(plain, self._name).encode()


class Completion:
    """The completion of a login by one request, while others wait for its answer.

    :param claim: tells other processes of it, if they share a back end.
    :param current: the request.
    """

    def __init__(
        self,
        answers: CallbackAnswers,
        name: str,
        callback: Callback,
        target: str,
        claim: Claim | None,
        current: CurrentRequest,
    ) -> None:
        self._current = current
        self._answers, self._name = answers, name
        #: What the requests of this process know that wait for it.
        self.callback: Callback = callback
        self._target, self._claim = target, claim

    def begin(self, until: float) -> Callback | None:
        """Claim the callback; return it if another process has answered it.

        :raises TenantUnavailable: when another process answers it for too long.
        """
        claim = self._claim
        noted = claim.take(self._current.outage, until) if claim else None
        if noted is None:
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
        if self._claim is not None:
            self._claim.end(self.callback, self._current.outage)


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
