"""The SDK's state store: the key in ``flask.session``, the state in its compartment."""

from __future__ import annotations

import contextlib
import copy
import functools
import typing as t
from collections.abc import Callable, Mapping

from flask import Flask, has_request_context
from flask.sessions import SessionMixin

from ..config import Config
from ..errors import (
    Auth0Error,
    ConfigurationError,
    LoginRequired,
    SessionStoreUnavailable,
    SessionTooLarge,
)
from ..pages import Text
from ..runtime import loop
from ..runtime.request import (
    HERE,
    CurrentRequest,
    Known,
    current_request,
    this_app,
)
from .activity import Visits
from .claims import is_over
from .codec import States
from .cookies.kept_apart import KeptApart, forget
from .cookies.newest_states import Browsers, Newest
from .domains import Domains
from .ended_logins import look_at_session, watch_sessions
from .ending import empty, end_by_claims, end_current, hide, take_back
from .flows import arrived
from .hooks import SessionHooks
from .labels import is_record, name_of_body, record_of
from .lazy import LazySession
from .lifetime import LastsAsLogins
from .server.interface import StoredSessionInterface
from .session_store import Listing, SessionStore
from .shapes import State, dumped
from .storage import Place, Places
from .storage_contract import HEAD, KEY, Entry, Head, Records
from .stores.base import BackEnd
from .token_sets import has_new_tokens, without_refreshed
from .unwritten import Unwritten
from .writes import Changes

T = t.TypeVar("T")


