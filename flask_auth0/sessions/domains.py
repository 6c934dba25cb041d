"""The domain of a request: the tenant at which its user logs in."""

from __future__ import annotations

import inspect
import typing as t
from collections.abc import Awaitable

from ..config import Config, DomainFunction, Problem
from ..config.values import parse_domain
from ..errors import ConfigurationError, LoginFailed, in_one_line
from ..pages import Text
from ..runtime import loop
from ..runtime.request import CurrentRequest, current_request

#: The most domains of which anything is remembered: documents, keys, connections.
MOST_DOMAINS = 100


class Domains:
    """Tells the domain of requests: always the same, or as a function of the app does.

    The function is called once for a request, and only if its domain is needed.
    """

    def __init__(self, config: Config) -> None:
        #: The domain of all requests, unless the app has several.
        self.fixed: str | None = config.domain or None
        self._function: DomainFunction | None = config.domain_function

    def of(self, current: CurrentRequest) -> str:
        """Return the domain of a request.

        :raises ConfigurationError: outside of a request, and for an answer of the app's
            function that is no domain.
        """
        known = self._known(current)
        if known is not None:
            return known
        try:
            answer = self._ask(current)
            if inspect.isawaitable(answer):
                answer = loop.run(_awaited(answer), None)
        except Exception as error:
            raise _failed(current, error) from None
        return self._noted(current, answer)

    async def resolve(self, current: CurrentRequest) -> str:
        """Return the domain of a request, from a coroutine."""
        known = self._known(current)
        if known is not None:
            return known
        try:
            answer = await loop.aside(lambda: self._ask(current))
            if inspect.isawaitable(answer):
                answer = await loop.call(_awaited(answer))
        except Exception as error:
            raise _failed(current, error) from None
        return self._noted(current, answer)

    async def name(self, identifier: str) -> str:
        """Return the name under which the current request keeps something beside its
        session: another one for each domain.
        """
        if self.fixed is not None:
            return identifier
        return f"{identifier} at {await self.resolve(current_request())}"

    def is_of(self, domain: str | None, current: CurrentRequest) -> bool:
        """Tell whether a domain, or none, is that of a request."""
        return self.fixed is not None or domain == self.of(current)

    def require(self, domain: str | None, current: CurrentRequest) -> None:
        """Refuse a login that was begun at another domain.

        :raises LoginFailed: telling so.
        """
        if not self.is_of(domain, current):
            raise LoginFailed(
                Text("This is the end of a login that began at another address."),
                remedy=f"It was begun at {domain!r}, and this host logs in at "
                f"{self.of(current)!r}.",
            )

    def _known(self, current: CurrentRequest) -> str | None:
        if self.fixed is not None:
            return self.fixed
        if current.domain_error is not None:
            # Each attempt would append its frames to the error.
            raise current.domain_error.with_traceback(None)
        return current.domain

    def _ask(self, current: CurrentRequest) -> t.Any:
        if current.is_empty or self._function is None:
            raise ConfigurationError(
                "AUTH0_DOMAIN is a function of the request, and this is outside of one."
            )
        return self._function(current.request)

    def _noted(self, current: CurrentRequest, answer: t.Any) -> str:
        try:
            current.domain = parse_domain(answer).removesuffix(":443")
        except ValueError as error:
            raise _failed(current, self._bad(current, answer, error)) from None
        return current.domain

    def _bad(
        self, current: CurrentRequest, answer: t.Any, error: ValueError
    ) -> ConfigurationError:
        name = getattr(self._function, "__qualname__", type(self._function).__name__)
        told = in_one_line(f"{answer!r} for the host {current.request.host!r}")
        remedy = f"is the function {name}, which returned {told}; that {error}"
        return ConfigurationError(Problem("AUTH0_DOMAIN", remedy))


async def _awaited(answer: Awaitable[t.Any]) -> t.Any:
    return await answer


def _failed(current: CurrentRequest, error: Exception) -> Exception:
    """Note an error for the rest of the request, which goes on without its user."""
    if not current.is_empty:
        current.domain_error = error
        current.outage.is_told = True
        # It is the app's own, whatever it is: an abort(404), for one.
        current.hook_errors += (error,)
    return error
