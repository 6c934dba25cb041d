"""Spans and metrics of OpenTelemetry, where an app has set it up.

Its API is an extra. Whoever sets it up has imported it, so that nothing of this costs
an app anything that does not use it.
"""

from __future__ import annotations

import functools
import importlib
import sys
import time
import typing as t
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

P = t.ParamSpec("P")
R = t.TypeVar("R")
#: What is known of an operation; its body may add to it.
Noted = dict[str, t.Any]

_NAME = "flask_auth0"


def is_set_up() -> bool:
    """Tell whether somebody collects spans."""
    trace = _imported("opentelemetry.trace")
    return trace is not None and not isinstance(
        trace.get_tracer_provider(), trace.ProxyTracerProvider
    )


def span(operation: str, **attributes: t.Any) -> AbstractContextManager[Noted]:
    """Open a span around an operation.

    It has no text of an error, as that may have something secret in it: the reason that
    the log has, or the class, has to do.

    :param operation: what is done, in one word; the span's name is ``auth0.`` with it.
    """
    return _spanning(operation, attributes) if is_set_up() else nullcontext({})


def traced(operation: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that opens a span around each call of a function."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with span(operation):
                return function(*args, **kwargs)

        return call

    return decorate


def count(reason: str, event: str | None) -> None:
    """Count an event that the log has a line on."""
    metrics = _imported("opentelemetry.metrics")
    if metrics is not None:
        counter, _ = _instruments(metrics.get_meter_provider())
        counter.add(1, _known({"reason": reason, "event": event}))


@contextmanager
def _spanning(operation: str, attributes: Mapping[str, t.Any]) -> Iterator[Noted]:
    from opentelemetry import metrics, trace

    tracer = trace.get_tracer_provider().get_tracer(_NAME)
    noted, began = dict(attributes), time.monotonic()
    with tracer.start_as_current_span(
        f"auth0.{operation}", record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield noted
        except BaseException as error:
            noted["error.type"] = getattr(error, "reason", type(error).__name__)
            current.set_status(trace.StatusCode.ERROR)
            raise
        finally:
            current.set_attributes(_known(noted))
            measured = {"operation": operation, "error.type": noted.get("error.type")}
            _, duration = _instruments(metrics.get_meter_provider())
            duration.record(time.monotonic() - began, _known(measured))


@functools.lru_cache(1)
def _instruments(provider: t.Any) -> tuple[t.Any, t.Any]:
    """Return the counter of events, and the histogram of durations."""
    meter = provider.get_meter(_NAME)
    counter = meter.create_counter(
        "flask_auth0.events", "1", "What the log has a line on, by its reason."
    )
    duration = meter.create_histogram(
        "flask_auth0.operation.duration", "s", "How long an operation takes."
    )
    return counter, duration


def _imported(name: str) -> t.Any:
    """Return a module that somebody has imported, or ``None``."""
    # Another thread may not have finished with it, for which the import waits.
    return importlib.import_module(name) if name in sys.modules else None


def _known(attributes: Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: value for name, value in attributes.items() if value is not None}
