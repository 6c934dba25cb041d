"""Somebody, or an access token, may not do what a request asks for."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from werkzeug.exceptions import Forbidden, Unauthorized

from ..pages import Text
from .base import Action, Auth0Error, current_state
from .www_authenticate import BEARER, challenges


class NotAllowed(Auth0Error, Forbidden):
    """Somebody is logged in, but lacks what a view asks for.

    Raise it in a view, or in a ``check``, that knows better than its guard. Only
    another account can help, so that no login is started.
    """

    code: int = 403
    error = "not_allowed"
    reason = "not_allowed"
    title: str = Text("You may not see this")
    description: str = Text("Your account lacks what this needs.")

    def __init__(
        self,
        description: str | None = None,
        *,
        missing: Mapping[str, Sequence[t.Any]] = MappingProxyType({}),
        **options: t.Any,
    ) -> None:
        super().__init__(description, **options)
        #: The names that lack, under ``roles``, ``permissions``, ``scopes``,
        #: ``claims``, ``organization``, ``acr_values`` and ``amr``. Names of which one
        #: is enough are in a mapping, under ``any_of``.
        self.missing: Mapping[str, Sequence[t.Any]] = missing

    @cached_property
    def actions(self) -> list[Action]:
        """The ways on for the user: to another account, and to the start page."""
        # The error finds them itself, so that a view can raise it without any.
        state = current_state()
        return state.ways_to_another_account() if state else []

    @cached_property
    def login_url(self) -> str | None:
        """The URL to log in at to another account."""
        state = current_state()
        return state.login_url_here({"prompt": "login"}) if state else None

    def to_dict(self) -> dict[str, t.Any]:
        told = super().to_dict()
        return {**told, "missing": self.missing} if self.missing else told


class InsufficientScope(NotAllowed):
    """The access token of a request lacks what a view asks for (RFC 6750, section 3.1).

    Raise it in a view that asks for more than its guard does.
    """

    error = "insufficient_scope"
    reason = "insufficient_scope"
    description: str = Text("The access token lacks what this needs.")

    def __init__(
        self,
        description: str | None = None,
        *,
        scope: str = "",
        scheme: str = BEARER,
        **options: t.Any,
    ) -> None:
        super().__init__(description, **options)
        #: The scopes that a token needs for this, with spaces between.
        self.scope: str = scope
        #: How the token was sent: ``Bearer`` or ``DPoP``.
        self.scheme: str = scheme

    @property
    def challenges(self) -> list[str]:  # type: ignore[override]
        """The values of ``WWW-Authenticate``."""
        told = {"error": self.error, "error_description": str(self.description)}
        scope = {"scope": self.scope} if self.scope else {}
        return challenges(self.scheme, **told, **scope)


class TokenRequired(Auth0Error, Unauthorized):
    """A request has no access token, and needs one."""

    code: int = 401
    error = "token_required"
    reason = "token_required"
    title: str = Text("An access token is needed")
    description: str = Text("This needs an access token, in the Authorization header.")

    #: How the token was sent: ``Bearer`` or ``DPoP``.
    scheme: str = BEARER

    @property
    def challenges(self) -> list[str]:  # type: ignore[override]
        """The values of ``WWW-Authenticate``."""
        return challenges(self.scheme)


class InvalidToken(TokenRequired):
    """The access token of a request is not good (RFC 6750, section 3.1).

    ``code`` is 400 and ``error`` is ``invalid_request`` where it is not clear which
    token counts.
    """

    error = "invalid_token"
    reason = "invalid_token"
    title: str = Text("The access token is not good")
    description: str = Text("The access token is not good here.")

    #: More parameters of the challenge.
    parameters: Mapping[str, str] = MappingProxyType({})

    @property
    def challenges(self) -> list[str]:  # type: ignore[override]
        """The values of ``WWW-Authenticate``."""
        told = {"error": self.error, "error_description": str(self.description)}
        return challenges(self.scheme, **told, **self.parameters)
