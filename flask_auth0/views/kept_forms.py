"""Notes in the browser about forms that a login came in between, and their fields.

A note says that a form of a page was not received. With it, or on the server where that
keeps sessions, are the fields, if the view asks for that. They are sealed, and for the
user alone who sent them.
"""

from __future__ import annotations

import hashlib
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import astuple, replace

from ..app_state import AppState
from ..runtime.cookie_jar import CookieJar, cookie_size
from ..runtime.request import CurrentRequest
from ..sessions.cookies.storage import HEADER, SENT
from ..sessions.shapes import Moment, Shape
from . import form_records
from .form_records import LIFETIME, Fields

#: Seconds that a user has to log in and be told of what was not kept.
NOTED = 3600
#: The most notes that a browser has, one for each page.
MOST_NOTES = 4
#: The most bytes of a note with fields in it, as a cookie.
LARGEST_COOKIE = 2000
#: Bytes of a request's header that are left to a login and to the app.
LEFT = 1500


class Note(Struct, frozen=True, array_like=True):
    """What the browser knows of a form that was not received."""

    at: Moment
    #: The user whose fields are kept, or ``None`` if they are not.
    sub: str | None = None
    #: The fields, unless they are on the server, under the name of a record.
    fields: Fields | None = None
    record: str | None = None
    is_too_large: bool = False


_NOTES = Shape(Note)


def note(current: CurrentRequest, state: AppState, page: str) -> None:
    """Note that a form of a page was not received.

    :param page: where the login leads.
    """
    jar, name = current.jar, _name(current.jar, page)
    _forget(current, state, name)
    others = jar.names(jar.prefix + SENT)
    if len(others) >= MOST_NOTES:
        for each in others:
            _forget(current, state, each)
    _write(current, state, name, Note(state.clock.time()))


def is_noted(current: CurrentRequest, page: str) -> bool:
    """Tell whether this request has noted a form of a page."""
    name = _name(current.jar, page)
    return name in current.jar.pending and current.jar.get(name) is not None


def keep(
    current: CurrentRequest, state: AppState, page: str, sub: str, fields: Fields
) -> None:
    """Keep the fields of a form that is noted, or note that they are too large."""
    name, noted = _name(current.jar, page), Note(state.clock.time(), sub)
    store = state.state_store.meeting_point(current.app)
    if store is not None:
        record = form_records.keep(store, state, sub, fields)
        kept = replace(noted, record=record) if record else None
    else:
        kept = replace(noted, fields=fields)
        if not _fits(current.jar, state, name, kept):
            kept = None
    _write(current, state, name, kept or Note(noted.at, is_too_large=True))


def refuse_size(current: CurrentRequest, state: AppState, page: str) -> None:
    """Note that a form is too large to be kept."""
    refused = Note(state.clock.time(), is_too_large=True)
    _write(current, state, _name(current.jar, page), refused)


def take(
    current: CurrentRequest, state: AppState, page: str, sub: str
) -> Fields | None:
    """Return the fields that a user has sent from a page, and forget them."""
    name = _name(current.jar, page)
    found = _noted(current.jar, state, name)
    if found is None:
        return None
    fields = _fields(current, state, found) if _is_for(state, found, sub) else None
    _forget(current, state, name)
    return fields


def has(jar: CookieJar) -> bool:
    """Tell whether a browser has sent notes, without a look at them."""
    return any(name.startswith(jar.prefix + SENT) for name in jar.sent)


def lost(
    current: CurrentRequest, state: AppState, page: str, sub: str | None
) -> Note | None:
    """Return the note of a form that its user has to be told of, after a login.

    :param page: where the login leads.
    :param sub: who has logged in.
    """
    name = _name(current.jar, page)
    found = _noted(current.jar, state, name)
    # The cookies of the session may have taken the place of the form.
    if found is None or (_is_for(state, found, sub) and current.jar.get(name)):
        return None
    _forget(current, state, name)
    return found


def forget_of_others(current: CurrentRequest, state: AppState, sub: str) -> None:
    """Forget the forms of everybody but a user who has logged in."""
    jar = current.jar
    for name in jar.names(jar.prefix + SENT):
        found = _noted(jar, state, name)
        if found is None or found.sub not in {None, sub}:
            _forget(current, state, name)


def _is_for(state: AppState, found: Note, sub: str | None) -> bool:
    """Tell whether a note has fields that a user may see."""
    is_fresh = state.clock.time() < found.at + LIFETIME
    return sub is not None and found.sub == sub and is_fresh


def _fields(current: CurrentRequest, state: AppState, found: Note) -> Fields | None:
    store, record = state.state_store.meeting_point(current.app), found.record
    if store is None or record is None:
        return found.fields
    return form_records.fetch(store, state, record)


def _fits(jar: CookieJar, state: AppState, name: str, kept: Note) -> bool:
    """Tell whether a note fits beside the other cookies, and a login as well."""
    size = cookie_size(name, state.sealer.seal(astuple(kept), name))
    room = HEADER - LEFT - jar.size_of_others(name)
    return size <= min(LARGEST_COOKIE, state.config.response_header_limit // 2, room)


def _write(current: CurrentRequest, state: AppState, name: str, noted: Note) -> None:
    sealed = state.sealer.seal(astuple(noted), name)
    current.jar.set(name, sealed, NOTED, crosses_sites=True)


def _noted(jar: CookieJar, state: AppState, name: str) -> Note | None:
    """Return a note as the browser has sent it, unless it is too old."""
    opened = (state.sealer.open(each, name) for each in jar.sent.getlist(name))
    found = next(filter(None, (_NOTES.of(each) for each in opened)), None)
    is_fresh = found is not None and state.clock.time() < found.at + NOTED
    return found if is_fresh else None


def _forget(current: CurrentRequest, state: AppState, name: str) -> None:
    """Forget a note, and the fields that belong to it."""
    found = _noted(current.jar, state, name)
    current.jar.delete(name)
    store = state.state_store.meeting_point(current.app)
    if store is not None and found is not None and found.record and found.sub:
        form_records.forget(store, state, found.sub, found.record)


def _name(jar: CookieJar, page: str) -> str:
    """Return the name of a page's note. It is sealed with it, so that no note can be
    passed off as that of another page.
    """
    # Browsers and servers encode other characters of the same path.
    digest = hashlib.sha256(unquote(page).encode()).hexdigest()
    return f"{jar.prefix}{SENT}{digest[:16]}"
