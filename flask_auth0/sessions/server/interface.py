"""Flask-Session's interface, with what fails its users put right for every back end."""

from __future__ import annotations

import math
import re
import time
import typing as t
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from datetime import timedelta

from flask import Flask, Request, Response, has_request_context, session
from flask_session.base import ServerSideSessionInterface
from flask_session.defaults import Defaults
from itsdangerous import BadSignature, Signer

from ...errors import SessionStoreUnavailable
from ...runtime import error_handlers
from ...runtime.per_request import if_made, per_request
from ...runtime.tracebacks import without_frames
from ..cookies.duplicates import MOST, one_of
from ..cookies.host_prefix import OwnNames
from ..cookies.jar import cookie_jar, session_cookie_flags
from ..idle import LastsAsLogins
from ..stores.locks import Lock
from .lazy import Found, LazySession, Watch
from .prefetch import Together
from .serializer import SafeSerializer

T = t.TypeVar("T")
D = t.TypeVar("D")

#: What all back ends take, and the names of Flask-Session's parameters for it.
_COMMON = {
    "key_prefix": "SESSION_KEY_PREFIX",
    "use_signer": "SESSION_USE_SIGNER",
    "permanent": "SESSION_PERMANENT",
    "sid_length": "SESSION_ID_LENGTH",
    "serialization_format": "SESSION_SERIALIZATION_FORMAT",
}

#: Seconds for which nothing is tried that can be done without, once that has failed.
PAUSE = 30

#: Whether the request can do without what the back end is asked for.
_is_optional: ContextVar[bool] = ContextVar("is_optional", default=False)


class TooLargeForStore(Exception):
    """A back end does not take a value of so many bytes."""


class Ending(t.NamedTuple):
    """A record that ends: the keys of its values, and its own labels."""

    record: str
    keys: tuple[str, ...]
    labels: tuple[str, ...]


#: Where the removal of what has expired goes on; ``None`` is the beginning.
Rest = t.Any


class Pruned(t.NamedTuple):
    """What a part of the removal of what has expired has done."""

    #: How many sessions and records it has removed.
    removed: int
    #: Where the next part goes on, or ``None`` after the last one.
    rest: Rest


class Outage:
    """What the current request knows about the state of its back end."""

    #: Whether it has failed; then nothing more is asked of it in this request.
    happened = False
    #: Whether the app has heard of it.
    is_told = False
    #: Seconds that it has been waited for.
    spent = 0.0


