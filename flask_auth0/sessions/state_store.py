"""The SDK's state store: the key in ``flask.session``, the state in its compartment."""

from __future__ import annotations

import contextlib
import copy
import functools
import time
import typing as t
from collections.abc import Callable, Mapping

from flask import Flask, current_app, has_request_context, session
from flask.sessions import SessionMixin
from flask_session.base import ServerSideSessionInterface

from ..errors import (
    Auth0Error,
    ConfigurationError,
    LoginFailed,
    SessionStoreUnavailable,
    SessionTooLarge,
)
from ..runtime import loop
from ..runtime.contexts import this_session
from ..runtime.dispatched import Dispatched, is_websocket
from ..runtime.per_request import if_made, per_request
from .activity import Visits
from .beginning import begun
from .codec import State, States, pair_of, split
from .cookies.jar import cookie_jar, cookie_name
from .cookies.memory import Newest
from .cookies.versions import Browsers
from .current import Known, Memo
from .emptying import empty
from .ending import end_by_claims, end_oldest, is_ended
from .hooks import SessionHooks, has_new_tokens
from .idle import LastsAsLogins
from .labels import record_of
from .server.interface import StoredSessionInterface
from .server.lazy import LazySession
from .session_store import Listing, SessionStore, dumped
from .storage import Places
from .storage_contract import HEAD, Entry
from .storage_contract import KEY as KEY
from .stores.base import BackEnd
from .token_sets import refreshing, without_refreshed
from .unwritten import Unwritten
from .watching import watch_sessions

T = t.TypeVar("T")


