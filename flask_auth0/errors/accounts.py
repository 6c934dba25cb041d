"""A user's account stays as it was."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from werkzeug.exceptions import BadRequest

from ..pages import Text, sentences
from .base import Auth0Error

#: What has not happened, by the kind of a flow.
_NOT_DONE = {
    "connect": Text("The account was not connected."),
    "link": Text("The account was not linked."),
    "unlink": Text("The account was not unlinked."),
}


class AccountUnchanged(Auth0Error, BadRequest):
    """An account was not connected, linked or unlinked; the session is as it was."""

    code: int = 400
    error = "account_unchanged"
    reason = "account_unchanged"
    title: str = Text("Your accounts are as they were")

    def __init__(self, kind: str, reason: str, **options: t.Any) -> None:
        super().__init__(sentences(_NOT_DONE[kind], reason), **options)


class MyAccountRefused(Auth0Error, BadRequest):
    """The My Account API does not do what was asked for. ``code`` is its own status."""

    code: int = 400
    error = "my_account_refused"
    reason = "my_account_refused"
    title: str = Text("That is not possible for your account")
    description: str = Text("The login service did not accept this for your account.")

    def __init__(
        self,
        description: str | None = None,
        *,
        validation_errors: Sequence[Mapping[str, str]] = (),
        **options: t.Any,
    ) -> None:
        super().__init__(description, **options)
        #: What is wrong with which ``field``, without the values.
        self.validation_errors: Sequence[Mapping[str, str]] = validation_errors

    def to_dict(self) -> dict[str, t.Any]:
        told, errors = super().to_dict(), [*self.validation_errors]
        return {**told, "validation_errors": errors} if errors else told
