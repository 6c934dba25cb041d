"""Notices logins that repeat without end, and stops them with an error.

Some logins do not last: the browser comes back without a session. Others are not enough
for a page, which sends the user to log in once more.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import current_app, request
from msgspec import Meta, Struct
from msgspec.structs import astuple, replace
from werkzeug.wrappers import Response

from ..app_state import AppState
from ..errors import LoginInVain, LoginLoop, SessionStoreUnavailable
from ..pages import Text, sentences
from ..runtime.request import CurrentRequest
from ..sessions.cookies.sweeping import LOGIN_NOTE
from ..sessions.flows import Flow
from ..sessions.lazy import overlook_outage
from ..sessions.shapes import Moment, Shape
from ..sessions.storage_contract import KEY
from ..user import User, load_user
from . import addresses, unread_cookies

#: Seconds for which logins are counted.
WINDOW = 60
#: The most logins in a row that do not last, or are not enough.
MOST_IN_VAIN = 2
#: Seconds within which a browser has followed a redirect.
SOON = 2
#: Seconds between two logins below which pages have caused the second one. A user who
#: asks for one thing after the other takes longer.
AT_ONCE = 10

#: The character in front of a note whose login has lasted.
_LASTED = "~"


class Note(Struct, frozen=True, array_like=True):
    """A note in the browser about its last login, for a minute."""

    at: Moment
    #: The user and the session, as :func:`_whose` returns them.
    whose: t.Annotated[list[str | None], Meta(min_length=2, max_length=2)]
    #: The purpose of the login, as :func:`purpose_of` returns it.
    purpose: str | None = None
    max_age: int | None = None
    #: A tag of the organization that was asked for.
    organization: str | None = None
    #: A tag of the classes of authentication that were asked for.
    acr_values: str | None = None
    #: Logins in a row whose session has not been seen, this one included.
    lost: int = 1
    #: Logins for this purpose from which a page sent the user on, in a row.
    sent_on: int = 0
    #: Whether the session's id came back, though the session itself was over.
    came_back: bool = False
    #: Logins in a row before this one, each caused by a page right after the one
    #: before, for any purposes.
    in_a_row: int = 0


_NOTES = Shape(Note)


def is_first_after_login_within(
    current: CurrentRequest, state: AppState, max_age: int
) -> bool:
    """Tell whether a request is the first one after a login that satisfies ``max_age``.

    The callback has checked ``max_age``. If clocks differ, a second check here could
    fail after every login.
    """
    note = _noted(current, state) if current.is_after_login else None
    if note is None or note.max_age is None:
        return False
    age = state.clock.time() - note.at
    return note.max_age <= max_age and age <= max(max_age, SOON)


def purpose_of(state: AppState, target: str, parameters: Mapping[str, t.Any]) -> str:
    """Return a tag of a login's page and parameters, as its purpose."""
    asked = sorted((name, str(value)) for name, value in parameters.items() if value)
    return state.sealer.tag(f"purpose {[target, *asked]}")


def note_login(
    current: CurrentRequest,
    state: AppState,
    sub: str | None,
    login: Flow,
) -> None:
    """Count a login, until a request shows that it has lasted.

    :param sub: the user's, or ``None`` where nobody has logged in.
    """
    now, before = state.clock.time(), _noted(current, state)
    whose = _whose(current, sub)
    begun_at = login.begun_at
    tags = _tag_of(state, login.organization), _tag_of(state, login.acr_values)
    note = Note(now, whose, login.purpose, login.max_age, *tags)
    if before is not None and not current.is_after_login:
        # Logins of several tabs begin before the others have ended, and are no circle.
        is_next = begun_at is None or begun_at >= before.at
        note = replace(note, lost=max(before.lost + is_next, 1))
    if before is not None and before.whose[0] == note.whose[0]:
        if before.purpose == note.purpose:
            note = replace(note, sent_on=before.sent_on)
        is_at_once = 0 <= (begun_at or 0) - before.at <= AT_ONCE
        note = replace(note, in_a_row=before.in_a_row + 1 if is_at_once else 0)
    _keep(current, state, note)


def note_request(current: CurrentRequest, state: AppState) -> None:
    """Find out whether a login has lasted, if this is the first request after one."""
    marker = current.request.cookies.get(current.jar.prefix + LOGIN_NOTE)
    if marker is None or marker.startswith(_LASTED):
        return
    noted = _noted(current, state)
    if noted is None:
        # Nobody's session is read for a note that anybody can make up.
        forget(current)
        return
    try:
        user = load_user(current, state)
    except SessionStoreUnavailable:
        # The page may not need a user, so the outage is not an error yet.
        overlook_outage(current)
        return
    if not user and current.was_over:
        _keep(current, state, replace(noted, came_back=True))
    if user:
        if noted.whose == _whose(current, user.sub):
            current.is_after_login = True
        else:
            forget(current)


def note_response(current: CurrentRequest, state: AppState, response: Response) -> None:
    """Note that a login has lasted, and whether its page has led to another one."""
    name = current.jar.prefix + LOGIN_NOTE
    if not current.is_after_login:
        return
    if current.jar.get(name) != current.request.cookies.get(name):
        # A login or a logout of this request has changed the note.
        return
    noted = _noted(current, state)
    if noted is None:
        return
    note = replace(noted, lost=0)
    if not _is_page_after_login(current, state):
        _keep(current, state, note)
        return
    if response.location is not None and 300 <= response.status_code < 400:
        _keep(current, state, replace(note, sent_on=note.sent_on + 1), has_lasted=True)
    elif note.organization is not None or note.acr_values is not None:
        # A script on the page may still be refused, so the note stays, with its counts
        # reset.
        _keep(current, state, replace(note, sent_on=0, in_a_row=0), has_lasted=True)
    else:
        forget(current)


