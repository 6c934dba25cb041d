"""Logins with a code by e-mail or SMS, on a page of the app's own.

The tenant limits how often an address of the network may ask for one, or try one. It is
told that of the visitor, in place of this server's.
"""

from __future__ import annotations

import typing as t

from auth0_server_python.auth_types import (
    StartPasswordlessEmailOptions,
    StartPasswordlessSmsOptions,
    VerifyPasswordlessOtpOptions,
)
from flask import Response, jsonify, request
from pydantic import Field, model_validator

from ..app_state import current_state
from ..config import Config
from .script_logins import log_in
from .script_requests import Members, Text, content_as, for_scripts, result_of


class _Address(Members):
    """Where a code is sent to."""

    connection: t.Literal["email", "sms"]
    email: Text | None = None
    #: In the format of E.164.
    phone_number: str | None = Field(
        None, alias="phoneNumber", pattern=r"^\+[1-9]\d{1,14}$"
    )

    @model_validator(mode="after")
    def _is_of_connection(self) -> _Address:
        given = {"email": self.email, "sms": self.phone_number}
        if [name for name in given if given[name] is not None] != [self.connection]:
            raise ValueError("email is for the connection email, phoneNumber for sms")
        return self


class _Start(_Address):
    send: t.Literal["code", "link"] = "code"
    #: A language tag (BCP 47).
    language: str | None = Field(None, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")
    next: Text | None = None

    @model_validator(mode="after")
    def _is_no_link_by_sms(self) -> _Start:
        if self.connection == "sms" and self.send == "link":
            raise ValueError("a link is sent by email alone")
        return self

    def options(self) -> StartPasswordlessEmailOptions | StartPasswordlessSmsOptions:
        """Return it as the SDK's arguments."""
        given = {"language": self.language, "client_ip": request.remote_addr}
        if self.connection == "sms":
            return StartPasswordlessSmsOptions.model_validate(
                {**given, "phone_number": self.phone_number}
            )
        return StartPasswordlessEmailOptions.model_validate(
            {**given, "email": self.email, "send": self.send}
        )


class _Verify(_Address):
    verification_code: Text = Field(alias="verificationCode", repr=False)
    next: Text | None = None

    def options(self, config: Config) -> VerifyPasswordlessOtpOptions:
        """Return it as the SDK's arguments, for the tokens of any other login."""
        return VerifyPasswordlessOtpOptions(
            **self.model_dump(exclude={"next"}),
            scope=config.scope,
            audience=config.audience,
            client_ip=request.remote_addr,
        )


@for_scripts
def start() -> Response:
    """Send a code or a link."""
    asked, client = content_as(_Start), current_state().client
    result_of(client.passwordless.start(asked.options(), next=asked.next))
    return Response(status=204)


@for_scripts
def verify() -> Response:
    """Log in with a code that was sent."""
    asked, state = content_as(_Verify), current_state()
    call = state.client.passwordless.verify(asked.options(state.config))
    _, page = log_in(call, asked.next)
    return jsonify(success=True, next=page)
