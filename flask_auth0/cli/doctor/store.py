"""Checks of the back ends of sessions, with keys of their own."""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable, Iterator

from flask.sessions import SessionInterface
from flask_session.base import ServerSideSessionInterface

from ...sessions.server.interface import StoredSessionInterface
from ...sessions.server.setup import make_revocation_store, set_up_sessions
from ...sessions.stores.bad_settings import no_answer
from ...sessions.stores.base import BackEnd, Labelling
from .examination import Check
from .findings import Verdict, of_problem, ok, warning, wrong
from .subject import Subject, stand_in, without_warnings

#: Seconds after which a key expires, if it could not be removed.
_MAX_AGE = 60
#: How often a key is read, to know how long that takes.
_READS = 7

Examine = Callable[[BackEnd], Iterator[Verdict]]

#: The names of the checks of the two back ends that an app may have.
SESSIONS, REVOCATIONS = "store", "revocation-store"


def _connect_sessions(subject: Subject) -> Iterator[Verdict]:
    """Find the back end of the app's sessions, or where else they are."""
    interface, problem = _interface(subject)
    if problem is not None:
        yield problem
    elif isinstance(interface, StoredSessionInterface):
        if subject.app is None:
            subject.own_back_ends.append(interface.back_end)
        yield _noted(subject, SESSIONS, interface.back_end)
    elif isinstance(interface, ServerSideSessionInterface):
        yield ok("Sessions are where Session(app) of the app keeps them.")
    else:
        yield ok("Sessions are in cookies.")


def _connect_revocations(subject: Subject) -> Iterator[Verdict]:
    """Find the back end of revocations, if there is one."""
    with without_warnings():
        back_end, problem = make_revocation_store(stand_in(subject), subject.config)
    if problem is not None:
        yield of_problem(problem)
    elif back_end is not None:
        subject.own_back_ends.append(back_end)
        yield _noted(subject, REVOCATIONS, back_end)


def _noted(subject: Subject, name: str, back_end: BackEnd) -> Verdict:
    subject.back_ends[name] = back_end
    kind = type(back_end).__name__.removesuffix("BackEnd")
    return ok(f"{back_end.key} names a back end that works: {kind}, {back_end.where}.")


def asking(name: str, examine: Examine) -> Callable[[Subject], Iterator[Verdict]]:
    """Return a check of a back end, which is none where there is no back end."""

    def run(subject: Subject) -> Iterator[Verdict]:
        back_end = subject.back_ends.get(name)
        if back_end is None:
            return
        try:
            yield from list(examine(back_end))
        except back_end.failures as error:
            found = no_answer(back_end.key, back_end.where, error)
            yield wrong(f"{found.key} {found.remedy}.")

    return run


def _interface(subject: Subject) -> tuple[SessionInterface | None, Verdict | None]:
    """Return the interface of the app's sessions, or what is wrong with it."""
    if subject.app is not None:
        return subject.app.session_interface, None
    app = stand_in(subject)
    limit = subject.config.session_store_timeout if subject.config else 2
    with without_warnings():
        problems = set_up_sessions(app, limit, subject.environ)
    if problems:
        return None, of_problem(problems[0])
    return app.session_interface, None


def _values(back_end: BackEnd) -> Iterator[Verdict]:
    """Write, read, find and remove a key, and see whether it expires."""
    key, label = _key(), _key()
    back_end.keep(key, b"1", _MAX_AGE)
    if back_end.fetch(key) != b"1":
        yield wrong("What was written cannot be read.")
    if not back_end.replace(key, b"2", _MAX_AGE):
        yield wrong("What was written cannot be changed.")
    back_end.label(Labelling("doctor", [label], _MAX_AGE, _MAX_AGE))
    if back_end.labelled(label) != ["doctor"]:
        yield wrong("Sessions are not found by their user.")
    back_end.unlabel(label, ["doctor"])
    if not back_end.expires(key):
        yield wrong("Nothing expires.")
    back_end.remove(key)
    if back_end.fetch(key) is not None:
        yield wrong("What was removed is still there.")
    yield ok("It writes, reads, finds, expires and removes.")


def _round_trip(back_end: BackEnd) -> Iterator[Verdict]:
    """Compare the time of a read with what a request may wait."""
    key, took = _key(), []
    for _ in range(_READS):
        began = time.monotonic()
        back_end.fetch(key)
        took.append(time.monotonic() - began)
    typical = statistics.median(took)
    told = f"A read takes {typical * 1000:.1f} ms of {back_end.limit:g} s."
    if typical > back_end.limit / 2:
        yield wrong(told, "Move it nearer, or raise AUTH0_SESSION_STORE_TIMEOUT.")
    elif typical > back_end.limit / 10:
        yield warning(told, "Move it nearer, or raise AUTH0_SESSION_STORE_TIMEOUT.")
    else:
        yield ok(told)


def _locks(back_end: BackEnd) -> Iterator[Verdict]:
    """Take a lock twice, as two processes would; a pooler may lose it."""
    key = _key()
    first = back_end.try_lock(key)
    second = back_end.try_lock(key)
    if second is not None:
        second.release()
    if first is None or second is not None:
        advice = "Is there a pooler that shares connections, or several servers?"
        yield wrong("A lock keeps nobody out, so that refresh tokens get lost.", advice)
        return
    first.release()
    third = back_end.try_lock(key)
    if third is None:
        yield wrong("A lock that was released is still held.")
        return
    third.release()
    yield ok("Its locks keep others out.")


def _key() -> str:
    return f"flask_auth0.doctor:{secrets.token_hex(12)}"


def checks_of(name: str) -> tuple[Check, ...]:
    """Return the checks of any back end."""
    connect = _connect_sessions if name == SESSIONS else _connect_revocations
    return (
        Check(name, connect),
        Check(f"{name}.values", asking(name, _values), (name,)),
        Check(f"{name}.round-trip", asking(name, _round_trip), (name,)),
        Check(f"{name}.locks", asking(name, _locks), (f"{name}.values",)),
    )