class StoreInterface(LastsAsLogins, OwnNames, ServerSideSessionInterface):  # type: ignore[misc]
    """Keeps sessions in a back end; a subclass says how that keeps bytes by a key.

    :param settings: Flask-Session's keys.
    :param limit: seconds that a request may wait for the back end in all.
    """

    session_class = LazySession
    #: What looks at a session once it has been read.
    watch: Watch | None = None
    #: What the driver raises when the back end is down, slow or refuses to work.
    failures: tuple[type[Exception], ...] = (OSError,)

    def __init__(self, app: Flask, settings: Mapping[str, t.Any], limit: float) -> None:
        common = {name: _setting(settings, key) for name, key in _COMMON.items()}
        ServerSideSessionInterface.__init__(
            self, app, **common, cleanup_n_requests=_cleanup(settings)
        )
        self.serializer = SafeSerializer(app, common["serialization_format"])
        self.limit = limit
        self._together = Together()
        #: When something that can be done without has failed, by the monotonic clock.
        self._failed_at = -math.inf
        self._is_failing = False
        #: Since when the back end answers again, by the monotonic clock, if it has
        #: failed in this process.
        self.well_since = -math.inf
        #: What the last request that removed a part of what has expired has left.
        self._unpruned: Rest = None
        # What token_urlsafe() makes. Nothing else reaches the back end as a key.
        length = len(self._generate_sid(self.sid_length))
        self._sid_pattern = re.compile(f"[A-Za-z0-9_-]{{{length}}}")

    # What a back end has to do. Each may raise what is in ``failures``.

    @abstractmethod
    def fetch(self, key: str) -> bytes | None:
        """Return what is kept, unless it has expired."""

    def fetch_together(self, *keys: str) -> dict[str, bytes | None]:
        """Return what is kept under the first key, and under the others if one question
        is enough for all.
        """
        return {keys[0]: self.fetch(keys[0])}

    @abstractmethod
    def keep(self, key: str, value: bytes, max_age: int) -> None:
        """Keep a value for ``max_age`` seconds.

        :raises TooLargeForStore: when it is refused for its size.
        """

    @abstractmethod
    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        """Keep a value if there is one already; tell whether there was."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """Forget what is kept, if anything."""

    @abstractmethod
    def label(self, name: str, record: str, max_age: int, longest: int) -> None:
        """Give a record a label for ``max_age`` seconds.

        :param name: the key of the label, under which all records that have it are.
        :param longest: seconds that no record outlasts.
        """

    @abstractmethod
    def labelled(self, *names: str) -> list[str]:
        """Return the records that have a label, for each of some labels.

        Those of one label come in the order in which it was to last.
        """

    @abstractmethod
    def unlabel(self, name: str, records: Sequence[str], longest: int) -> None:
        """Take a label from records."""

    def begin(
        self,
        values: Mapping[str, bytes],
        labels: Sequence[str],
        record: str,
        max_age: int,
        longest: int,
    ) -> bool:
        """Keep the values of a new record, which can be found by its labels.

        At no moment they are there and cannot be found. Where a back end cannot do
        both at once, the labels come first.

        :return: whether the record still has its labels at the end. :meth:`end` takes
            them away before it removes the values for the last time, so if it is not
            too late here, it is not too early there.
        """
        for name in labels:
            self.label(name, record, max_age, longest)
        for key, value in values.items():
            self.keep(key, value, max_age)
        return self.labelled(*labels).count(record) == len(labels)

    def end(self, endings: Sequence[Ending], longest: int) -> None:
        """Remove the values of records, and from each record its own labels.

        The labels outlast the values, so that whoever is interrupted can be repeated.
        """
        keys = keys_of(endings)
        for key in keys:
            self.remove(key)
        for name, records in by_label(endings).items():
            self.unlabel(name, records, longest)
        for key in keys:
            self.remove(key)

    @abstractmethod
    def try_lock(self, key: str) -> Lock | None:
        """Return the lock for a key, or ``None`` if somebody else has it.

        To take one is to write: who has a lock knows that the back end can be written.
        """

    def expires(self, key: str) -> bool:
        """Tell whether what is kept under a key ends when it should."""
        self.keep(key, b"1", -1)
        return self.fetch(key) is None

    def forget_idle(self) -> None:
        """Close the connections that nobody uses: they may have failed as one has.

        Drivers that do so themselves need not be told.
        """

    def prune(self, rest: Rest = None) -> Pruned | None:
        """Remove a part of what has expired, so small that nobody has to wait for it.

        :param rest: where to go on, as the last call has returned it.
        :return: ``None`` where the back end does so itself.
        """
        return None

    # Flask-Session's operations.

    def _retrieve_session_data(self, store_id: str) -> dict[str, t.Any] | None:
        fetch = self.fetch_together
        value = self.ask(lambda: self._together.read_session(store_id, fetch))
        return None if value is None else self.serializer.decode(value)

    def _upsert_session(
        self,
        session_lifetime: timedelta,
        session: Mapping[str, t.Any],
        store_id: str,
    ) -> None:
        value = self.serializer.encode(session)
        max_age = int(session_lifetime.total_seconds())
        self.ask(lambda: self.keep(store_id, value, max_age))

    def _delete_session(self, store_id: str) -> None:
        self.ask(lambda: self.remove(store_id))

    def _delete_expired_sessions(self) -> None:
        pruned = self.ask(lambda: self.prune(self._unpruned))
        self._unpruned = pruned.rest if pruned else None

    def _cleanup_n_requests(self) -> None:
        # It befalls a request at random, which may not need the back end at all.
        self.attempt_if_well(super()._cleanup_n_requests, None)

    def read_needed(self, key: str) -> bytes | None:
        """Return what is kept; the first of a request is read with its next session."""
        return self._together.read_other(key, lambda k: self.ask(lambda: self.fetch(k)))

    def require_answer(self) -> None:
        """Raise an error if the back end does not answer."""
        self.ask(lambda: self.fetch(f"{self.key_prefix}?"))

    def regenerate(self, session: LazySession) -> None:
        """Give a session a new id; the old one is removed once the new one is kept."""
        session.replaced.append(session.sid)
        session.sid = self._generate_sid(self.sid_length)
        session.modified = True

    def open_session(self, app: Flask, request: Request) -> LazySession:
        """Return the session of a request, which is not read yet."""
        cookies = cookie_jar().came(self.get_cookie_name(app))[:MOST]
        found = filter(None, (self._checked_sid(app, cookie) for cookie in cookies))
        sids = list(dict.fromkeys(found))
        return LazySession(lambda: self._read(sids), self.watch)

    def save_session(  # type: ignore[override]
        self, app: Flask, session: LazySession, response: Response
    ) -> None:
        """Keep a session if it was changed, and tell the browser its id.

        Where that fails, the response becomes the error.
        """
        if not (session.is_loaded or session.modified):
            return
        if session.accessed:
            response.vary.add("Cookie")
        try:
            self._save_if_needed(app, session, response)
        except SessionStoreUnavailable as error:
            error_handlers.become(
                response, app.make_response(error_handlers.answer(app, error))
            )
        except TooLargeForStore as error:
            app.logger.error("A session is too large to be kept: %s bytes.", error)
            self._forget(app, session, response)

    def _get_signer(self, app: Flask) -> Signer:
        # Flask-Session knows one key only: a new one would log everybody out.
        keys = [*(app.config.get("SECRET_KEY_FALLBACKS") or []), app.secret_key]
        return Signer(keys, salt="flask-session", key_derivation="hmac")

    def _checked_sid(self, app: Flask, cookie: str) -> str | None:
        if self.use_signer and cookie:
            try:
                cookie = self._unsign(app, cookie)
            except (BadSignature, UnicodeError):
                return None
        return cookie if self._sid_pattern.fullmatch(cookie) else None

    def _read(self, sids: Sequence[str]) -> Found:
        read = self._retrieve_session_data
        contents = {sid: read(self._get_store_id(sid)) for sid in sids}
        chosen = one_of([each for each in contents.values() if each is not None])
        for sid, content in contents.items():
            if content is not None and content is chosen:
                return Found(sid, content, is_kept=True)
        new = {"_permanent": True} if self.permanent else {}
        return Found(self._generate_sid(self.sid_length), new, is_kept=False)

    def _save_if_needed(
        self, app: Flask, session: LazySession, response: Response
    ) -> None:
        def save() -> bool:
            self._save(app, session, response)
            return True

        if session.is_over and not session:
            # Nobody can do anything with what is there.
            self.attempt_if_well(save, False)
        elif not session.is_ended or not session:
            save()
        elif not self.attempt(save, False):
            # Whoever leaves must not be kept by what the app would remember of them.
            self._forget(app, session, response)

    def _save(self, app: Flask, session: LazySession, response: Response) -> None:
        if session.is_lost:
            if session.modified and response.status_code < 500:
                raise SessionStoreUnavailable()
        elif not session:
            if session.modified and self.has_ended(session):
                # Whose cookies the browser has by now is not known.
                session.modified = False
            elif session.modified:
                self._forget(app, session, response)
        elif self.should_set_storage(app, session) and self._keep(app, session):
            self._remove_replaced(session)
            if self.should_set_cookie(app, session):
                self._set_cookie(app, session, response)

    def _keep(self, app: Flask, session: LazySession) -> bool:
        """Keep a session, unless it has ended since it was read. Tell whether it is
        kept: the browser may have another one by now.
        """
        store_id = self._get_store_id(session.sid)
        lifetime = self.lifetime_of(app, session)
        if session.found_as != session.sid:
            if self.has_ended(session):
                return False
            self._upsert_session(lifetime, session, store_id)
            return True
        value = self.serializer.encode(session)
        max_age = int(lifetime.total_seconds())
        return self.ask(lambda: self.replace(store_id, value, max_age))

    def has_ended(self, session: LazySession) -> bool:
        """Tell whether a session that was found is not there any more.

        :raises SessionStoreUnavailable: when nobody knows.
        """
        if session.found_as is None:
            return False
        store_id = self._get_store_id(session.found_as)
        return self.ask(lambda: self.fetch(store_id)) is None

    def _remove_replaced(self, session: LazySession) -> None:
        for sid in session.replaced:
            self._delete_session(self._get_store_id(sid))

    def _set_cookie(self, app: Flask, session: LazySession, response: Response) -> None:
        value = self._sign(app, session.sid) if self.use_signer else session.sid
        expires = self.get_expiration_time(app, session)
        name = self.get_cookie_name(app)
        response.set_cookie(
            name, value, expires=expires, **session_cookie_flags(self, app)
        )
        response.vary.add("Cookie")

    def _forget(self, app: Flask, session: LazySession, response: Response) -> None:
        self._remove_replaced(session)
        self._delete_session(self._get_store_id(session.sid))
        # Browsers delete a cookie only if its name's prefix still fits its attributes.
        response.delete_cookie(
            self.get_cookie_name(app), **session_cookie_flags(self, app)
        )
        response.vary.add("Cookie")

    def ask(self, work: Callable[[], T]) -> T:
        """Do work that needs the back end, within the limit of the current request.

        Each call of a driver takes half of the limit at most, and none begins in the
        second half.

        :raises SessionStoreUnavailable: when the back end does not answer.
        """
        outage = per_request(Outage) if has_request_context() else Outage()
        if outage.happened or outage.spent > self.limit / 2:
            if not _is_optional.get():
                self._give_up(outage)
            raise SessionStoreUnavailable()
        began = time.monotonic()
        try:
            result = self._twice(work, began)
            self._note_success()
            return result
        except self.failures as error:
            self._is_failing = True
            if not _is_optional.get():
                outage.happened = outage.is_told = True
                name = type(error).__name__
                self.app.logger.warning("The session store does not answer: %s.", name)
            # The frames of the driver know the keys of sessions.
            raise SessionStoreUnavailable() from without_frames(error)
        finally:
            took = time.monotonic() - began
            # What is as quick as that is a busy app, and not a slow server.
            outage.spent += took if took > self.limit / 10 else 0

    def _note_success(self) -> None:
        if self._is_failing:
            self._is_failing, self.well_since = False, time.monotonic()

    def poll(self, work: Callable[[], T]) -> T:
        """Do work as :meth:`ask` does, that is done again and again.

        To wait for another process is not to wait for the back end: what answers takes
        nothing from the limit of the request.
        """
        outage = per_request(Outage) if has_request_context() else Outage()
        before = outage.spent
        result = self.ask(work)
        outage.spent = before
        return result

    def attempt(self, work: Callable[[], T], otherwise: D) -> T | D:
        """Do work that the current request can do without.

        :param work: asks for something with :meth:`ask`.
        :return: what the work returns, or ``otherwise``, where the back end refuses it
            or does not answer. Then the request goes on as if nobody had asked.
        """
        outage = per_request(Outage) if has_request_context() else Outage()
        before, token = outage.spent, _is_optional.set(True)
        try:
            return work()
        except SessionStoreUnavailable as error:
            # What was waited for in vain leaves time for one more question.
            outage.spent = min(outage.spent, max(before, self.limit / 2))
            self._note_failure(error)
            return otherwise
        finally:
            _is_optional.reset(token)

    def attempt_if_well(self, work: Callable[[], T], otherwise: D) -> T | D:
        """Do so, unless that has failed a moment ago."""
        if time.monotonic() - self._failed_at < PAUSE:
            return otherwise
        return self.attempt(work, otherwise)

    def _note_failure(self, error: SessionStoreUnavailable) -> None:
        before, self._failed_at = self._failed_at, time.monotonic()
        if self._failed_at - before >= PAUSE:
            self.app.logger.warning(
                "The session store does not do what requests can do without, such as "
                "noting that a user is active: %s.",
                type(error.__cause__ or error).__name__,
            )

    def _give_up(self, outage: Outage) -> None:
        if not outage.happened:
            self.app.logger.warning(
                "The session store has taken %.1f s: nothing more is asked of it for "
                "this request, which is answered with 503.",
                outage.spent,
            )
        outage.happened = outage.is_told = True

    def _twice(self, work: Callable[[], T], began: float) -> T:
        """Do work once more if its connection turns out to be from before a restart."""
        try:
            return work()
        except self.failures:
            self.forget_idle()
            if time.monotonic() - began > self.limit / 10:
                raise
            return work()


def keys_of(endings: Iterable[Ending]) -> list[str]:
    """Return the keys of all values that end."""
    return [key for each in endings for key in each.keys]


def by_label(endings: Iterable[Ending]) -> dict[str, list[str]]:
    """Return which records each label loses: as many names as there are labels."""
    found: dict[str, list[str]] = {}
    for each in endings:
        for name in each.labels:
            found.setdefault(name, []).append(each.record)
    return found


def is_outage_told() -> bool:
    """Tell whether the app has heard, in the current request, of a failure."""
    outage = if_made(Outage) if has_request_context() else None
    return outage is not None and outage.is_told


def tell_of_outage() -> None:
    """Note that the app hears of a failure in the current request."""
    per_request(Outage).is_told = True


def overlook_outage() -> None:
    """Let the app hear of a failure when it asks for the session itself."""
    per_request(Outage).is_told = False
    if isinstance(session, LazySession):
        session.rewind()


def _setting(settings: Mapping[str, t.Any], key: str) -> t.Any:
    return settings[key] if settings.get(key) is not None else getattr(Defaults, key)


def _cleanup(settings: Mapping[str, t.Any]) -> t.Any:
    return settings.get("SESSION_CLEANUP_N_REQUESTS")
