"""Second factors, asked for on a page of the app's own.

The token with which the tenant knows who has to show one is sealed: a script gets it
with the error ``mfa_required``, and sends it back.
"""

from __future__ import annotations

import typing as t

from flask import Response, jsonify
from pydantic import Field, model_validator

from ..app_state import current_state
from ..sessions.shapes import without_none
from .script_logins import log_in
from .script_requests import (
    Members,
    Text,
    content_as,
    for_scripts,
    result_of,
    without_nones,
)

#: The ways of an out-of-band code (``oob_channels``).
_Channel = t.Literal["sms", "voice", "email", "auth0"]


class _Asked(Members):
    mfa_token: Text = Field(repr=False)


class _Associate(_Asked):
    authenticator_types: tuple[t.Literal["otp", "oob"]]
    oob_channels: tuple[_Channel] | None = None
    phone_number: Text | None = None
    email: Text | None = None

    @model_validator(mode="after")
    def _has_channel(self) -> _Associate:
        if (self.authenticator_types == ("oob",)) != (self.oob_channels is not None):
            raise ValueError("oob_channels are for the authenticator type oob")
        return self

    def options(self) -> dict[str, t.Any]:
        """Return it as the SDK's arguments, in which a channel is a type."""
        (kind,) = self.oob_channels or self.authenticator_types
        left = self.model_dump(exclude={"authenticator_types", "oob_channels"})
        return {**left, "factor_type": kind}


class _Challenge(_Asked):
    challenge_type: t.Literal["otp", "oob"]
    authenticator_id: Text | None = None

    def options(self) -> dict[str, t.Any]:
        """Return it as the SDK's arguments."""
        # The SDK wants a channel, and tells the tenant that it is out of band.
        kind = "sms" if self.challenge_type == "oob" else "otp"
        return {**self.model_dump(exclude={"challenge_type"}), "factor_type": kind}


class _Verify(_Asked):
    otp: Text | None = Field(None, repr=False)
    oob_code: Text | None = Field(None, repr=False)
    binding_code: Text | None = Field(None, repr=False)
    recovery_code: Text | None = Field(None, repr=False)
    next: Text | None = None

    @model_validator(mode="after")
    def _has_one_proof(self) -> _Verify:
        proofs = (self.otp, self.oob_code, self.recovery_code)
        if sum(each is not None for each in proofs) != 1:
            raise ValueError("one of otp, oob_code and recovery_code is needed")
        if self.binding_code is not None and self.oob_code is None:
            raise ValueError("binding_code needs its oob_code")
        return self

    def options(self) -> dict[str, t.Any]:
        """Return it as the SDK's arguments, for tokens that go into the session."""
        given = self.model_dump(exclude_none=True, exclude={"next"})
        return {**given, "persist": True}


@for_scripts
def authenticators() -> Response:
    """Return the factors that the user has."""
    asked, client = content_as(_Asked), current_state().client
    found = result_of(client.mfa.list_authenticators(asked.model_dump()))
    return jsonify([without_nones(each) for each in found])


@for_scripts
def associate() -> Response:
    """Begin to add a factor."""
    asked, client = content_as(_Associate), current_state().client
    begun = result_of(client.mfa.enroll_authenticator(asked.options()))
    return jsonify(without_nones(begun))


@for_scripts
def challenge() -> Response:
    """Send the code of a factor."""
    asked, client = content_as(_Challenge), current_state().client
    sent = result_of(client.mfa.challenge_authenticator(asked.options()))
    return jsonify(without_nones(sent))


@for_scripts
def verify() -> Response:
    """Log in with a factor, or add what it allows to the session of its user."""
    asked, client = content_as(_Verify), current_state().client
    verified, page = log_in(client.mfa.verify(asked.options()), asked.next)
    told = {"success": True, "next": page, "recovery_code": verified.recovery_code}
    return jsonify(without_none(told))
