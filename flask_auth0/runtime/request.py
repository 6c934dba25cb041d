"""The current request, with all that belongs to it: found once, and handed down."""

from __future__ import annotations

import functools
import operator
import typing as t
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from flask import Flask, Request, current_app, request, session
from flask.sessions import SessionMixin
from msgspec import Struct
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from .collecting_response import CollectingResponse
from .cookie_jar import OURS, CookieJar
from .outage import Outage
from .owner import Owner
from .tenant_answer import TenantAnswer

#: The attribute of Flask's request that holds ours, once somebody has asked for it.
#: Where a request may have none, ``getattr()`` asks it: ``vars()`` would make its
#: dictionary, without which Python finds attributes sooner.
ATTRIBUTE = "_flask_auth0"
#: The attribute for how far its answer is, which a request has without an object, too.
STAGE = "_flask_auth0_stage"
#: Flask has begun to dispatch it; has a response, which hooks may change; and has all
#: headers, so that it saves the session next.
DISPATCHED, PROCESSED, ANSWERED = 1, 2, 3
#: The option by which the SDK hands our stores their request, where it is called in the
#: request's own thread.
HERE = "flask_auth0"


class Known(Struct, frozen=True):
    """The state of a session, as far as it has been read."""

    session_id: str | None = None
    head: dict[str, t.Any] | None = None
    body: dict[str, t.Any] | None = None


class Prefetched(Struct, eq=False):
    """Values that came in the same round trip as Flask's session."""

    #: The key of Flask's session in the back end.
    store_id: str
    #: When the values were read, by the monotonic clock.
    read_at: float
    values: dict[str, bytes | None]
    #: Whether the request has asked for another value since.
    has_asked: bool = False


class CurrentRequest:
    """All that belongs to one request.

    Several threads may work for one request, so :attr:`known` is replaced as a whole.

    :param app: the app that answers it.
    :param request: Flask's request.
    :param jar: its cookies.
    """

    #: Flask's request, which has this object in turn; ``None`` once nobody has the
    #: request any more. A method would be a call more wherever somebody looks.
    request: Request = t.cast("Request", property(operator.methodcaller("_owner")))

    #: Whether the work is outside of a request, as in a command.
    is_empty = False
    #: Whether Flask dispatches the request, and so answers it. An event of Socket.IO,
    #: or a test, has a request context alone.
    is_dispatched = False
    #: Whether a response has all cookies of the extension.
    is_complete = False
    #: Whether the request is the first one after a login.
    is_after_login = False
    #: Whether it may be that, unless an access token takes the place of the session.
    is_perhaps_after_login = False
    #: Whether the request has received new tokens. ``client/tokens`` sets it; after the
    #: call, ``client/dispatch`` sends the signal ``token_refreshed``.
    has_new_tokens = False

    #: The ``sub`` of the user whose session the request has begun.
    logged_in: str | None = None
    #: Tells the app of a login, once the call of the SDK that made it is done.
    tell_of_login: Callable[[], None] | None = None

    #: The session's state as it has been read; ``None`` until it is needed.
    known: Known | None = None
    #: The id of a session in cookies that was good when the request read it.
    found: str | None = None
    #: Whether Flask's session belonged to a login that is over.
    was_over = False
    #: Whether the request has ended its session itself.
    has_ended = False
    #: The keys of the configuration that do not fit cookies of the request, or what the
    #: store has for it: other workers, or other apps at the host, may have other ones.
    misfits: frozenset[str] = frozenset()

    #: The domain of the tenant at which its user logs in, once that is known, where an
    #: app has several; or the error of the app's function.
    domain: str | None = None
    domain_error: Exception | None = None
    #: Whether the session that it came with is one of another domain.
    is_elsewhere = False

    #: Whether the app has asked who the user is.
    has_asked_for_user = False
    #: The user's claims, from a store of the app's own.
    claims: dict[str, t.Any] | None = None
    #: Whether :attr:`claims` is the answer; ``None`` can be one.
    has_claims = False

    #: The claims of the access token with which the request was made, if a guard has
    #: verified one. They take the place of the session.
    token_claims: Mapping[str, t.Any] | None = None
    #: How that token was sent: ``Bearer`` or ``DPoP``.
    token_scheme = ""
    #: Whether a guard has looked for an access token.
    has_asked_for_token = False

    #: What the tenant said last, if that was an error.
    tenant_answer: TenantAnswer | None = None

    #: The transaction that the callback has found, with its identifier.
    transaction: tuple[str, t.Any] | None = None

    #: When the login was begun that the request completes, by our clock.
    #: ``views/callback`` sets it; ``sessions/writes`` keeps it, to tell later logouts
    #: from earlier ones.
    login_begun_at: float | None = None

    #: The form that the user had sent before the login, once the app has asked for it.
    kept_form: MultiDict[str, str] | None = None

    #: The cookies and headers that stores have set.
    collected: CollectingResponse | None = None

    #: What came with Flask's session, once that has been read from a back end.
    prefetched: Prefetched | None = None
    #: The errors that hooks have raised.
    hook_errors: tuple[Exception, ...] = ()
    #: Called with the response when it is complete.
    when_complete: tuple[Callable[[Response], None], ...] = ()
    #: Called at the end, also where there was no response.
    at_the_end: tuple[Callable[[], None], ...] = ()

    def __init__(self, app: Flask, request: Request, jar: CookieJar) -> None:
        self.app = app
        self._owner = Owner(request)
        self.jar = jar
        self.outage: Outage = Outage()

    @functools.cached_property
    def session(self) -> SessionMixin:
        """Flask's session; reading it marks it as accessed."""
        current: SessionMixin = session._get_current_object()  # type: ignore[attr-defined]
        return current

    def note_misfit(self, key: str) -> None:
        """Note that a key of the configuration does not fit what the browser has."""
        self.misfits |= {key}

    @property
    def is_websocket(self) -> bool:
        """Whether the request becomes a WebSocket, and gets no response."""
        upgrade = self.request.headers.get("Upgrade", "")
        return upgrade.strip().lower() == "websocket"