def forget(current: CurrentRequest) -> None:
    """Forget the note and its counts, for example after a logout."""
    current.jar.delete(current.jar.prefix + LOGIN_NOTE)


def has_just_asked_for(
    current: CurrentRequest,
    state: AppState,
    user: User,
    *,
    organization: str | None = None,
    acr_values: str | None = None,
) -> bool:
    """Tell whether the login of this session has just asked for an organization, or for
    classes of authentication.
    """
    noted = _noted(current, state)
    if noted is None or noted.whose != _whose(current, user.sub):
        return False
    if acr_values is None:
        return noted.organization == _tag_of(state, organization)
    return noted.acr_values == _tag_of(state, acr_values)


def check(current: CurrentRequest, state: AppState, purpose: str) -> None:
    """Stop a login after several that did not last, or were not enough.

    :raises LoginLoop: when several logins in a row did not last, or were not enough for
        the page that they led to.
    """
    noted = _noted(current, state)
    if noted is None and not unread_cookies.cause_login(current):
        return
    user = load_user(current, state)
    if unread_cookies.cause_login(current):
        stopped = unread_cookies.count(current, state)
        if stopped is not None:
            forget(current)
            raise stopped
    if noted is None:
        return
    if noted.lost >= MOST_IN_VAIN and not user:
        forget(current)
        reason, remedy = _diagnosis(current, state, noted)
        raise LoginLoop(sentences(LoginLoop.description, reason), remedy=remedy)
    is_first = _is_page_after_login(current, state)
    if (
        user
        and noted.whose[0] == user.sub
        and _is_in_vain(noted, purpose, is_first, state.clock.time())
    ):
        forget(current)
        raise LoginInVain()


def _is_in_vain(noted: Note, purpose: str, is_first: bool, now: float) -> bool:
    """Tell whether pages have caused too many logins in a row.

    The purposes may differ, for example by a time in the URL.

    :param is_first: whether this is the first request for a page after a login.
    """
    sent_on = noted.sent_on + is_first
    if noted.purpose == purpose and sent_on >= MOST_IN_VAIN:
        return True
    is_at_once = now - noted.at <= AT_ONCE
    return is_at_once and sent_on > 0 and noted.in_a_row >= MOST_IN_VAIN


def why_no_cookies(state: AppState, callback: str) -> str:
    """Return a remedy for the developer, if the callback gets no cookie back."""
    if urlsplit(callback).netloc != request.host:
        return (
            f"The callback is {callback}, but this request has come to {request.host}. "
            "Cookies belong to one host: begin logins at the same one. If a proxy has "
            "put that in the place of the host, see whether it hands on cookies."
        )
    return _why_not_kept(state)


def _why_not_kept(state: AppState) -> str:
    """Return a remedy for the developer, if the browser keeps no cookie."""
    for problem in (
        *addresses.dropped_cookies(state, request),
        *addresses.foreign_domain(current_app, request),
    ):
        return problem.sentence
    return "Check SESSION_COOKIE_DOMAIN, SESSION_COOKIE_PATH and SESSION_COOKIE_SECURE."


def _is_page_after_login(current: CurrentRequest, state: AppState) -> bool:
    """Tell whether the current request is the first one for a page of the app."""
    is_page = current.request.endpoint not in state.routes
    return is_page and current.is_after_login


def _whose(current: CurrentRequest, sub: str | None) -> list[str | None]:
    """Return data that identifies a session and its user."""
    return [sub, current.session.get(KEY)]


def _tag_of(state: AppState, asked_for: str | None) -> str | None:
    """Return a short tag of what a login has asked for, which may be long."""
    if asked_for is None:
        return None
    return state.sealer.tag(f"asked for {asked_for}")


def _diagnosis(
    current: CurrentRequest, state: AppState, noted: Note
) -> tuple[Text, str | None]:
    """Return a cause and a remedy for a session that did not last."""
    if KEY not in current.session and not noted.came_back:
        return (
            Text(
                "Your browser does not send back the cookie with your session. Allow "
                "cookies for this site."
            ),
            _why_not_kept(state),
        )
    return (
        Text("This site does not find your session, or it ended at once."),
        "The browser sends back the cookie that names the session, but the session "
        "itself is missing, unreadable or over: its cookies may be too large for the "
        "browser, or the clocks of the servers differ. Set SESSION_TYPE to keep "
        "sessions on the server; check that all servers have the same AUTH0_SECRET and "
        "the right time, and that the AUTH0_SESSION_*_DURATION are not too short.",
    )


def _keep(
    current: CurrentRequest, state: AppState, note: Note, *, has_lasted: bool = False
) -> None:
    jar = current.jar
    name = jar.prefix + LOGIN_NOTE
    sealed = state.sealer.seal(astuple(note), name)
    value = _LASTED + sealed if has_lasted else sealed
    left = max(round(note.at + WINDOW - state.clock.time()), 1)
    jar.set(name, value, left, crosses_sites=True)


def _noted(current: CurrentRequest, state: AppState) -> Note | None:
    jar = current.jar
    name = jar.prefix + LOGIN_NOTE
    sealed = [each.removeprefix(_LASTED) for each in jar.values.get(name, ())]
    opened = (_NOTES.of(state.sealer.open(each, name)) for each in sealed)
    note = next(filter(None, opened), None)
    if sealed and note is None:
        current.note_misfit("AUTH0_SECRET")
    is_fresh = note is not None and state.clock.time() <= note.at + WINDOW
    return note if is_fresh else None
