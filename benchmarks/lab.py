"""What the parts measure with, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask_auth0.runtime import cookie_jar
from flask_auth0.sessions import codec
from flask_auth0.sessions.cookies import verifier
from flask_auth0.sessions.server import prefetch

from .tenant import RemoteTenant

#: The most browsers of which a process remembers anything.
_KNOWN = max(
    *(codec.MOST_HEADS, cookie_jar.REMEMBERED),
    *(prefetch.REMEMBERED, verifier.REMEMBERED),
)


@dataclass(frozen=True)
class Size:
    """How often each part does what it measures."""

    #: Processes that start with each kind of app.
    starts: int = 9
    #: Rounds in which all contenders have their turn.
    rounds: int = 40
    #: Requests to a protected view in a turn.
    calls: int = 50
    #: Browsers that come one after the other, of too many to be known.
    crowd: int = 2 * _KNOWN
    #: Requests of two processes whose instructions are counted: the start is in both.
    counted: tuple[int, int] = (1_000, 3_000)
    #: Logins of each app, and refreshes.
    logins: int = 40
    #: Who finds the same token expired at the same time.
    callers: int = 50
    #: Sessions in each of some stores.
    sessions: tuple[int, ...] = (1_000, 10_000, 100_000)
    #: The most sessions that the reference's loop has to go through.
    looped: int = 100_000
    #: Logouts from outside at each size.
    logouts: int = 40
    #: Sessions whose memory is measured.
    weighed: int = 50
    #: Sessions that a place is filled with: Redis, PostgreSQL, those that take one at a
    #: time, and imitations, which weigh them one by one.
    in_memory: int = 100_000
    in_bulk: int = 50_000
    one_by_one: int = 1_000
    imitated: int = 50
    #: Rows of tables in PostgreSQL.
    rows: tuple[int, ...] = (100_000, 1_000_000)
    #: Of gunicorn.
    workers: tuple[int, ...] = (1, 2, 4)
    #: How often each server is put under load, and for how many seconds.
    bursts: int = 8
    seconds: float = 1.5
    #: Users who log in after an outage: in a simulation, and really.
    stormers: int = 100_000
    real_stormers: int = 400
    #: Logout tokens, and the seconds in which they come.
    storm_of_logouts: tuple[int, float] = (10_000, 60.0)


QUICK = Size(
    starts=1,
    rounds=3,
    calls=10,
    # As many as all these calls, so that each still is another one's.
    crowd=40,
    counted=(20, 40),
    logins=3,
    callers=4,
    sessions=(100, 1_000),
    looped=1_000,
    logouts=4,
    weighed=4,
    in_memory=2_000,
    in_bulk=2_000,
    one_by_one=100,
    imitated=10,
    rows=(1_000, 10_000),
    workers=(1,),
    bursts=2,
    seconds=0.3,
    stormers=300,
    real_stormers=12,
    storm_of_logouts=(40, 2.0),
)


@dataclass(frozen=True)
class Lab:
    """What is there for one part.

    :param redis_url: of a Redis that is empty.
    :param folder: is empty as well.
    """

    tenant: RemoteTenant
    redis_url: str
    folder: Path
    size: Size