class SessionStateStore(SessionStore):
    """Keeps the state of the user who is logged in, with Flask's session.

    :param states: seals and opens states.
    :param revocation_store: the back end of logouts from outside, if the sessions are
        in cookies.
    :param hooks: the app's functions that change a state before it is kept.
    :param apart: keeps what the SDK has under other identifiers than the session's.
    :param domains: tells the tenant of a request. The session of a user of another one
        is nobody's, and stays as it is.
    """

    needs_loop = False

    def __init__(
        self,
        states: States,
        config: Config,
        revocation_store: BackEnd | None,
        hooks: SessionHooks,
        apart: KeptApart,
        domains: Domains,
    ) -> None:
        super().__init__(hooks, states.clock, apart, config.mfa_token_ttl, domains)
        self.states = states
        self.places: Places = Places(states, config, revocation_store)
        self.browsers: Browsers = Browsers(
            states, revocation_store, config.refuse_older_cookies
        )
        self.visits: Visits = Visits(states, self.places)
        self._changes = Changes(
            states,
            self.places,
            self.browsers,
            self.unwritten,
            self._hooks,
            config,
            domains,
        )

    async def set(
        self,
        identifier: str,
        state: t.Any,
        remove_if_expires: bool = False,
        options: State | None = None,
    ) -> None:
        """Keep a state: one with the id of the session replaces that session's state,
        one without an id is a login.

        :raises SessionTooLarge: when it does not fit into cookies; nothing changes.
        """
        here: CurrentRequest | None = options.get(HERE) if options else None
        current, state = here or current_request(), dumped(state)
        if identifier != KEY:
            self.keep_apart(current, await self.domains.name(identifier), state)
            return
        data = arrived(state)
        if data is None:
            return
        if self.domains.fixed is None:
            await self.domains.resolve(current)
        place = self.places.of(current.app)
        # The callback, which hands on its request, tells of its login itself.
        keep = functools.partial(self._keep, current, place, data, tells=here is None)
        if self._hooks.before_saved:
            await loop.aside(keep)
        elif place.meeting_point is not None and here is None:
            await loop.where_called(keep)
        else:
            keep()

    async def get(self, identifier: str, options: State | None = None) -> State | None:
        """Return the whole state, or ``None`` when nobody is logged in."""
        current = current_request()
        if current.token_claims is not None:
            # The session beside an access token may be another user's.
            return None
        if identifier != KEY:
            return self.apart.find(current.jar, await self.domains.name(identifier))
        if self.domains.fixed is None:
            await self.domains.resolve(current)
        state = self._remembered(current)
        if state is None:
            reading = lambda: self._whole(current, _id_of(current.session))  # noqa: E731
            state = await self._with_io(current.app, reading)
        # The SDK changes the dictionary that it gets.
        return None if state is None else copy.deepcopy(without_refreshed(state))

    async def delete(self, identifier: str, options: State | None = None) -> None:
        """End the session, with all that the app kept in it for the user."""
        current = current_request()
        if identifier != KEY:
            forget(current.jar, await self.domains.name(identifier))
            return
        if self.domains.fixed is None:
            await self.domains.resolve(current)
        await self._with_io(current.app, lambda: self.end(current))

    async def delete_by_logout_token(
        self, claims: Mapping[str, t.Any], options: State | None = None
    ) -> None:
        """End the session of a ``sid``, or, without one, all sessions of a ``sub``.

        :param claims: the verified claims of a logout token.
        :raises NotImplementedError: when the sessions are in cookies, and no store for
            revocations is configured.
        """
        app = this_app()
        # In cookie mode, the back end of revocations is asked.
        await loop.where_called(
            lambda: end_by_claims(app, self.states, self.places, claims)
        )

    async def user(self) -> State | None:
        """Return a copy of the claims, or ``None`` when nobody is logged in."""
        current = current_request()
        if self.domains.fixed is None:
            await self.domains.resolve(current)
        claims = self._with_io(current.app, lambda: self.claims(current))
        return copy.deepcopy(await claims)

    async def name_of_session(
        self, options: State | None, family: Callable[[str], str]
    ) -> str | None:
        """Return the record of this request's session, if there is one."""
        current = current_request()
        if self.domains.fixed is None:
            await self.domains.resolve(current)
        state = self._remembered(current)
        if state is not None:
            return record_of(state["internal"]["session_id"])
        entry = await loop.where_called(lambda: self._entry(current))
        return entry.record if entry else None

    async def _with_io(self, app: Flask, work: Callable[[], T]) -> T:
        """Do work in a thread if it may wait for a back end."""
        if self.places.of(app).meeting_point is not None:
            return await loop.where_called(work)
        return work()

    def claims(
        self, current: CurrentRequest, ask: Callable[[], State | None] | None = None
    ) -> State | None:
        """Return the claims of the user, or ``None`` when nobody is logged in."""
        head = self._known(current, _id_of(current.session)).head
        return None if head is None else head["user"]

    def reread(self, current: CurrentRequest) -> None:
        """Forget the state that was read, since other requests may have changed it."""
        # Once the response is sent, this request alone knows a changed state in
        # cookies.
        if not (current.jar.is_sent and self.are_in_cookies(current.app)):
            current.known = Known()

    def meeting_point(self, app: Flask) -> BackEnd | None:
        """Return the back end whose leases order the changes of a session."""
        return self.places.of(app).meeting_point

    def are_in_cookies(self, app: Flask) -> bool:
        """Tell whether the states are in cookies."""
        return self.places.of(app).records is None

    def listing(self, current: CurrentRequest) -> Listing:
        """Return the means to list the sessions of all browsers.

        :raises ConfigurationError: when they are in cookies.
        """
        records = self._records(current.app)
        entry, domain = None, self.domains.fixed
        if not current.is_empty:
            domain = self.domains.of(current)
            # The session beside an access token may be another user's.
            entry = self._entry(current) if current.token_claims is None else None
        record = entry.record if entry else None
        end = functools.partial(self.end, current)
        return Listing(self.states, records, record, end, domain)

    def require_records(self, app: Flask) -> None:
        """Raise an error if sessions cannot be found without their requests.

        :raises ConfigurationError: when they are in cookies.
        """
        self._records(app)

    def _records(self, app: Flask) -> Records:
        records = self.places.of(app).records
        if records is None:
            raise ConfigurationError(
                "Sessions are in the cookies of their users, where nobody can list "
                "them, or use one outside of its requests: set SESSION_TYPE to keep "
                "them on the server."
            )
        return records

    def resume(self, current: CurrentRequest, record: str) -> None:
        """Give a session to work that is done outside of its requests.

        :raises LoginRequired: when the session has ended.
        """
        records = self._records(current.app)
        head = self.states.read_head(records, record) if is_record(record) else None
        if head is None:
            raise LoginRequired(Text("The session has ended."))
        current.session = _KeyAlone({KEY: head["internal"]["session_id"]})
        current.domain = head["domain"]
        # No response follows, and nothing of this is a visit of the user.
        current.jar.is_sent = True

    def require_writable(self, current: CurrentRequest) -> None:
        """Raise an error if a change could not be kept, before it is made.

        :raises Auth0Error: when the state is in cookies and the response is sent.
        """
        if current.is_empty or not self.are_in_cookies(current.app):
            return
        if current.jar.is_sent:
            raise Auth0Error(
                "A streamed response cannot change the session, which is in cookies.",
                remedy="Do that before the response begins, or set SESSION_TYPE.",
            )
        if not current.is_dispatched or current.is_websocket:
            raise Auth0Error(
                "No response takes cookies from here to the browser, and the session "
                "is in cookies.",
                remedy="Do that in a view, or set SESSION_TYPE.",
            )

    def require_available(self, app: Flask) -> None:
        """Raise an error if a login could not be kept, before its code is exchanged.

        :raises SessionStoreUnavailable: when the back end does not answer.
        """
        if isinstance(app.session_interface, StoredSessionInterface):
            app.session_interface.require_answer()

    def expect_available(self, app: Flask) -> None:
        """Raise an error if a login could not be kept, before its user is sent away.

        A back end that has answered within a second is not asked.

        :raises SessionStoreUnavailable: when the back end does not answer.
        """
        if isinstance(app.session_interface, StoredSessionInterface):
            app.session_interface.require_recent_answer()

    # The end of a session.

    def end(self, current: CurrentRequest) -> None:
        """End the session, with all that the app kept in it for the user."""
        if current.is_elsewhere:
            return
        if self.are_in_cookies(current.app):
            # Cookies are deleted by their names, without a look at the state in them.
            session_id = _id_despite_outage(current.session)
            entry = Entry(record_of(session_id)) if session_id is not None else None
        else:
            entry = self._entry(current)
        end_current(current, self.places, self.browsers, entry)

    def end_unsent(self, current: CurrentRequest) -> None:
        """End a new session whose cookies do not reach the browser."""
        if not self.are_in_cookies(current.app):
            with contextlib.suppress(SessionStoreUnavailable):
                self.end(current)

    def watch(self, app: Flask) -> None:
        """Let Flask's session end with its login, where its interface is ours."""
        watch_sessions(app, self.empty_if_over)

    def look(self, current: CurrentRequest) -> None:
        """End Flask's session with its login, where its interface is the app's own."""
        look_at_session(current, self.empty_if_over)

    def empty_if_over(
        self, current: CurrentRequest, session: SessionMixin, found: t.Any
    ) -> None:
        """Empty Flask's session if the login that it belongs to is over.

        The app's data goes too, such as the user of Flask-Login: the next user of this
        browser must not inherit it.

        :param found: the id of the login's state, as Flask's session has it.
        :raises SessionStoreUnavailable: when the back end does not say whether it is
            over.
        """
        if not has_request_context() or current.session is not session:
            return
        if self._known(current, _as_id(found)).head is not None:
            return
        if current.is_elsewhere:
            hide(session)
        else:
            current.was_over = True
            empty(current, session)
            if isinstance(session, LazySession):
                session.is_over = True

    def settle(self, current: CurrentRequest) -> None:
        """Remove the cookies of a session from a response, if it has ended since, and
        bring those up to date of one that has changed.
        """
        take_back(current, self.places, self.browsers)
        found, known, jar = current.found, current.known, current.jar
        if found is None or known is None or known.head is None:
            return
        if known.session_id == found and jar.is_waiting(jar.prefix + HEAD):
            # This response may arrive after that of the request which has changed it.
            newest = self.browsers.newer(record_of(found), known.head)
            if newest is not None:
                self._write(current, record_of(found), newest)

    def is_as_sent(self, current: CurrentRequest) -> bool:
        """Tell whether the session in the request's cookies is still the newest."""
        if current.found is None or current.known is None:
            return True
        record, head = record_of(current.found), current.known.head
        return head is not None and self.browsers.is_newest(record, head)

    # Reading and keeping a state.

    def _known(self, current: CurrentRequest, session_id: str | None) -> Known:
        """Return the state of the session, as far as the request has read it.

        The first call in a request reads and decrypts, and notes that the user is
        active when that is due; the others return what it found.
        """
        known = before = current.known
        if known is None or session_id != known.session_id:
            read = self._read(current, session_id) if session_id else (None, None)
            known = Known(session_id, *read)
            # Meanwhile another thread of the request may have changed the state, or
            # begun to read a newer one.
            if current.known is before:
                current.known = known
        return known

    def _remembered(self, current: CurrentRequest) -> State | None:
        """Return the whole state if the request has read it, without any wait.

        In that case Flask's session has been loaded as well.
        """
        known = current.known
        if known is None or known.head is None or known.body is None:
            return None
        is_current = known.session_id == _id_of(current.session)
        return {**known.body, **known.head} if is_current else None

    def _whole(self, current: CurrentRequest, session_id: str | None) -> State | None:
        records = self.places.of(current.app).records
        # Cookies are read one after the other. A call of the back end is alone, and
        # other threads of the request must not wait for it.
        with current.jar.lock if records is None else contextlib.nullcontext():
            known = self._known(current, session_id)
            head, body = known.head, known.body
            if head is not None and body is None:
                compartment = records or self.places.cookies(current)
                body = self.states.read_body(compartment, head)
                if current.known is known:
                    current.known = Known(known.session_id, head, body)
        return None if head is None or body is None else {**body, **head}

    def _entry(self, current: CurrentRequest) -> Entry | None:
        """Return the entry of a request's session, if there is one."""
        known = self._known(current, _id_of(current.session))
        session_id, head = known.session_id, known.head
        if session_id is None or current.is_elsewhere:
            return None
        labels = self.states.labels.of_head(head) if head else ()
        return Entry(record_of(session_id), labels)

    def _keep(
        self, current: CurrentRequest, place: Place, data: State, *, tells: bool
    ) -> None:
        session_id = data["internal"].get("session_id")
        if session_id is None:
            self._changes.log_in(current, place, data, self._entry(current))
            if tells:
                state = self._remembered(current) or data
                self.note_login(current, state, functools.partial(self.end, current))
        elif session_id == _id_of(current.session):
            self._update(current, place, session_id, data)

    def _update(
        self, current: CurrentRequest, place: Place, session_id: str, data: State
    ) -> None:
        before = self._whole(current, session_id) or {}
        kept, error = self.updated(before, data)
        try:
            if kept is not None:
                self._changes.replace(current, place, session_id, kept)
        except SessionTooLarge:
            if kept is None or not has_new_tokens(before, data):
                raise
            self._changes.replace_with_one_token(current, place, session_id, kept)
        finally:
            if error is not None:
                raise error
        if kept is not None and is_over(kept, self.states.clock.time()):
            self.end(current)

    def _read(
        self, current: CurrentRequest, session_id: str
    ) -> tuple[State | None, State | None]:
        """Return the head of a session, and its body if that has been read as well."""
        place, record = self.places.of(current.app), record_of(session_id)
        if place.records is None:
            with current.jar.lock:
                head, body = self._read_from_cookies(current, session_id)
        elif self.unwritten.are_there and (late := self.unwritten.get(record)):
            if self.domains.fixed is None and self._is_elsewhere(current, late.head):
                return None, None
            return self._read_unwritten(place.store, record, late)
        else:
            found = place.records.read_head(record)
            head, body = self.states.open_head(place.records, record, found), None
            if head is None:
                self._note_if_foreign(current, record, found)
        if head is None:
            return None, None
        # A protected view makes no call for that if the app has one domain.
        if self.domains.fixed is None and self._is_elsewhere(current, head):
            return None, None
        now = int(self.states.clock.time())
        is_due = self.states.lifetime.is_due(head["internal"]["seen"], now)
        if is_due and not current.jar.is_sent:
            head = self.visits.note(current, record, head, now)
            self._renew_session(current.app, current.session)
        return head, body

    def _read_from_cookies(
        self, current: CurrentRequest, session_id: str
    ) -> tuple[State | None, State | None]:
        """Return the state in the request's cookies, or a newer one in its place."""
        cookies, record = self.places.cookies(current), record_of(session_id)
        found = cookies.read_head(record)
        head = self.states.open_head(cookies, record, found)
        if head is None:
            self._note_if_foreign(current, record, found)
            return None, None
        if self.domains.fixed is None and self._is_elsewhere(current, head):
            return None, None
        is_whole = name_of_body(head["internal"]["body_key"]) in found.bodies
        newest = self.browsers.current(current.jar, record, head, is_whole)
        if newest is None:
            cookies.delete(Entry(record))
            return None, None
        current.found = session_id
        if newest.body is not None and not current.jar.is_sent:
            self._write(current, record, Newest(newest.head, newest.body))
        return newest.head, newest.body

    def _write(self, current: CurrentRequest, record: str, newest: Newest) -> None:
        """Let the response take a newer state to the browser.

        One too large for cookies is used in this request alone; the browser keeps the
        older one.
        """
        with contextlib.suppress(SessionTooLarge):
            sealed = self.states.seal_together(newest.head, newest.body)
            self.places.cookies(current).update(record, *sealed)

    def _note_if_foreign(
        self, current: CurrentRequest, record: str, found: Head
    ) -> None:
        if self.states.is_foreign(record, found):
            current.note_misfit("AUTH0_SECRET")

    def _is_elsewhere(self, current: CurrentRequest, head: State) -> bool:
        """Tell whether a session is of another domain than a request."""
        if self.domains.is_of(head["domain"], current):
            return False
        current.is_elsewhere = True
        return True

    def _read_unwritten(
        self, store: BackEnd | None, record: str, late: Unwritten
    ) -> tuple[State | None, State | None]:
        """Return a state that is not written yet, unless the session has ended."""
        read = functools.partial(self.states.read_head, late.compartment, record)
        found = store.attempt(read, late.head) if store else read()
        return (late.head, late.body) if found else (None, None)

    def _renew_session(self, app: Flask, session: SessionMixin) -> None:
        """Prolong Flask's session, where the interface is not ours."""
        lifetime = self.states.lifetime
        is_ours = isinstance(app.session_interface, LastsAsLogins)
        if not is_ours and lifetime.limit() < lifetime.absolute:
            session.modified = True


class _KeyAlone(dict[str, t.Any], SessionMixin):
    """What stands for Flask's session where there is none."""


def _id_of(session: SessionMixin) -> str | None:
    """Return the id of the state that belongs to Flask's session.

    Reading it loads the session, which empties it if its login is over.
    """
    if getattr(session, "is_lost", False):
        raise SessionStoreUnavailable()
    return _as_id(session.get(KEY))


def _id_despite_outage(session: SessionMixin) -> str | None:
    """Return the id, or ``None`` when Flask's session cannot be read."""
    try:
        return _id_of(session)
    except SessionStoreUnavailable:
        # The session raises an outage at its first read only, and a logout can do
        # without an answer.
        return _id_of(session)


def _as_id(found: t.Any) -> str | None:
    return found if isinstance(found, str) and found.isascii() else None
