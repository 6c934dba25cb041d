"""Runs checks one after the other, each with a limit of time."""

from __future__ import annotations

import contextvars
import threading
import typing as t
from collections.abc import Callable, Iterable, Iterator, Sequence

from .findings import SKIPPED, WARNING, WRONG, Finding, Verdict, wrong
from .subject import Subject

R = t.TypeVar("R")


class Check(t.NamedTuple):
    """Something to look at. A check that does not concern an app yields nothing."""

    name: str
    run: Callable[[Subject], Iterable[Verdict]]
    #: The checks without whose success it makes no sense.
    needs: tuple[str, ...] = ()


def examine(subject: Subject, checks: Sequence[Check]) -> Iterator[Finding]:
    """Run checks, and yield what they find, as soon as they do."""
    failed: dict[str, str] = {}
    for check in checks:
        cause = next((failed[name] for name in check.needs if name in failed), None)
        if cause is not None:
            failed[check.name] = cause
            yield Finding(check.name, SKIPPED, f"Not checked: see {cause}.", "", "")
            continue
        for verdict in _verdicts(check, subject):
            if verdict.level in (WRONG, SKIPPED):
                failed[check.name] = check.name
            yield Finding(check.name, *verdict)


def _verdicts(check: Check, subject: Subject) -> list[Verdict]:
    try:
        return within(subject.limit, lambda: list(check.run(subject)))
    except TimeoutError:
        return [wrong(f"There is no answer within {subject.limit:g} seconds.")]
    except Exception as error:
        # What a check did not expect is no verdict about the app.
        told = f"This could not be checked: {type(error).__name__}."
        return [Verdict(WARNING, told)]


def within(limit: float, work: Callable[[], R]) -> R:
    """Return the result of work that may take so many seconds.

    Not all that a check waits for has a limit of its own, such as DNS.

    :raises TimeoutError: when the time is over; the work goes on in its thread.
    """
    results: list[R] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:
            errors.append(error)

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(run,), daemon=True)
    thread.start()
    thread.join(limit)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError
    return results[0]
