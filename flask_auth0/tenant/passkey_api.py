"""``/passkey/…``, and the grant for a passkey's signature."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, jsonify

from .context import get_tenant
from .embedded import (
    EmbeddedGrant,
    Refused,
    answer_errors,
    authenticated_client,
    text,
)
from .json_forms import members
from .model import Person
from .passkeys import ES256, Ceremony, InvalidPasskey, encoded
from .records import Login

blueprint: Blueprint = Blueprint("passkeys", __name__)
answer_errors(blueprint)


@blueprint.post("/passkey/register")
def register() -> Response:
    authenticated_client()
    profile = members().get("user_profile")
    ceremony = get_tenant().passkeys.begin(_new_person(profile))
    return jsonify(
        auth_session=ceremony.auth_session,
        authn_params_public_key=creation_options(ceremony),
    )


def _new_person(profile: Any) -> Person:
    tenant = get_tenant()
    email = str(profile.get("email", "")) if isinstance(profile, dict) else ""
    person = tenant.find_person(email)
    if person is None:
        raise Refused("invalid_request", "user_profile has no valid email", 400)
    if person in tenant.people:
        raise Refused("invalid_request", "The user exists already.", 400)
    return replace(person, name=str(profile.get("name") or email))


@blueprint.post("/passkey/challenge")
def challenge() -> Response:
    authenticated_client()
    ceremony = get_tenant().passkeys.begin()
    options = {
        "challenge": ceremony.challenge,
        "rpId": ceremony.rp_id,
        "timeout": get_tenant().passkeys.lifetime * 1000,
        "userVerification": "preferred",
    }
    return jsonify(auth_session=ceremony.auth_session, authn_params_public_key=options)


def creation_options(ceremony: Ceremony) -> dict[str, Any]:
    """What a browser needs to make a passkey, in JSON."""
    person = ceremony.person
    assert person is not None  # noqa: S101 - a ceremony that creates has one
    handle = hashlib.sha256(person.sub.encode()).digest()
    return {
        "challenge": ceremony.challenge,
        "rp": {"id": ceremony.rp_id, "name": "Development tenant"},
        "user": {
            "id": encoded(handle),
            "name": person.email or person.name,
            "displayName": person.name,
        },
        "pubKeyCredParams": [{"type": "public-key", "alg": ES256}],
        "authenticatorSelection": {
            "residentKey": "required",
            "userVerification": "preferred",
        },
        "timeout": get_tenant().passkeys.lifetime * 1000,
    }


class PasskeyGrant(EmbeddedGrant):
    """A passkey that is new, or one that has signed the challenge."""

    GRANT_TYPE: Any = "urn:okta:params:oauth:grant-type:webauthn"

    def identify(self) -> Login:
        try:
            person = self._person()
        except InvalidPasskey as error:
            raise Refused("invalid_grant", str(error)) from error
        return self.login_of(person)

    def _person(self) -> Person:
        passkeys = self.tenant.passkeys
        response = members().get("authn_response")
        ceremony = passkeys.take(text("auth_session"))
        if ceremony.person is None:
            return passkeys.authenticate(ceremony, response)
        passkey = passkeys.register(ceremony, response)
        self.tenant.add_person(passkey.person)
        return passkey.person