class SessionStateStore(SessionStore):
    """Keeps the state of the user who is logged in, with Flask's session.

    :param states: seals and opens states.
    :param transient: whether cookies end with the browser's own session.
    :param revocation_store: where logouts from outside are kept, if the sessions
        themselves are in cookies.
    :param hooks: what the app does before a state is kept.
    :param most: how many sessions a user may have on the server.
    :param newest_only: whether cookies from before a change are refused, as far as the
        revocation store knows of it.
    """

    needs_loop = False

    def __init__(
        self,
        states: States,
        transient: bool,
        revocation_store: BackEnd | None = None,
        hooks: SessionHooks | None = None,
        most: int = 1000,
        newest_only: bool = False,
    ) -> None:
        super().__init__(hooks or SessionHooks())
        self.states = states
        self.places = Places(states, transient, revocation_store)
        self.browsers = Browsers(states, revocation_store, newest_only)
        self.visits = Visits(states, self.places)
        self._transient = transient
        self._most = most

    async def set(
        self,
        identifier: str,
        state: t.Any,
        remove_if_expires: bool = False,
        options: State | None = None,
    ) -> None:
        """Keep a state. One that was read here before is updated, if it still is the
        session's; any other one is a login.

        :raises SessionTooLarge: when it does not fit into cookies; nothing changes.
        """
        data = dumped(state)
        if self._hooks.before_saved:
            await loop.aside(lambda: self._keep(data))
        else:
            await self._with_io(lambda: self._keep(data))

    async def get(self, identifier: str, options: State | None = None) -> State | None:
        """Return the whole state, or ``None`` when nobody is logged in."""
        state = await self._with_io(self._whole)
        # The SDK changes what it is given.
        return None if state is None else copy.deepcopy(without_refreshed(state))

    def reread(self) -> None:
        """Forget what was read of the state, where others may have changed it."""
        # What a response can no longer take to the browser, this request knows best.
        if not (self.places.are_in_cookies() and cookie_jar().is_sent):
            self._remember(None)

    def claims(self, ask: Callable[[], State | None] | None = None) -> State | None:
        """Return the claims of the user, or ``None`` when nobody is logged in."""
        head = self.head()
        return None if head is None else head["user"]

    async def user(self) -> State | None:
        """Return a copy of the claims, or ``None`` when nobody is logged in."""
        return copy.deepcopy(await self._with_io(self.claims))

    async def name_of_session(
        self, options: State | None, family: Callable[[str], str]
    ) -> str | None:
        """Return the record of this request's session, if there is one."""
        entry = await loop.where_called(self.current_entry)
        return entry.record if entry else None

    def meeting_point(self) -> BackEnd | None:
        """Return where the processes that change a session take turns, if anywhere."""
        return self.places.meeting_point()

    def are_in_cookies(self) -> bool:
        """Tell whether the states are in cookies."""
        return self.places.are_in_cookies()

    async def delete(self, identifier: str, options: State | None = None) -> None:
        """End the session, with all that the app kept in it for the user."""
        await self._with_io(self.end)

    async def delete_by_logout_token(
        self, claims: Mapping[str, t.Any], options: State | None = None
    ) -> None:
        """End the session of a ``sid``, or, without one, all sessions of a ``sub``.

        :param claims: of a logout token, which have been checked.
        :raises NotImplementedError: when the sessions are in cookies, and no store for
            revocations is configured.
        """
        # The back end is asked even in cookie mode.
        await loop.where_called(lambda: end_by_claims(self.states, self.places, claims))

    def end(self) -> None:
        """End the session, with all that the app kept in it for the user."""
        # Nobody has to know what is in cookies to delete them.
        entry = self.current_entry() if self.places.records() else None
        self._end_in_cookies()
        if KEY in session:
            # What is left would belong to nobody, and so to whoever logs in next.
            empty(current := this_session())
            if isinstance(current, LazySession):
                current.is_ended = True
        self._remember(None)
        cookie_jar().sweep()
        # Also where the session names none: the browser may have pieces of one left.
        self.places.compartment().delete(entry or Entry(""))

    def end_unsent(self) -> None:
        """End a session that has begun, where no browser will ever know it."""
        if not self.places.are_in_cookies():
            with contextlib.suppress(SessionStoreUnavailable):
                self.end()

    def listing(self) -> Listing:
        """Return what the sessions of other browsers are listed with.

        :raises ConfigurationError: when they are in cookies.
        """
        records = self.places.records()
        if records is None:
            raise ConfigurationError(
                "Nobody can list sessions that are in cookies: set SESSION_TYPE."
            )
        entry = self.current_entry() if has_request_context() else None
        return Listing(self.states, records, entry.record if entry else None, self.end)

    def watch(self, app: Flask) -> None:
        """Let Flask's session, in the requests of an app, outlive no login."""
        watch_sessions(app, self.empty_if_over)

    def empty_if_over(self, current: SessionMixin) -> None:
        """Empty Flask's session if the login is over that it belongs to.

        What an app keeps there, such as who Flask-Login says is in, ends with it.

        :raises SessionStoreUnavailable: when nobody knows whether it is over.
        """
        if not has_request_context() or this_session() is not current:
            return
        if KEY in current and self.head() is None:
            per_request(Memo).was_over = True
            empty(current)
            if isinstance(current, LazySession):
                current.is_over = True

    def settle(self) -> None:
        """Take back what a response would bring of a session that has ended since."""
        memo = if_made(Memo)
        if memo is None or memo.found is None or memo.has_ended:
            return
        current, jar = this_session(), cookie_jar()
        if not (current.modified or jar.is_waiting()):
            return
        if current.get(KEY) not in (None, memo.found):
            # A login has come in its place.
            return
        is_asked = current.modified or jar.is_waiting(cookie_name(HEAD))
        if self.browsers.has_ended(record_of(memo.found), ask=is_asked):
            self.places.cookies.undo()
            current.modified = False

    def is_as_sent(self) -> bool:
        """Tell whether the session that the browser has sent is still the newest."""
        memo = if_made(Memo)
        if memo is None or memo.found is None:
            return True
        record, head = record_of(memo.found), memo.known.head
        return head is not None and self.browsers.is_newest(record, head)

    def _end_in_cookies(self) -> None:
        """Let no copy of a session's cookies count, nor what is on its way."""
        if not self.places.are_in_cookies():
            return
        try:
            session_id = _current_id()
        except SessionStoreUnavailable:
            # That is told once. A logout needs no answer.
            session_id = _current_id()
        if session_id is not None:
            per_request(Memo).has_ended = True
            self.browsers.end(record_of(session_id))

    def head(self) -> State | None:
        """Return the user and what belongs to them, or ``None``.

        The first call in a request reads and decrypts, and notes that the user is
        active when that is due; the others return what it found.
        """
        return self._known().head

    def _known(self) -> Known:
        # That Flask's session is opened for it can make it known.
        session_id = _current_id()
        known = per_request(Memo).known
        if session_id != known.session_id:
            known = self._remember(session_id, *self._read(session_id))
        return known

    def current_entry(self) -> Entry | None:
        """Return the entry of this request's session, if there is one."""
        session_id = _current_id()
        if session_id is None:
            return None
        head = self.head()
        labels = self.states.labels.of_head(head) if head else ()
        return Entry(record_of(session_id), labels)

    async def _with_io(self, work: Callable[[], T]) -> T:
        """Do what may wait for a back end where waiting holds up nobody else."""
        if self.places.can_wait():
            return await loop.where_called(work)
        return work()

    def _keep(self, data: State) -> None:
        session_id = data["internal"].get("session_id")
        if session_id is None:
            self._log_in(data)
        elif session_id == _current_id():
            self._update(session_id, data)

    def _whole(self) -> State | None:
        _, head, body = known = self._known()
        if head is None:
            return None
        if body is None:
            body = self.states.read_body(self.places.compartment(), head)
            memo = per_request(Memo)
            if memo.known is known:
                memo.known = known._replace(body=body)
        return None if body is None else {**body, **head}

    def require_writable(self) -> None:
        """Raise an error where a change could not be kept, before it is made.

        :raises Auth0Error: when the state is in cookies and the response is sent.
        """
        if not self.places.are_in_cookies():
            return
        if cookie_jar().is_sent:
            raise Auth0Error(
                "A streamed response cannot change the session, which is in cookies.",
                remedy="Do that before the response begins, or set SESSION_TYPE.",
            )
        if not if_made(Dispatched) or is_websocket():
            raise Auth0Error(
                "No response takes cookies from here to the browser, and the session "
                "is in cookies.",
                remedy="Do that in a view, or set SESSION_TYPE.",
            )

    def require_available(self) -> None:
        """Raise an error where a login could not be kept, before it is made.

        :raises SessionStoreUnavailable: when the back end does not answer.
        """
        interface = current_app.session_interface
        if isinstance(interface, StoredSessionInterface):
            interface.require_answer()

    def owns_session(self, sub: str) -> bool:
        """Tell whether the session was begun by a user, even if it has expired."""
        tag = (_current_id() or "").rpartition(".")[2]
        return self.states.sealer.has_tag(sub, tag)

    def _read(self, session_id: str | None) -> tuple[State | None, State | None]:
        """Return the head of a session, and its body if that has been read as well."""
        if session_id is None:
            return None, None
        compartment, record = self.places.compartment(), record_of(session_id)
        if (late := self.unwritten.get(record)) is not None:
            return self._read_unwritten(record, late)
        head, body = self.states.read_head(compartment, record), None
        if head is not None and self.places.are_in_cookies():
            head, body = self._read_newest(session_id, head)
        if head is None:
            return None, None
        now = int(time.time())
        is_due = self.states.lifetime.is_due(head["internal"]["seen"], now)
        if is_due and not cookie_jar().is_sent:
            head = self.visits.note(record, head, now)
            self._renew_session()
        return head, body

    def _read_newest(
        self, session_id: str, head: State
    ) -> tuple[State | None, State | None]:
        """Return what has come in the place of a state that a browser has sent."""
        cookies, record = self.places.cookies, record_of(session_id)
        is_whole = cookies.has_body(pair_of(head))
        current = self.browsers.current(record, head, is_whole)
        if current is None:
            cookies.delete(Entry(record))
            return None, None
        per_request(Memo).found = session_id
        if current.body is not None and not cookie_jar().is_sent:
            # What does not fit stays known here, and the browser keeps what it has.
            with contextlib.suppress(SessionTooLarge):
                sealed = self.states.seal_together(current.head, current.body)
                cookies.update(record, *sealed)
        return current

    def _renew_session(self) -> None:
        """Let an interface that is not ours write Flask's session, before it ends."""
        lifetime = self.states.lifetime
        is_ours = isinstance(current_app.session_interface, LastsAsLogins)
        if not is_ours and lifetime.limit() < lifetime.absolute:
            this_session().modified = True

    def _is_ended(self, head: State) -> bool:
        return is_ended(self.states, self.places.revocations(), head)

    def _log_in(self, data: State) -> None:
        """Begin a session under a new id, and end the one before.

        An anonymous visitor's data stays, that of another user does not.
        """
        data = begun(data, self.states, self.visits.browser())
        session_id = data["internal"]["session_id"]
        head, body = split(self._hooks.apply(data))
        self._create(session_id, head, body)
        before = _current_id()
        if KEY in session and not self.owns_session(data["user"]["sub"]):
            empty(this_session())
        if before is not None and self.places.are_in_cookies():
            self.browsers.end(record_of(before))
        self._rename_session(session_id)
        cookie_jar().sweep()
        cookie_jar().is_for_login = True
        self._remember(session_id, head, body)

    def _create(self, session_id: str, head: State, body: State) -> None:
        is_in_cookies = self.places.are_in_cookies()
        seal = self.states.seal_together if is_in_cookies else self.states.seal
        parts, max_age = seal(head, body)
        entry = Entry(record_of(session_id), self.states.labels.of_head(head))
        compartment, before = self.places.compartment(), self.current_entry()
        is_there = compartment.create(entry, parts, max_age, replaces=before)
        # Who is logged out while they log in must not be in afterwards.
        if is_there and self._is_ended(head):
            compartment.delete(entry)
            is_there = False
        if not is_there:
            raise LoginFailed("Your session was ended while you logged in.")
        if (records := self.places.records()) is not None:
            end_oldest(self.states, records, entry, self._most)

    def _rename_session(self, session_id: str) -> None:
        session[KEY] = session_id
        session.permanent = not self._transient
        interface = current_app.session_interface
        if isinstance(interface, ServerSideSessionInterface):
            interface.regenerate(session)
        current = this_session()
        if isinstance(current, LazySession):
            # A logout in another tab ends what was there before, and not this login.
            current.begin_anew()

    def _update(self, session_id: str, data: State) -> None:
        before = self._whole() or {}
        kept, error = self.updated(before, data)
        try:
            if kept is not None:
                self._replace(session_id, kept)
        except SessionTooLarge:
            if kept is None or not has_new_tokens(before, data):
                raise
            # The tenant may have spent the old refresh token: without the new one, the
            # user would be logged out. Tokens for other audiences can be had again.
            newest = (kept.get("token_sets") or [])[-1:]
            others = {"token_sets": newest, "connection_token_sets": []}
            self._replace_or_remember(session_id, {**kept, **others})
        finally:
            if error is not None:
                raise error

    def _replace_or_remember(self, session_id: str, data: State) -> None:
        """Replace the state in the browser, or else have it here for a while.

        :raises SessionTooLarge: when it is not in the browser.
        """
        try:
            self._replace(session_id, data)
        except SessionTooLarge:
            if self.places.are_in_cookies():
                head, body = split(data)
                newest = Newest(self.browsers.renewed(head), body)
                record = record_of(session_id)
                self.browsers.keep(record, newest, is_delivered=False)
            raise

    def _replace(self, session_id: str, data: State) -> None:
        head, body = split(data)
        if self.places.are_in_cookies():
            head, is_kept = self._replace_in_cookies(session_id, head, body)
        else:
            # What others do to the tokens at the same time must stay.
            is_kept = self._replace_on_server(record_of(session_id), head, body)
        if is_kept:
            self._remember(session_id, head, body)
        else:
            self._remember(session_id, None)

    def _replace_on_server(self, record: str, head: State, body: State) -> bool:
        _, old_head, old_body = per_request(Memo).known
        compartment = self.places.compartment()
        sealed = self.states.seal(head, None if body == old_body else body)
        write = functools.partial(compartment.update, record, *sealed)
        refresh, store = refreshing.get(), self.places.store()
        if refresh is None or refresh.lease is None or store is None:
            return write()
        # The tenant has spent the old refresh token, whatever the back end does now.
        is_kept = store.attempt(write, None) if refresh.lease.is_certain() else None
        if is_kept is None:
            before = {**(old_body or {}), **(old_head or {})}
            late = Unwritten(head, body, before, compartment, self.states)
            self.unwritten.note(record, late)
        return is_kept is not False

    def _read_unwritten(
        self, record: str, late: Unwritten
    ) -> tuple[State | None, State | None]:
        """Return what is not written yet, unless the session has ended meanwhile."""
        read = functools.partial(self.states.read_head, late.compartment, record)
        store = self.places.store()
        found = store.attempt(read, late.head) if store else read()
        return (late.head, late.body) if found else (None, None)

    def _replace_in_cookies(
        self, session_id: str, head: State, body: State
    ) -> tuple[State, bool]:
        """Replace the state in the browser, with a new version of all of it."""
        record, head = record_of(session_id), self.browsers.renewed(head)
        if self.browsers.has_ended(record):
            return head, False
        is_delivered = not cookie_jar().is_sent
        if is_delivered:
            sealed = self.states.seal_together(head, body)
            self.places.cookies.update(record, *sealed)
        newest = Newest(head, body)
        self.browsers.keep(record, newest, is_delivered=is_delivered)
        return head, True

    def _remember(
        self,
        session_id: str | None,
        head: State | None = None,
        body: State | None = None,
    ) -> Known:
        known = per_request(Memo).known = Known(session_id, head, body)
        return known


def _current_id() -> str | None:
    current = this_session()
    if getattr(current, "is_lost", False):
        raise SessionStoreUnavailable()
    session_id = current.get(KEY)
    return session_id if isinstance(session_id, str) and session_id.isascii() else None
