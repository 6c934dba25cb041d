"""What the state of a session says when it begins: whose it is, and since when."""

from __future__ import annotations

import secrets

from ..errors import TenantError
from .codec import State, States
from .revocation import login_of


def begun(data: State, states: States, browser: State) -> State:
    """Return the state of a login as that of a session which begins under a new id.

    :param data: what the SDK wants to keep.
    :param browser: what a list of sessions says about the browser.
    :raises TenantError: when it does not say who logged in.
    """
    user = {k: v for k, v in (data.get("user") or {}).items() if v is not None}
    if not user.get("sub"):
        raise TenantError("The login service did not say who logged in.")
    internal = data["internal"]
    created_at = internal["created_at"]
    tag = states.sealer.tag(user["sub"])
    internal |= {
        "session_id": f"{secrets.token_urlsafe(24)}.{tag}",
        "seen": created_at,
        "login": [*login_of(user, created_at)],
        "longest": states.lifetime.absolute,
        # Whoever opens the head opens the body: they move to a new secret together.
        "body_key": secrets.token_urlsafe(32),
        **browser,
    }
    return {**data, "user": user}
