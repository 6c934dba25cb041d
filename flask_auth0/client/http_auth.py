"""Access tokens for the requests of httpx to an API."""

from __future__ import annotations

import re
import typing as t
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator

import httpx

from ..config import is_plain_loopback
from ..config.urls import origin_of
from ..errors import ConfigurationError
from .tokens import TokenClient

Asking = Coroutine[t.Any, t.Any, str]
#: Returns a coroutine for an access token; its argument is the request whose token the
#: API has refused, if there was one.
Ask = Callable[[httpx.Request | None], Asking]

#: The extension of a request that names the origin its token was for. httpx hands
#: extensions on to the request that a redirect leads to.
_ORIGIN = "flask_auth0.origin"
_BEARER = r"(?is)(?:^|,)\s*bearer(?=[\s,]|$)(.*)"
_ERROR = r'(?i)(?:^|[\s,])error\s*=\s*"?([^",\s]+)'


def asking(
    client: Callable[[], TokenClient], audience: str | None, scope: str | None
) -> Ask:
    """Return a function that asks for access tokens of an API.

    :param client: returns the client of the app that a request is made for.
    """

    async def ask(refused: httpx.Request | None) -> str:
        if refused is None:
            return await client().get_access_token(audience=audience, scope=scope)
        # The report of an error may show the variables of this frame.
        return await client().replace_access_token(_token_of(refused), audience, scope)

    return ask


class HttpAuth(httpx.Auth):
    """Adds the access token of a session to requests, as ``auth0.http_auth()``.

    A token that the API refuses with 401 is replaced once, and the request is sent
    again. A request whose body cannot be sent twice, such as a stream, is not: its
    caller gets the 401.

    :param ask: asks for the token.
    :param wait: asks, and waits for the answer, for sync clients.
    :param going_on: asks, and awaits the answer, for async clients.
    """

    def __init__(
        self,
        ask: Ask,
        wait: Callable[[Callable[[], Asking]], str],
        going_on: Callable[[Callable[[], Asking]], Asking],
    ) -> None:
        self._ask, self._wait, self._going_on = ask, wait, going_on

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token, for ``httpx.Client``."""
        if not _may_have_token(request):
            yield request
            return
        response = yield _with_token(request, self._wait(lambda: self._ask(None)))
        if _wants_another(request, response):
            yield _with_token(request, self._wait(lambda: self._ask(request)))

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Add the token, for ``httpx.AsyncClient``."""
        if not _may_have_token(request):
            yield request
            return
        response = yield _with_token(
            request, await self._going_on(lambda: self._ask(None))
        )
        if _wants_another(request, response):
            yield _with_token(request, await self._going_on(lambda: self._ask(request)))


def _token_of(request: httpx.Request) -> str:
    """Return the token that was sent with a request."""
    return request.headers["Authorization"].partition(" ")[2]


def _may_have_token(request: httpx.Request) -> bool:
    """Tell whether a request may have the token: not if a redirect leads elsewhere.

    httpx takes the header away from a redirect that it follows itself, to another
    origin. A caller that sends ``response.next_request`` comes here once more.

    :raises ConfigurationError: when the token could be read on its way.
    """
    url = str(request.url)
    origin = origin_of(url)
    if request.extensions.setdefault(_ORIGIN, origin) != origin:
        return False
    if request.url.scheme != "https" and not is_plain_loopback(url):
        raise ConfigurationError(
            f"An access token is sent with https only, and not to {origin}."
        )
    return True


def _with_token(request: httpx.Request, token: str) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {token}"
    return request


def _wants_another(request: httpx.Request, response: httpx.Response) -> bool:
    """Tell whether the API refuses a token, and takes the request with another one."""
    # The response may be that of another host, after a redirect.
    sent = response.request.headers.get("Authorization")
    was_sent = sent == request.headers["Authorization"]
    is_refused = response.status_code == 401 and was_sent and _is_challenge(response)
    return is_refused and _can_be_repeated(request)


def _can_be_repeated(request: httpx.Request) -> bool:
    try:
        return request.content is not None
    except httpx.RequestNotRead:
        return False


def _is_challenge(response: httpx.Response) -> bool:
    """Tell whether a response asks for another token (RFC 6750, section 3.1).

    Many APIs send no challenge at all, though they should.
    """
    header = ", ".join(response.headers.get_list("WWW-Authenticate"))
    bearer = re.search(_BEARER, header)
    error = bearer and re.search(_ERROR, bearer[1])
    return not header or (bearer is not None and _is_invalid_token(error))


def _is_invalid_token(error: re.Match[str] | None) -> bool:
    return error is None or error[1] == "invalid_token"