class _NoRequest(CurrentRequest):
    """What stands for a request where there is none."""

    is_empty = True

    def __init__(self, app: Flask, empty: Request) -> None:
        super().__init__(app, empty, CookieJar(app, Owner(empty), "", OURS))
        # Nobody else has it.
        self._empty = empty


#: What stands for a request in work for a session that is done outside of its requests.
_outside: ContextVar[CurrentRequest | None] = ContextVar("outside", default=None)


def current_request() -> CurrentRequest:
    """Return the object of the current request, or an empty one outside of a request.

    ``flask.g`` is no place for it: under an app context that was pushed by hand, as in
    tests, it outlives a request, and the next one would see its user.
    """
    outside = _outside.get()
    if outside is not None:
        return outside
    try:
        current: Request = request._get_current_object()  # type: ignore[attr-defined]
    except RuntimeError:
        return without_request(current_app)
    return vars(current).get(ATTRIBUTE) or _begin(this_app(), current)


def request_of(app: Flask, request: Request) -> CurrentRequest:
    """Return the object of one of Flask's requests, in any context."""
    return vars(request).get(ATTRIBUTE) or _begin(app, request)


def current_outage() -> Outage:
    """Return the outage of the back end, as the current request knows it."""
    return current_request().outage


def this_app() -> Flask:
    """Return the current app, which is the sender of signals, too.

    Flask's proxy looks it up with every attribute, which costs more than most short
    functions.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def _begin(app: Flask, current: Request) -> CurrentRequest:
    name = app.session_interface.get_cookie_name(app)
    jar = CookieJar(app, Owner(current), name, name + OURS)
    made = CurrentRequest(app, current, jar)
    stage = vars(current).get(STAGE, 0)
    made.is_dispatched, made.jar.is_sent = stage >= DISPATCHED, stage >= ANSWERED
    # Two threads of one request have to share the object.
    shared: CurrentRequest = vars(current).setdefault(ATTRIBUTE, made)
    return shared


def without_request(app: Flask) -> CurrentRequest:
    """Return what stands for a request where there is none."""
    return _NoRequest(app, Request({}))


@contextmanager
def outside_of_requests(current: CurrentRequest) -> Iterator[None]:
    """Let an object stand for the current request, even within another one."""
    token = _outside.set(current)
    try:
        yield
    finally:
        _outside.reset(token)
