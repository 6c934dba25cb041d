"""Binds a login under way to the session that its browser had when it began.

A host of the same domain can set cookies for this one, those of a login included. Then
a callback would complete a login that somebody else has begun, and end the session that
is there (RFC 6749, section 10.12).
"""

from __future__ import annotations

import json

from flask import session

from ..app_state import AppState
from ..sessions.storage_contract import KEY
from ..user import load_user


def session_tag(state: AppState) -> str | None:
    """Return what tells the session of this request from all others, if there is one.

    The id itself stays in the session: a store of the app's own may show transactions.
    """
    user = load_user()
    return state.sealer.tag(_session_name(user.sub)) if user else None


def belongs_here(state: AppState, tag: str | None) -> bool:
    """Tell whether a login may be completed: it would end no session but its own.

    :param tag: of the session that was there when it began.
    """
    user = load_user()
    return not user or state.sealer.has_tag(_session_name(user.sub), tag or "")


def _session_name(sub: str | None) -> str:
    return f"session {json.dumps([sub, session.get(KEY)], default=str)}"
