"""Ends sessions: the one in Flask's session, and those of other browsers."""

from __future__ import annotations

import functools
import math
import secrets
import typing as t
from collections.abc import Mapping, Sequence

from auth0_server_python.error import BackchannelLogoutError
from flask import Flask
from flask.sessions import SessionMixin
from flask_session.base import ServerSideSession

from ..errors import log_event
from ..runtime.logger import logger_of
from ..runtime.request import CurrentRequest, Known, current_request
from ..signals import session_revoked
from .codec import States
from .cookies.kept_apart import forget_all
from .cookies.newest_states import Browsers
from .labels import record_of
from .lazy import LazySession
from .lifetime import CLOCK_LEEWAY
from .server.storage import AT_ONCE, in_batches
from .shapes import State
from .storage import Places
from .storage_contract import HEAD, KEY, Entry, Records

#: The key of Flask-Login in a session, and its value after a logout, which makes
#: Flask-Login delete its remember cookie.
_REMEMBER, _CLEAR = "_remember", "clear"


def empty(current: CurrentRequest, session: SessionMixin) -> None:
    """Empty a session whose login is over, and let Flask-Login forget its user."""
    session.clear()
    if hasattr(current.app, "login_manager"):
        name = current.app.config.get("REMEMBER_COOKIE_NAME", "remember_token")
        if name in current.request.cookies:
            session[_REMEMBER] = _CLEAR


def hide(session: SessionMixin) -> None:
    """Let a session of another domain look like a new one, and leave it as it is.

    What this request writes becomes a session of its own.
    """
    found = t.cast("dict[str, t.Any]", session)
    kept: State = {}
    if isinstance(session, ServerSideSession):
        session.sid = secrets.token_urlsafe(32)
        kept = {k: v for k, v in dict.items(found) if k == "_permanent"}
    if isinstance(session, LazySession):
        session.found_as = None
    # The methods of the session's class would note a change.
    dict.clear(found)
    dict.update(found, kept)
    session.modified = False


def end_current(
    current: CurrentRequest, places: Places, browsers: Browsers, entry: Entry | None
) -> None:
    """End the session of a request, with all that the app kept in it for the user.

    :param entry: the entry of the session, if there is one.
    """
    session = current.session
    if entry is not None and places.of(current.app).records is None:
        # Copies of the cookies, and cookies on their way, must not count any more.
        current.has_ended = True
        browsers.end(current.jar, entry.record)
    if KEY in session:
        # Data that stays in Flask's session would be the next user's.
        empty(current, session)
        if isinstance(session, LazySession):
            session.is_ended = True
    current.known = Known()
    current.jar.is_swept = True
    forget_all(current.jar)
    # The browser may have cookies of a state that its session does not name.
    places.compartment(current).delete(entry or Entry(""))


def take_back(current: CurrentRequest, places: Places, browsers: Browsers) -> None:
    """Remove the cookies of a session from a response, if it has ended meanwhile."""
    session, jar = current.session, current.jar
    if current.found is None or current.has_ended:
        return
    if session.get(KEY) not in (None, current.found):
        # A login of this request has replaced the session.
        return
    is_asked = session.modified or jar.is_waiting(jar.prefix + HEAD)
    if browsers.has_ended(record_of(current.found), ask=is_asked):
        places.cookies(current).undo()
        session.modified = False


def end_by_claims(
    app: Flask, states: States, places: Places, claims: Mapping[str, t.Any]
) -> None:
    """End the sessions that a logout token names, and the logins that are under way.

    :param claims: the verified claims of the token.
    :raises NotImplementedError: if no back end could keep that for the sessions.
    """
    place = places.of(app)
    revocations, records = place.revocations, place.records
    if revocations is None:
        raise NotImplementedError(
            "Sessions in cookies are ended from outside only if AUTH0_REVOCATION_STORE "
            "is set."
        )
    if revocations.is_used(claims):
        raise BackchannelLogoutError("The logout token was used before.")
    used = functools.partial(
        revocations.use, claims, _seconds_left(claims, states.clock.time())
    )
    if records is None:
        revocations.note(claims)
        # The token is used up last, so that a tenant can repeat an interrupted request.
        used()
        return
    is_noted = revocations.try_to(lambda: revocations.note(claims))
    end_labelled(states, records, states.labels.of_claims(claims))
    # The removal of records may have made room in a back end that was full.
    is_noted = is_noted or revocations.try_to(lambda: revocations.note(claims))
    if not (is_noted and revocations.try_to(used)):
        logger_of(app).warning(
            "A logout from outside has ended its sessions, but could not be written "
            "down: a login that was under way at that moment may have been completed."
        )


def end_labelled(
    states: States, records: Records, label: str, but: str | None = None
) -> int:
    """End the sessions that have a label, but for one, and return their number.

    If the back end fails halfway, the next call goes on with the remaining ones.
    """
    found = [each for each in records.labelled(label) if each != but]
    for some in in_batches(found):
        _end_all(states, records, some, label)
    return len(found)


def end_oldest(
    app: Flask, states: States, records: Records, too_many: Sequence[str], label: str
) -> None:
    """End sessions of a user that exceed the limit, those of the oldest logins.

    Each login ends a limited number of them, so that it does not take long.

    :param too_many: their records, as :func:`exceeding` returns them.
    :param label: the user's.
    """
    if not too_many:
        return
    for head in _end_all(states, records, too_many[:AT_ONCE], label).values():
        sub, sid = head["user"]["sub"], head["internal"].get("sid")
        facts = {"event": "revocation", "sub": sub}
        log_event(current_request(), "session_limit_reached", **facts)
        session_revoked.send(app, sub=sub, sid=sid)


def exceeding(oldest: Sequence[str], *known: str) -> list[str]:
    """Return the records of a label that are too many, the oldest first.

    :param oldest: as :meth:`.BackEnd.begin_among` returns them, with room for one more.
        Among those of one second, the newest one need not be the last.
    :param known: the new record, which stays, whatever its place, and one that it has
        replaced, which is gone.
    """
    others = [each for each in oldest if each not in known]
    return others[: max(0, len(oldest) - len(known))]


def _seconds_left(claims: Mapping[str, t.Any], now: float) -> int:
    """Return for how many seconds a token may be accepted, by any clock."""
    # The clock that noted the token may be ahead, and the one that checks it behind.
    left = math.ceil(float(claims["exp"]) - now)
    return left + 2 * CLOCK_LEEWAY


def _end_all(
    states: States, records: Records, some: Sequence[str], label: str
) -> Mapping[str, State]:
    """End sessions that have a label, and return the heads of those that had one."""
    heads = states.heads(records, some)
    labels = {each: states.labels.of_head(head) for each, head in heads.items()}
    # Without a head that opens, this label is the only one known.
    records.delete_all([Entry(each, labels.get(each, (label,))) for each in some])
    return heads
