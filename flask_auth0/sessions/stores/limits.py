"""Limits the time that a request waits for a back end, and meets its outages."""

from __future__ import annotations

import logging
import math
import time
import typing as t
from collections.abc import Callable
from contextvars import ContextVar

from ...errors import SessionStoreUnavailable
from ...runtime.outage import Outage
from ...runtime.telemetry import span
from ...runtime.tracebacks import without_frames
from .bad_settings import no_answer

T = t.TypeVar("T")
D = t.TypeVar("D")
P = t.ParamSpec("P")

#: The reason that lines of the log have.
_TOLD = {"reason": SessionStoreUnavailable.reason}

#: Seconds without optional calls, once one of them has failed.
PAUSE = 30

#: Whether the current call of the back end is an optional one.
_is_optional: ContextVar[bool] = ContextVar("is_optional", default=False)


class Limited:
    """Asks a back end within the limit of the current request.

    :param limit: seconds that a request may wait, for all its calls together.
    :param outage: returns the outage as the current request knows it, or a new one
        outside of a request.
    """

    #: The key of the configuration that names the back end, and its address, which the
    #: log has.
    key: str = "SESSION_TYPE"
    where: str = "as the app has set it up"
    #: The driver's errors when the back end is down, slow or refuses to work.
    failures: tuple[type[Exception], ...] = (OSError,)

    def __init__(
        self, limit: float, logger: logging.Logger, outage: Callable[[], Outage]
    ) -> None:
        self.limit = limit
        self.logger = logger
        self._outage = outage
        #: When an optional call has failed last, by the monotonic clock.
        self._failed_at = -math.inf
        self._is_failing = False
        #: Since when the back end answers again after an outage in this process, by the
        #: monotonic clock.
        self.well_since: float = -math.inf
        #: When the call that it has answered last was made, by the monotonic clock; at
        #: no time if a later one has failed.
        self.answered_at: float = -math.inf

    def forget_idle(self) -> None:
        """Close idle connections, which may have failed like one that was in use.

        It does nothing for drivers that do so themselves.
        """

    def ask(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the back end, within the limit of the current request.

        Each call of a driver takes half of the limit at most, and none begins in the
        second half.

        :raises SessionStoreUnavailable: when the back end does not answer.
        """
        return self.ask_in(self._outage(), lambda: work(*args, **kwargs))

    def ask_in(self, outage: Outage | None, work: Callable[[], T]) -> T:
        """Call the back end as :meth:`ask` does.

        :param outage: what its caller's request knows of it, if that is at hand.
        """
        outage = outage or self._outage()
        if outage.happened or outage.spent > self.limit / 2:
            self._give_up(outage)
        began = time.monotonic()
        try:
            result = self._twice(work, began)
            self._note_success()
            self.answered_at = began
            return result
        except self.failures as error:
            self._is_failing, cause = True, self._cause(error)
            self.answered_at = -math.inf
            if not _is_optional.get():
                outage.happened = outage.is_told = True
                self.logger.warning("The session store fails: %s.", cause, extra=_TOLD)
            # The frames of the driver know the keys of sessions.
            failure = SessionStoreUnavailable(remedy=f"{cause}.")
            raise failure from without_frames(error)
        finally:
            took = time.monotonic() - began
            # Calls under a tenth of the limit do not count: they add up where the app
            # is slow, not the back end.
            outage.spent += took if took > self.limit / 10 else 0

    def trace(self) -> None:
        """Open a span around each call from now on, if there is none yet."""
        if "ask_in" in vars(self):
            return
        ask, kind = self.ask_in, type(self).__module__.rpartition(".")[2]

        def traced(outage: Outage | None, work: Callable[[], T]) -> T:
            with span("session_store", **{"db.system.name": kind}):
                return ask(outage, work)

        # A method would be a call more where nobody collects spans.
        vars(self)["ask_in"] = traced

    def poll(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the back end as :meth:`ask` does, for a call that is repeated.

        Repeated calls wait for another process, not for the back end: a call that is
        answered takes nothing from the limit of the request.
        """
        return self.poll_in(self._outage(), lambda: work(*args, **kwargs))

    def poll_in(self, outage: Outage, work: Callable[[], T]) -> T:
        """Call the back end as :meth:`poll` does, with what a request knows of it."""
        before = outage.spent
        result = self.ask_in(outage, work)
        outage.spent = before
        return result

    def attempt(self, work: Callable[[], T], otherwise: D) -> T | D:
        """Do work that the current request can do without.

        :param work: asks for something with :meth:`ask`.
        :return: the result of the work, or ``otherwise`` if the back end refuses it or
            does not answer.
        """
        outage = self._outage()
        before, token = outage.spent, _is_optional.set(True)
        try:
            return work()
        except SessionStoreUnavailable as error:
            # One call in vain leaves half of the limit for the calls that are needed.
            outage.spent = min(outage.spent, max(before, self.limit / 2))
            self._note_failure(error)
            return otherwise
        finally:
            _is_optional.reset(token)

    def attempt_if_well(self, work: Callable[[], T], otherwise: D) -> T | D:
        """Do as :meth:`attempt` does, unless one has failed within :data:`PAUSE`."""
        if time.monotonic() - self._failed_at < PAUSE:
            return otherwise
        return self.attempt(work, otherwise)

    def _twice(self, work: Callable[[], T], began: float) -> T:
        """Do work, and repeat it if it fails at once, as a dead connection does."""
        try:
            return work()
        except self.failures:
            self.forget_idle()
            if time.monotonic() - began > self.limit / 10:
                raise
            return work()

    def _note_success(self) -> None:
        if self._is_failing:
            self._is_failing, self.well_since = False, time.monotonic()

    def _note_failure(self, error: SessionStoreUnavailable) -> None:
        before, self._failed_at = self._failed_at, time.monotonic()
        if self._failed_at - before >= PAUSE:
            self.logger.warning(
                "The session store does not do what requests can do without, such as "
                "noting that a user is active: %s.",
                self._cause(error.__cause__ or error),
                extra=_TOLD,
            )

    def _cause(self, error: BaseException) -> str:
        """Return the key, the address and the remedy for an error of the driver."""
        return f"{self.key} {no_answer(self.key, self.where, error).remedy}"

    def _give_up(self, outage: Outage) -> t.NoReturn:
        if not _is_optional.get():
            if not outage.happened:
                self.logger.warning(
                    "The session store has taken %.1f s (%s: %s): nothing more is "
                    "asked of it for this request, which is answered with 503.",
                    outage.spent,
                    self.key,
                    self.where,
                    extra=_TOLD,
                )
            outage.happened = outage.is_told = True
        raise SessionStoreUnavailable()
