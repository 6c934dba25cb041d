"""The SDK's state store: the key in ``flask.session``, the state in its compartment."""

from __future__ import annotations

import copy
import secrets
import time
import typing as t
from collections.abc import Callable

from auth0_server_python.store import StateStore
from flask import current_app, session
from flask_session.base import ServerSideSessionInterface
from pydantic import BaseModel

from .. import loop
from ..errors import (
    Auth0Error,
    SessionStoreUnavailable,
    SessionTooLarge,
    TenantError,
)
from ..per_request import per_request
from .compartment import BODY, HEAD, Compartment
from .cookies import CookieCompartment
from .interface import StoreInterface
from .jar import cookie_jar
from .lifetime import Lifetime
from .records import record_compartment
from .repairs import repaired
from .sealing import Sealer

#: Where ``flask.session`` has the id of the state.
KEY = "_a0_session"
#: The fields of a state that are read with every request; all others are its body.
HEAD_FIELDS = ("user", "domain", "internal")

State = dict[str, t.Any]
T = t.TypeVar("T")


class Memo:
    """What the current request has read of its state, so that it reads it once."""

    def __init__(self) -> None:
        self.session_id: str | None = None
        self.head: State | None = None
        self.body: State | None = None


class SessionStateStore(StateStore):  # type: ignore[misc]
    """Keeps the state of the user who is logged in, with Flask's session.

    :param sealer: encrypts states.
    :param lifetime: how long sessions last.
    :param transient: whether cookies end with the browser's own session.
    """

    def __init__(self, sealer: Sealer, lifetime: Lifetime, transient: bool) -> None:
        super().__init__({})
        self._sealer = sealer
        self._lifetime = lifetime
        self._transient = transient

    async def set(
        self,
        identifier: str,
        state: t.Any,
        remove_if_expires: bool = False,
        options: State | None = None,
    ) -> None:
        """Keep a state. One that was read here before is updated, if it still is the
        session's; any other one is a login.

        :raises SessionTooLarge: when it does not fit into cookies; nothing changes.
        """
        data = state.model_dump() if isinstance(state, BaseModel) else dict(state)
        await self._with_io(lambda: self._keep(data))

    async def get(self, identifier: str, options: State | None = None) -> State | None:
        """Return the whole state, or ``None`` when nobody is logged in."""
        return await self._with_io(self._whole)

    async def user(self) -> State | None:
        """Return the claims of the user, or ``None`` when nobody is logged in."""
        head = await self._with_io(self.head)
        return None if head is None else t.cast(State, copy.deepcopy(head["user"]))

    async def delete(self, identifier: str, options: State | None = None) -> None:
        """End the session, with all that the app kept in it for the user."""
        await self._with_io(self._end)

    def _end(self) -> None:
        session_id = _current_id()
        if KEY in session:
            # What is left would belong to nobody, and so to whoever logs in next.
            session.clear()
        self._remember(None)
        # Also where the session names none: the browser may have pieces of one left.
        self._compartment().delete(session_id or "")

    def head(self) -> State | None:
        """Return the user and what belongs to them, or ``None``.

        The first call in a request reads and decrypts, and notes that the user is
        active when that is due; the others return what it found.
        """
        memo = per_request(Memo)
        session_id = _current_id()
        if session_id != memo.session_id:
            found = None if session_id is None else self._read_head(session_id)
            self._remember(session_id, found)
        return memo.head

    async def _with_io(self, work: Callable[[], T]) -> T:
        """Do what may wait for a back end where waiting holds up nobody else."""
        if isinstance(self._compartment(), CookieCompartment):
            return work()
        return await loop.where_called(work)

    def _keep(self, data: State) -> None:
        session_id = data["internal"].get("session_id")
        if session_id is None:
            self._log_in(data)
        elif session_id == _current_id():
            self._update(session_id, data)

    def _whole(self) -> State | None:
        head = self.head()
        if head is None:
            return None
        memo = per_request(Memo)
        if memo.body is None:
            memo.body = self._read(head["internal"]["session_id"], BODY)
        return None if memo.body is None else {**memo.body, **head}

    def require_writable(self) -> None:
        """Raise an error where a change could not be kept, before it is made.

        :raises Auth0Error: when the state is in cookies and the response is sent.
        """
        if cookie_jar().is_sent and isinstance(self._compartment(), CookieCompartment):
            raise Auth0Error(
                "A streamed response cannot change the session, which is in cookies.",
                remedy="Get the access token before the response begins, or set "
                "SESSION_TYPE.",
            )

    def require_available(self) -> None:
        """Raise an error where a login could not be kept, before it is made.

        :raises SessionStoreUnavailable: when the back end does not answer.
        """
        interface = current_app.session_interface
        if isinstance(interface, StoreInterface):
            interface.require_answer()

    def owns_session(self, sub: str) -> bool:
        """Tell whether the session was begun by a user, even if it has expired."""
        return self._sealer.has_tag(sub, (_current_id() or "").rpartition(".")[2])

    def _read_head(self, session_id: str) -> State | None:
        head = self._read(session_id, HEAD)
        if head is None:
            return None
        now = int(time.time())
        internal = head["internal"]
        if now >= self._lifetime.expires_at(*_moments(internal)):
            self._compartment().delete(session_id)
            return None
        if self._lifetime.is_due(internal["seen"], now) and not cookie_jar().is_sent:
            internal["seen"] = now
            self._compartment().update(session_id, *self._sealed(head=head))
        return head

    def _log_in(self, data: State) -> None:
        """Begin a session under a new id, and end the one before.

        An anonymous visitor's data stays, that of another user does not.
        """
        user = {k: v for k, v in (data.get("user") or {}).items() if v is not None}
        if not user.get("sub"):
            raise TenantError("The login service did not say who logged in.")
        session_id = f"{secrets.token_urlsafe(24)}.{self._sealer.tag(user['sub'])}"
        internal = data["internal"]
        internal |= {"session_id": session_id, "seen": internal["created_at"]}
        head, body = _split({**data, "user": user})
        parts, max_age = self._sealed(head=head, body=body)
        self._compartment().create(session_id, parts, max_age, replaces=_current_id())
        if KEY in session and not self.owns_session(user["sub"]):
            session.clear()
        self._rename_session(session_id)
        self._remember(session_id, head, body)

    def _rename_session(self, session_id: str) -> None:
        session[KEY] = session_id
        session.permanent = not self._transient
        interface = current_app.session_interface
        if isinstance(interface, ServerSideSessionInterface):
            interface.regenerate(session)

    def _update(self, session_id: str, data: State) -> None:
        data = repaired(data, per_request(Memo).body or {}, time.time())
        try:
            self._replace(session_id, data)
        except SessionTooLarge:
            # The tenant may have spent the old refresh token: without the new one, the
            # user would be logged out. Tokens for other audiences can be had again.
            newest = (data.get("token_sets") or [])[-1:]
            others = {"token_sets": newest, "connection_token_sets": []}
            self._replace(session_id, {**data, **others})

    def _replace(self, session_id: str, data: State) -> None:
        head, body = _split(data)
        parts, max_age = self._sealed(head=head, body=body)
        if self._compartment().update(session_id, parts, max_age):
            self._remember(session_id, head, body)
        else:
            self._remember(session_id, None)

    def _read(self, session_id: str, part: str) -> State | None:
        sealed = self._compartment().read(session_id, part)
        if sealed is None:
            return None
        return t.cast("State | None", self._sealer.open(sealed, session_id + part))

    def _sealed(self, head: State, body: State | None = None) -> tuple[State, int]:
        """Return the sealed parts, and for how many seconds they are worth keeping."""
        created, _, ceiling = _moments(head["internal"])
        session_id = head["internal"]["session_id"]
        parts = {HEAD: head} if body is None else {HEAD: head, BODY: body}
        sealed = {k: self._sealer.seal(v, session_id + k) for k, v in parts.items()}
        left = self._lifetime.ends_at(created, ceiling) - time.time()
        return sealed, max(1, int(left))

    def _remember(
        self,
        session_id: str | None,
        head: State | None = None,
        body: State | None = None,
    ) -> None:
        memo = per_request(Memo)
        memo.session_id, memo.head, memo.body = session_id, head, body

    def _compartment(self) -> Compartment:
        interface = current_app.session_interface
        if isinstance(interface, ServerSideSessionInterface):
            return record_compartment(interface)
        return CookieCompartment(self._transient)


def _current_id() -> str | None:
    if getattr(session, "is_lost", False):
        raise SessionStoreUnavailable()
    session_id = session.get(KEY)
    return session_id if isinstance(session_id, str) and session_id.isascii() else None


def _split(state: State) -> tuple[State, State]:
    head = {field: state.get(field) for field in HEAD_FIELDS}
    body = {field: state[field] for field in state if field not in HEAD_FIELDS}
    return head, body


def _moments(internal: State) -> tuple[float, float, float | None]:
    """Return when a state was created and last used, and the provider's limit."""
    ceiling = internal.get("session_expires_at")
    return internal["created_at"], internal["seen"], ceiling
