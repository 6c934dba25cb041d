"""The single sign-on sessions that are alive at the tenant."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from threading import RLock
from typing import Any

from .model import MULTI_FACTOR, Person
from .records import Session


class SessionRegistry:
    """Sessions by ``sid``; every one handed out is a snapshot."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._sessions: dict[str, Session] = {}

    def all(self) -> list[Session]:
        with self._lock:
            return list(self._sessions.values())

    def get(self, sid: str | None) -> Session | None:
        with self._lock:
            return self._sessions.get(sid or "")

    def start(self, person: Person, acr: Collection[str] = ()) -> Session:
        now = int(time.time())
        sid = secrets.token_urlsafe(24)
        session = Session(sid, person, now, now, acr=frozenset(acr))
        with self._lock:
            self._sessions[session.sid] = session
        return session

    def authenticate_again(self, sid: str, acr: Collection[str]) -> Session | None:
        with self._lock:
            session = self._sessions.get(sid)
            proven = session.acr.union(acr) if session else frozenset()
            # Whoever logs in again is asked for the second factor again.
            proven -= {MULTI_FACTOR} - set(acr)
            return self._replace(sid, auth_time=int(time.time()), acr=proven, act=None)

    def add_client(self, sid: str, client_id: str) -> Session | None:
        with self._lock:
            session = self._sessions.get(sid)
            client_ids = session.client_ids if session else frozenset()
            return self._replace(sid, client_ids=client_ids | {client_id})

    def add_second_factor(self, sid: str) -> Session | None:
        with self._lock:
            session = self._sessions.get(sid)
            proven = session.acr if session else frozenset()
            return self._replace(sid, acr=proven | {MULTI_FACTOR})

    def act_as(self, sid: str, act: Mapping[str, Any]) -> Session | None:
        """Note who has logged in as the person."""
        return self._replace(sid, act=act)

    def end(self, sid: str) -> Session | None:
        """The session, to the one caller that ends it."""
        with self._lock:
            return self._sessions.pop(sid, None)

    def _replace(self, sid: str, **changes: object) -> Session | None:
        with self._lock:
            if sid not in self._sessions:
                return None
            self._sessions[sid] = replace(self._sessions[sid], **changes)  # type: ignore[arg-type]
            return self._sessions[sid]
