"""The session that a test asks for: its user, its tokens and its age."""

from __future__ import annotations

import secrets
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from ..app_state import AppState

#: The claims of the user where a test names none.
USER = {"sub": "auth0|test", "name": "Test User", "email": "test@example.com"}


@dataclass(frozen=True)
class Given:
    """The session that a test asks for. Each field is an option of :func:`.log_in`."""

    claims: Mapping[str, t.Any]
    #: What ``get_access_token()`` returns.
    access_token: str = "test-access-token"  # noqa: S105
    #: More access tokens, by the audience that each is for.
    access_tokens: Mapping[str, str] = field(default_factory=dict)
    #: Access tokens of connections, by their names.
    connection_tokens: Mapping[str, str] = field(default_factory=dict)
    #: The scopes that the access tokens were granted, if not those of ``AUTH0_SCOPE``.
    scope: str | None = None
    #: Seconds for which the tokens are good; they have ended if it is below zero.
    expires_in: int = 86400
    refresh_token: str | None = None
    #: What a refresh brings: an access token, or the error that it raises.
    refresh: str | Exception | None = None
    #: When the user has logged in, in seconds since the epoch; now if not given.
    logged_in_at: float | None = None
    #: When the last request of the user was; now if not given.
    last_seen_at: float | None = None

    @property
    def refresh_token_in_use(self) -> str | None:
        """The refresh token, or a new one for an answer that it has to bring."""
        if self.refresh is None or self.refresh_token is not None:
            return self.refresh_token
        return f"test-refresh-token-{secrets.token_hex(8)}"


def given_by(options: Mapping[str, t.Any]) -> Given:
    """Return the session that the options of a test ask for; all others are claims."""
    own = {each.name for each in fields(Given)} - {"claims"}
    claims = {name: value for name, value in options.items() if name not in own}
    asked = {name: value for name, value in options.items() if name in own}
    return Given({**USER, **claims}, **asked)


def state_for(
    given: Given, state: AppState, domain: str, refresh_token: str | None
) -> dict[str, t.Any]:
    """Return the SDK's state for a session of a domain."""
    now = state.clock.time()
    seen = now if given.last_seen_at is None else given.last_seen_at
    began = min(now, seen) if given.logged_in_at is None else given.logged_in_at
    return {
        "user": dict(given.claims),
        "id_token": None,
        "refresh_token": refresh_token,
        "token_sets": _token_sets(given, state),
        "connection_token_sets": _connection_token_sets(given, state),
        "domain": domain,
        "internal": {
            "sid": given.claims.get("sid", secrets.token_hex(8)),
            "created_at": int(began),
            "seen": int(seen),
        },
    }


def _token_sets(given: Given, state: AppState) -> list[dict[str, t.Any]]:
    own = state.config.audience or "default"
    tokens = {**given.access_tokens, own: given.access_token}
    marks = _marks(given, state)
    return [{**marks, "audience": k, "access_token": v} for k, v in tokens.items()]


def _connection_token_sets(given: Given, state: AppState) -> list[dict[str, t.Any]]:
    marks = {**_marks(given, state), "audience": "default", "login_hint": ""}
    return [
        {**marks, "connection": name, "access_token": token}
        for name, token in given.connection_tokens.items()
    ]


def _marks(given: Given, state: AppState) -> dict[str, t.Any]:
    scope = state.config.scope if given.scope is None else given.scope
    return {
        "scope": scope,
        "expires_at": int(state.clock.time()) + given.expires_in,
    }
