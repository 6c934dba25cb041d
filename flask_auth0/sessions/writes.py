"""Writes of a session: when it begins, and when its tokens or claims change."""

from __future__ import annotations

import functools
import secrets
import typing as t
from collections.abc import Mapping

from flask.sessions import SessionMixin
from flask_session.base import ServerSideSessionInterface
from msgspec.structs import astuple

from ..config import Config
from ..errors import LoginFailed, SessionTooLarge
from ..pages import Text
from ..runtime.request import CurrentRequest, Known
from .activity import browser_of
from .claims import begun
from .codec import States, split
from .cookies.newest_states import Browsers, Newest
from .domains import Domains
from .ending import empty, end_oldest, exceeding
from .hooks import SessionHooks
from .labels import record_of
from .revocation import REVOKED, Login
from .server.interface import StoredSessionInterface
from .server.storage import RecordCompartment
from .shapes import State
from .storage import Place, Places
from .storage_contract import KEY, Entry
from .stores.base import BackEnd, Others
from .token_sets import refreshing
from .unwritten import Unwritten, UnwrittenStates


class Changes:
    """Writes the states of sessions, in place of those before.

    :param states: seals states.
    :param places: finds where states are kept.
    :param browsers: knows the newest states of sessions in cookies.
    :param unwritten: remembers states that the back end has not taken yet.
    :param hooks: the app's functions that change a state before it is kept.
    :param domains: tells the tenant of a request.
    """

    def __init__(
        self,
        states: States,
        places: Places,
        browsers: Browsers,
        unwritten: UnwrittenStates,
        hooks: SessionHooks,
        config: Config,
        domains: Domains,
    ) -> None:
        self._domains = domains
        self._states, self._places, self._browsers = states, places, browsers
        self._unwritten, self._hooks = unwritten, hooks
        self._transient = config.cookie_transient
        self._most = config.sessions_per_user

    def log_in(
        self, current: CurrentRequest, place: Place, data: State, before: Entry | None
    ) -> None:
        """Begin a session under a new id, and end the one before.

        The data of an anonymous visitor stays in Flask's session, that of another user
        does not.

        :param data: the state that the SDK keeps.
        :param before: the entry of the session before, if there is one.
        :raises TenantError: when it does not say who logged in.
        """
        data = self._begun(current, place, data)
        if self._hooks.before_saved:
            data = self._hooks.apply(data)
        head, body = split(data)
        session_id = head["internal"]["session_id"]
        self._create(current, place, head, body, before)
        session = current.session
        if KEY in session and not self._owns(session, head["user"]["sub"]):
            empty(current, session)
        if before is not None and place.records is None:
            self._browsers.end(current.jar, before.record)
        self._rename(current, session, session_id)
        current.jar.is_swept = True
        current.jar.is_for_login = True
        current.is_elsewhere = False
        current.known = Known(session_id, head, body)
        current.logged_in = head["user"]["sub"]

    def replace(
        self, current: CurrentRequest, place: Place, session_id: str, data: State
    ) -> None:
        """Keep a changed state.

        :raises SessionTooLarge: when it does not fit into cookies.
        """
        head, body = split(data)
        if place.records is None or place.store is None:
            with current.jar.lock:
                kept = self._replace_in_cookies(current, session_id, head, body)
                state = (kept.head, kept.body) if kept else ()
                current.known = Known(session_id, *state)
            return
        known, record = current.known or Known(), record_of(session_id)
        is_kept = self._replace_on_server(
            place.store, place.records, known, record, head, body
        )
        current.known = Known(session_id, *((head, body) if is_kept else ()))

    def replace_with_one_token(
        self, current: CurrentRequest, place: Place, session_id: str, data: State
    ) -> None:
        """Keep the newest access token alone, in cookies or in this process for a
        while.

        The tenant may have spent the old refresh token, and losing the new one would
        log the user out. Access tokens for other audiences can be fetched again.

        :raises SessionTooLarge: when even that does not fit into cookies.
        """
        newest = (data.get("token_sets") or [])[-1:]
        data = {**data, "token_sets": newest, "connection_token_sets": []}
        try:
            self.replace(current, place, session_id, data)
        except SessionTooLarge:
            if place.records is None:
                head, body = split(data)
                late = Newest(self._browsers.renewed(head), body)
                self._browsers.keep(record_of(session_id), late, is_delivered=False)
            raise

    def _begun(self, current: CurrentRequest, place: Place, data: State) -> State:
        """Return the state of a login, completed for a session under a new id."""
        if self._domains.fixed is None:
            self._domains.require(data.get("domain"), current)
        data = begun(data)
        user, internal = data["user"], data["internal"]
        created_at = internal["created_at"]
        tag, now = self._states.sealer.tag(user["sub"]), self._states.clock.time()
        login = _login_of(user, created_at, current.login_begun_at, now)
        internal |= {
            "session_id": f"{secrets.token_urlsafe(24)}.{tag}",
            "seen": internal.get("seen", created_at),
            "login": [*astuple(login)],
            "longest": self._states.lifetime.absolute,
            # A request that opens the head opens the body: both move to a new secret
            # together.
            "body_key": secrets.token_urlsafe(32),
        }
        if place.records is not None:
            internal |= browser_of(current)
        return data

    def _owns(self, session: SessionMixin, sub: str) -> bool:
        """Tell whether a user's login began the session, even if its state is over."""
        session_id = session.get(KEY)
        if not isinstance(session_id, str):
            return False
        return self._states.sealer.has_tag(sub, session_id.rpartition(".")[2])

    def _create(
        self,
        current: CurrentRequest,
        place: Place,
        head: State,
        body: State,
        before: Entry | None,
    ) -> None:
        """Keep the state of a login, unless a logout has come that ends it."""
        login = Login(*head["internal"]["login"])
        if place.records is None:
            is_there = self._create_in_cookies(current, place, head, body, login)
        else:
            kept = self._states.labels.entry_of(head), self._states.seal(head, body)
            is_there = self._create_on_server(
                current, place.records, *kept, login, before
            )
        if not is_there:
            raise LoginFailed(Text("Your session was ended while you logged in."))

    def _create_in_cookies(
        self,
        current: CurrentRequest,
        place: Place,
        head: State,
        body: State,
        login: Login,
    ) -> bool:
        cookies, labels = self._places.cookies(current), self._states.labels
        cookies.create(*self._states.seal_together(head, body))
        revocations = place.revocations
        if revocations is None or not revocations.cover(labels.of_head(head), login):
            return True
        cookies.delete(Entry(record_of(head["internal"]["session_id"])))
        return False

    def _create_on_server(
        self,
        current: CurrentRequest,
        records: RecordCompartment,
        entry: Entry,
        sealed: tuple[dict[str, str], int],
        login: Login,
        before: Entry | None,
    ) -> bool:
        whose = entry.labels[0]
        notes = tuple(REVOKED + each for each in entry.labels)
        others = Others(notes, whose, self._most - 1)
        begun = records.create(
            entry, *sealed, replaces=before, others=others, outage=current.outage
        )
        if begun is None:
            return False
        # A logout that arrives during this login ends the session that it begins.
        if begun.notes and login.is_ended_by_any(begun.notes):
            records.delete(entry)
            return False
        if begun.oldest:
            replaced = [before.record] if before and whose in before.labels else []
            too_many = exceeding(begun.oldest, entry.record, *replaced)
            end_oldest(current.app, self._states, records, too_many, whose)
        return True

    def _rename(
        self, current: CurrentRequest, session: SessionMixin, session_id: str
    ) -> None:
        session[KEY] = session_id
        session.permanent = not self._transient
        interface, theirs = current.app.session_interface, t.cast("t.Any", session)
        if isinstance(interface, StoredSessionInterface):
            interface.begin_anew(theirs, record_of(session_id))
        elif isinstance(interface, ServerSideSessionInterface):
            interface.regenerate(theirs)

    def _replace_on_server(
        self,
        store: BackEnd,
        records: RecordCompartment,
        known: Known,
        record: str,
        head: State,
        body: State,
    ) -> bool:
        old_head, old_body = known.head, known.body
        # Another request may be refreshing: the body is written only if this request
        # has changed it.
        sealed = self._states.seal(head, None if body == old_body else body)
        write = functools.partial(records.update, record, *sealed)
        refresh = refreshing.get()
        if refresh is None or refresh.lease is None:
            return write()
        # The tenant has spent the old refresh token, whatever the back end does now.
        is_kept = store.attempt(write, None) if refresh.lease.is_certain() else None
        if is_kept is None:
            before = {**(old_body or {}), **(old_head or {})}
            late = Unwritten(head, body, before, records, self._states)
            self._unwritten.note(record, late)
        return is_kept is not False

    def _replace_in_cookies(
        self, current: CurrentRequest, session_id: str, head: State, body: State
    ) -> Newest | None:
        """Replace the state in the browser, with a new version of all of it.

        :return: the new state, or ``None`` where the session has ended.
        """
        record, head = record_of(session_id), self._browsers.renewed(head)
        if self._browsers.has_ended(record):
            return None
        is_delivered = not current.jar.is_sent
        if is_delivered:
            sealed = self._states.seal_together(head, body)
            self._places.cookies(current).update(record, *sealed)
        newest = Newest(head, body)
        self._browsers.keep(record, newest, is_delivered=is_delivered)
        return newest


def _login_of(
    user: Mapping[str, t.Any], created_at: int, begun_at: float | None, now: float
) -> Login:
    """Return the moments of the login that the current request completes.

    :param begun_at: when it was begun, if that is known.
    """
    issued_at = user.get("iat")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int):
        issued_at = created_at
    return Login(issued_at, begun_at or now, now)
