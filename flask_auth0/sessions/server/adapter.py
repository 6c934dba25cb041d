"""The back ends of session interfaces that an app has set up itself."""

from __future__ import annotations

import logging
import math
import threading
import typing as t
from collections.abc import Callable, Mapping
from datetime import timedelta

from flask_session.base import ServerSideSessionInterface

from ...runtime.logger import logger_of
from ...runtime.processes import PerProcess
from ...runtime.request import current_outage
from ..stores.base import BackEnd, Setup
from ..stores.labels_in_values import OneAtATime

T = t.TypeVar("T")

#: Seconds that a request may wait for an app's own client of redis-py. It may take
#: longer for a call, as any other client may for all of them.
_LIMIT = 2

#: The locks of keys; several keys share one.
_locks = PerProcess(lambda: [threading.Lock() for _ in range(64)])


class AdaptedBackEnd(OneAtATime):
    """Keeps our values through the three operations of a Flask-Session interface."""

    def __init__(self, setup: Setup, theirs: ServerSideSessionInterface) -> None:
        super().__init__(setup, PerProcess(lambda: getattr(theirs, "client", None)))
        self._theirs = theirs

    def _twice(self, work: Callable[[], T], began: float) -> T:
        # The app's own client knows whether it tries again.
        return work()

    def fetch(self, key: str) -> bytes | None:
        record = self._theirs._retrieve_session_data(key)
        value = record.get("value") if isinstance(record, Mapping) else None
        return value.encode("ascii", "replace") if isinstance(value, str) else None

    def mutex(self, key: str) -> threading.Lock:
        locks = _locks.get()
        return locks[hash(key) % len(locks)]

    def write(self, key: str, value: bytes, max_age: int) -> None:
        content = {"value": value.decode("ascii")}
        self._theirs._upsert_session(timedelta(seconds=max_age), content, key)

    def delete(self, key: str) -> None:
        self._theirs._delete_session(key)

    def close(self) -> None:
        """Leave the connections open, as they are the app's."""


def adapted(theirs: ServerSideSessionInterface) -> BackEnd:
    """Return the back end of an interface that is not ours."""
    # Some of Flask-Session's interfaces have no reference to their app.
    logger = logger_of(theirs.app) if theirs.app else logging.getLogger(__name__)
    if _is_redis(theirs):
        from ..stores.redis import RedisBackEnd, address_of

        setup = Setup({}, _LIMIT, logger, current_outage)
        client = t.cast(t.Any, theirs).client
        back_end = RedisBackEnd(setup, PerProcess(lambda: client))
        back_end.where = f"{address_of(client)}, by the app's Session(app)"
        return back_end
    return AdaptedBackEnd(Setup({}, math.inf, logger, current_outage), theirs)


def _is_redis(theirs: ServerSideSessionInterface) -> bool:
    """Tell whether an interface is Flask-Session's for Redis, without its import."""
    kinds = (f"{each.__module__}.{each.__name__}" for each in type(theirs).__mro__)
    return "flask_session.redis.redis.RedisSessionInterface" in kinds
