"""Lists and ends the sessions of a user, of all browsers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone

from ..errors import ConfigurationError, log_event
from ..runtime.request import current_request, this_app
from ..signals import session_revoked
from .ending import end_labelled
from .labels import is_record
from .session_store import Listing
from .shapes import State
from .storage_contract import Entry


@dataclass(frozen=True)
class SessionInfo:
    """A session in a list of a user's sessions."""

    #: The id for :meth:`!revoke` and :meth:`!get`; it is no credential for a browser.
    id: str
    #: When its user logged in.
    created: datetime
    #: When its user was last active, to the precision at which activity is noted: see
    #: ``AUTH0_SESSION_INACTIVITY_DURATION``.
    last_seen: datetime
    #: The ``User-Agent`` of the browser then.
    user_agent: str | None
    #: The IP address of the browser then, as the app saw it.
    address: str | None
    #: Whether it is the session of the current request.
    is_current: bool


class Sessions:
    """The sessions that the server keeps, as ``auth0.sessions``.

    :raises ConfigurationError: by each method, if the sessions are in cookies or in a
        store of the app's own, which cannot be listed.
    """

    def __init__(self, listing: Callable[[], Listing]) -> None:
        self._listing = listing

    @property
    def current_id(self) -> str | None:
        """The id of the current request's session, or ``None`` without a login.

        It may be handed to a task, for :meth:`get`. It is no credential for a browser:
        no cookie can be made from it. A login gives the session a new one.
        """
        return self._listing().current

    def of(self, sub: str, *, domain: str | None = None) -> list[SessionInfo]:
        """Return a user's sessions, the latest active one first.

        :param sub: the user's id at the tenant, ``current_user.sub``.
        :param domain: the tenant's domain, by default that of the current request.
            Outside of a request, an app with several has to name it.
        """
        listing = self._listing()
        states, records = listing.states, listing.records
        label = states.labels.of_user(sub, _domain(listing, domain))
        found = [
            _info(record, head, listing.current)
            for record in records.labelled(label)
            if (head := states.read_head(records, record)) is not None
        ]
        return sorted(found, key=lambda each: each.last_seen, reverse=True)

    def revoke(self, id: str, *, sub: str | None = None) -> bool:
        """End a session; return whether it was there.

        In a request of an app with several domains, only one of that domain is ended.

        :param id: the session's
            :attr:`~flask_auth0.sessions.directory.SessionInfo.id`.
        :param sub: end the session only if it is this user's; needed if the id comes
            from a form.
        """
        listing = self._listing()
        records, labels = listing.records, listing.states.labels
        head = listing.states.read_head(records, id) if is_record(id) else None
        if head is None or sub not in {None, head["user"]["sub"]}:
            return False
        if listing.domain not in {None, labels.domain or head["domain"]}:
            return False
        if id == listing.current:
            listing.end_current()
        else:
            records.delete_all([Entry(id, labels.of_head(head))])
        sid = head["internal"].get("sid")
        _tell(head["user"]["sub"], sid, 1)
        return True

    def revoke_all(
        self, sub: str, except_current: bool = False, *, domain: str | None = None
    ) -> int:
        """End a user's sessions, and return how many there were.

        :param except_current: keep the one of the current request.
        :param domain: as for :meth:`of`.
        """
        listing = self._listing()
        states, records, current = listing.states, listing.records, listing.current
        label = states.labels.of_user(sub, _domain(listing, domain))
        ended = end_labelled(states, records, label, but=current)
        is_theirs = current is not None and current in records.labelled(label)
        if is_theirs and not except_current:
            listing.end_current()
            ended += 1
        if ended:
            _tell(sub, None, ended)
        return ended


def _tell(sub: str, sid: str | None, number: int) -> None:
    """Tell the log and the app that sessions of a user were ended."""
    current = current_request()
    facts = {"event": "revocation", "sub": sub, "sessions": number}
    log_event(current, "session_revoked", **facts)
    session_revoked.send(this_app(), sub=sub, sid=sid)


def _domain(listing: Listing, wanted: str | None) -> str:
    domain = wanted or listing.domain
    if domain is None:
        raise ConfigurationError(
            "AUTH0_DOMAIN is a function of the request, and this is outside of one: "
            "tell the domain of the user."
        )
    return domain


def _info(record: str, head: State, current: str | None) -> SessionInfo:
    internal = head["internal"]
    return SessionInfo(
        id=record,
        created=_time(internal["created_at"]),
        last_seen=_time(internal["seen"]),
        user_agent=internal.get("user_agent"),
        address=internal.get("address"),
        is_current=record == current,
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
