"""The SDK's tokens of second factors, each bound to the session that needs one.

The answer to a second factor may have no ID token. Then nothing but the token of its
challenge tells whose the answer is.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable
from contextvars import ContextVar

from auth0_server_python.encryption.encrypt import decrypt, encrypt

from ..runtime.request import current_request
from ..sessions.labels import record_of
from ..sessions.shapes import State

#: What the SDK encrypts these tokens for.
_PURPOSE = "mfa_token"
#: The fields of a token that name its session, if it has one, and its domain, if the
#: app has several: no other tenant may see what is in it.
_SESSION, _DOMAIN = "session", "domain"

#: The session that may need a second factor, as :func:`name_of` returns it. It is set
#: around calls of the SDK, and the tokens made meanwhile are bound to it.
asking: ContextVar[str | None] = ContextVar("asking", default=None)


def name_of(state: State | None) -> str | None:
    """Return a name of a session and its user, or ``None`` without a session."""
    if not state:
        return None
    session_id = state["internal"].get("session_id")
    record = session_id and record_of(session_id)
    return json.dumps([state["user"]["sub"], state.get("domain"), record])


def bound(make: Callable[..., str], secret: str) -> Callable[..., str]:
    """Return a function that makes the SDK's tokens, for the session that asks."""

    def make_bound(*args: t.Any, **kwargs: t.Any) -> str:
        token = make(*args, **kwargs)
        own = {_SESSION: asking.get(), _DOMAIN: current_request().domain}
        return encrypt({**decrypt(token, secret, _PURPOSE), **own}, secret, _PURPOSE)

    return make_bound


def session_of(token: str, secret: str) -> str | None:
    """Return the name of the session that a token is bound to, if it is to any.

    :param token: one that the SDK has taken.
    """
    found: str | None = decrypt(token, secret, _PURPOSE).get(_SESSION)
    return found


def domain_of(token: str, secret: str) -> str | None:
    """Return the domain of the tenant that has asked for a factor, if it is noted.

    :param token: as of :func:`session_of`.
    """
    found: str | None = decrypt(token, secret, _PURPOSE).get(_DOMAIN)
    return found
