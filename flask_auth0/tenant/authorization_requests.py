"""What an app asks for at ``/authorize``, in the URL or pushed before (RFC 9126)."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Request
from authlib.oauth2.rfc6749 import OAuth2Payload
from flask import request
from werkzeug.datastructures import MultiDict

#: More than any test needs; a tenant may run for weeks.
LIMIT = 1_000


class Parameters(OAuth2Payload):
    """The parameters of a request, wherever they came from."""

    def __init__(self, parameters: MultiDict[str, str]) -> None:
        self._parameters = parameters

    @property
    def data(self) -> MultiDict[str, str]:
        return self._parameters

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return defaultdict(list, self._parameters.lists())


class AuthorizationRequest(FlaskOAuth2Request):
    """A request for a login."""

    def __init__(self, parameters: MultiDict[str, str], *, pushed: bool) -> None:
        super().__init__(request)
        # Authlib's declares `None`.
        self.payload: Any = Parameters(parameters)
        self.pushed = pushed


@dataclass
class PushedRequest:
    """What a client has pushed, and the browser that has opened it."""

    client_id: str
    parameters: MultiDict[str, str] = field(repr=False)
    expires_at: float
    browser: str | None = field(default=None, repr=False)


class PushedRequests:
    """Pushed requests by ``request_uri``; each is opened once."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._requests: dict[str, PushedRequest] = {}

    def save(
        self, client_id: str, parameters: MultiDict[str, str], lifetime: int
    ) -> str:
        """Keep a request for so many seconds, and return its ``request_uri``."""
        uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(24)}"
        pushed = PushedRequest(client_id, parameters, time.time() + lifetime)
        with self._lock:
            self._requests[uri] = pushed
            while len(self._requests) > LIMIT:
                del self._requests[next(iter(self._requests))]
        return uri

    def open(
        self, uri: str, client_id: str | None, browser: str
    ) -> MultiDict[str, str] | None:
        """The parameters, for the first browser that comes in time."""
        with self._lock:
            pushed = self._requests.get(uri)
            if pushed is None or pushed.client_id != client_id:
                return None
            if pushed.browser or time.time() >= pushed.expires_at:
                return None
            pushed.browser = browser
            return pushed.parameters

    def opened(
        self, uri: str, client_id: str | None, browser: str
    ) -> MultiDict[str, str] | None:
        """The parameters, for the form on the page that the browser has got."""
        with self._lock:
            pushed = self._requests.get(uri)
            if pushed is None or pushed.client_id != client_id:
                return None
            return pushed.parameters if pushed.browser == browser else None

    def discard(self, uri: str) -> None:
        with self._lock:
            self._requests.pop(uri, None)
