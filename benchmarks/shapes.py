"""Sessions of the size that a login leaves, in any number, without logins."""

from __future__ import annotations

import secrets
import typing as t
from collections.abc import Iterator, Mapping

import redis

from flask_auth0.sessions.labels import record_of
from flask_auth0.sessions.server.storage import RecordCompartment
from flask_auth0.sessions.storage_contract import BODY, HEAD, Entry
from flask_auth0.sessions.stores.base import Labelling

from . import ours
from .filling import Recorder, Written
from .plain import SCOPE
from .report import Table
from .visitor import Visitor

#: An access token for an API is a JSON Web Token of about 1.5 KB.
API = "https://api.example.com"
#: The most seconds that a session lasts, by default.
LIFETIME = 259200
#: What a callback leaves for its own repetition, for a minute.
_CALLBACK = b"flask_auth0.callback:"


class Shape(t.NamedTuple):
    """How many bytes the values of a session have."""

    #: What the app keeps in its own session, which is the id of the state.
    session: int
    #: The sealed user, and the sealed tokens.
    head: int
    body: int
    #: What a callback leaves for a minute.
    callback: int


#: What is asked for at a login, and what that is called.
LOGINS: dict[str, dict[str, str]] = {
    "the user alone": {"AUTH0_SCOPE": "openid profile email"},
    "and a refresh token": {"AUTH0_SCOPE": SCOPE},
    "and an access token for an API": {"AUTH0_SCOPE": SCOPE, "AUTH0_AUDIENCE": API},
}


def shape_of_login(redis_url: str, **config: str) -> Shape:
    """Log in once, and return what that leaves."""
    visitor = Visitor(ours.ours_on_redis(redis_url, **config))
    visitor.log_in()
    with redis.Redis.from_url(redis_url) as client:
        keys = list(client.scan_iter(_type="STRING"))
        sizes = {key: client.strlen(key) for key in keys}
        client.flushdb()
    return Shape(
        sum(n for key, n in sizes.items() if key.startswith(b"session:")),
        sum(n for key, n in sizes.items() if key.endswith(b".head")),
        sum(n for key, n in sizes.items() if key.endswith(b".body")),
        sum(n for key, n in sizes.items() if key.startswith(_CALLBACK)),
    )


def table(redis_url: str) -> Table:
    """Return what each kind of login leaves, on a server and in cookies."""
    rows = []
    for name, config in LOGINS.items():
        shape = shape_of_login(redis_url, **config)
        sizes = [*shape, _in_cookies(config)]
        rows.append([name, *(f"{size:,}" for size in sizes)])
    headings = [
        *("A login asks for", "Session", "User", "Tokens"),
        *("Note, for a minute", "or all in cookies"),
    ]
    return Table("Bytes that a login leaves", headings, rows)


def _in_cookies(config: Mapping[str, str]) -> int:
    visitor = Visitor(ours.ours_in_cookies(**config))
    visitor.log_in()
    visitor.get("/profile")
    return len(visitor.cookie_header)


def sessions(shape: Shape, count: int) -> Iterator[Written]:
    """Return what the extension would write for so many sessions."""
    recorder = Recorder()
    records = RecordCompartment(t.cast(t.Any, recorder), LIFETIME)
    for _ in range(count):
        record = record_of(secrets.token_urlsafe(43))
        labels = (record_of(secrets.token_hex()), record_of(secrets.token_hex()))
        parts = {HEAD: _text(shape.head), BODY: _text(shape.body)}
        records.create(Entry(record, labels), parts, LIFETIME)
        written = recorder.written.pop()
        own = {f"session:{secrets.token_urlsafe(32)}": _text(shape.session).encode()}
        yield Written({**own, **written.values}, written.labelling)


def without_labels(written: Written) -> Written:
    """Return the values of a session that nothing from outside finds."""
    given = written.labelling
    bare = Labelling(given.record, (), given.max_age, given.longest)
    return Written(written.values, bare)


def labels_alone(written: Written) -> Written:
    """Return what finds a session from outside, which is there already."""
    return Written({}, written.labelling)


def _text(size: int) -> str:
    # As sealed text, it has nothing in it that a server could compress.
    return secrets.token_urlsafe(size)[:size]
