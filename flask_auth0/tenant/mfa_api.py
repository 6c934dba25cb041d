"""The MFA API: ``/mfa/…``, and the grants that a second factor completes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, jsonify, request

from . import api_access, own_apis
from .context import get_tenant
from .embedded import (
    EmbeddedGrant,
    Refused,
    answer_errors,
    authenticated_client,
    text,
    tokens_of,
)
from .json_forms import members
from .mfa import CHANNELS, Authenticator
from .records import Login

blueprint: Blueprint = Blueprint("mfa", __name__)
answer_errors(blueprint)


# Whose second factors


def _bearer() -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise Refused("invalid_request", "Missing or malformed authorization", 401)
    return value


def _person_of_token(scope: str) -> str:
    """The ``sub`` of an access token for this API."""
    try:
        return api_access.bearer(
            own_apis.mfa(get_tenant()), scope
        ).authorization.person.sub
    except api_access.Problem as problem:
        error = "insufficient_scope" if problem.status == 403 else "invalid_token"
        raise Refused(error, str(problem), problem.status) from problem


def _person(scope: str) -> str:
    """The ``sub`` of an mfa_token, or of an access token for this API."""
    try:
        return get_tenant().mfa.login_of(_bearer()).person.sub
    except OAuth2Error as error:
        if error.error != "invalid_grant":
            raise
        return _person_of_token(scope)


# Authenticators


@blueprint.get("/mfa/authenticators")
def list_authenticators() -> Response:
    sub = _person("read:authenticators")
    mfa = get_tenant().mfa
    listed = [_described(each) for each in mfa.authenticators(sub)]
    listed += [_described(each) for each in mfa.authenticators(sub, active=False)]
    if mfa.has_recovery_code(sub):
        recovery = {"authenticator_type": "recovery-code", "active": True}
        listed.append({"id": "recovery-code|dev_recovery", **recovery})
    return jsonify(listed)


def _described(authenticator: Authenticator) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": authenticator.id,
        "authenticator_type": "otp" if authenticator.kind == "otp" else "oob",
        "active": authenticator.active,
    }
    if authenticator.kind != "otp":
        described["oob_channel"] = authenticator.kind
        described["name"] = _masked(authenticator.address)
    return described


def _masked(address: str) -> str:
    name, at, domain = address.partition("@")
    if at:
        return f"{name[:4]}****@{domain[:2]}****"
    return f"{'X' * max(len(address) - 4, 0)}{address[-4:]}"


@blueprint.delete("/mfa/authenticators/<identifier>")
def delete_authenticator(identifier: str) -> tuple[str, int]:
    # A token that waits for a second factor must not take one away.
    sub = _person_of_token("remove:authenticators")
    if not get_tenant().mfa.remove(sub, identifier):
        raise Refused("invalid_request", "Authenticator not found", 404)
    return "", 204


@blueprint.post("/mfa/associate")
def associate() -> Response:
    sub = _person("enroll")
    mfa = get_tenant().mfa
    if mfa.authenticators(sub) and not _with_access_token():
        raise Refused("access_denied", "User is already enrolled.", 401)
    types = members().get("authenticator_types")
    if types == ["otp"]:
        return _enroll_app(sub)
    if types == ["oob"]:
        return _enroll_address(sub)
    raise Refused("invalid_request", "authenticator_types has to be otp or oob", 400)


def _with_access_token() -> bool:
    return get_tenant().credentials.access_token(_bearer()) is not None


def _enroll_app(sub: str) -> Response:
    mfa = get_tenant().mfa
    secret = mfa.enroll(sub, "otp", active=False).secret
    label = quote(f"development tenant:{sub}", safe="")
    return jsonify(
        authenticator_type="otp",
        secret=secret,
        barcode_uri=f"otpauth://totp/{label}?secret={secret}&issuer=development%20tenant"
        "&algorithm=SHA1&digits=6&period=30",
        **_recovery_codes(sub),
    )


def _enroll_address(sub: str) -> Response:
    channels = members().get("oob_channels")
    channel = channels[0] if isinstance(channels, list) and channels else None
    if channel not in CHANNELS:
        raise Refused("invalid_request", "oob_channels is not supported", 400)
    mfa = get_tenant().mfa
    address = _address(sub, channel)
    authenticator = mfa.enroll(sub, channel, address, active=False)
    return jsonify(
        authenticator_type="oob",
        binding_method="prompt",
        oob_channel=channel,
        oob_code=mfa.challenge(_bearer(), authenticator),
        **_recovery_codes(sub),
    )


def _address(sub: str, channel: str) -> str:
    if channel != "email":
        return text("phone_number")
    person = get_tenant().find_person(sub)
    return request.form.get("email") or (person.email if person else "")


def _recovery_codes(sub: str) -> dict[str, list[str]]:
    """One, with the first authenticator."""
    mfa = get_tenant().mfa
    if mfa.has_recovery_code(sub):
        return {}
    return {"recovery_codes": [mfa.new_recovery_code(sub)]}


# Challenges


@blueprint.post("/mfa/challenge")
def challenge() -> Response:
    client, token = authenticated_client(), text("mfa_token")
    login = _login_of(token, client.client_id)
    chosen = _to_challenge(login.person.sub)
    if chosen.kind == "otp":
        return jsonify(challenge_type="otp")
    oob_code = get_tenant().mfa.challenge(token, chosen)
    return jsonify(challenge_type="oob", oob_code=oob_code, binding_method="prompt")


def _to_challenge(sub: str) -> Authenticator:
    enrolled = get_tenant().mfa.authenticators(sub)
    if not enrolled:
        raise Refused("association_required", "User is not enrolled.")
    types = request.form.get("challenge_type", "otp oob").split()
    identifier = request.form.get("authenticator_id")
    for each in enrolled:
        matches = ("otp" if each.kind == "otp" else "oob") in types
        if matches and identifier in (None, each.id):
            return each
    raise Refused(
        "unsupported_challenge_type",
        "User does not have any of the requested authenticators.",
    )


def _login_of(token: str, client_id: str) -> Login:
    login = get_tenant().mfa.login_of(token)
    if login.client.client_id != client_id:
        raise Refused("invalid_grant", "Malformed mfa_token")
    return login


# Grants


class MFAGrant(EmbeddedGrant):
    """Completes a login that waits for a second factor."""

    wrong: str

    def accepts(self, token: str, sub: str) -> bool:
        """Whether the request has what it takes."""
        raise NotImplementedError

    def identify(self) -> Login:
        client: Any = self.request.client
        token = text("mfa_token")
        login = _login_of(token, client.client_id)
        if not self.accepts(token, login.person.sub):
            raise Refused("invalid_grant", self.wrong)
        self.tenant.mfa.spend(token)
        return replace(login, amr=(*login.amr, "mfa"))

    def answer(self) -> dict[str, Any]:
        if self.login.sid:
            self.tenant.session_registry.add_second_factor(self.login.sid)
        return tokens_of(self.tenant, self.login, self.jkt)


class OTPGrant(MFAGrant):
    """With the code of an authenticator app."""

    GRANT_TYPE: Any = "http://auth0.com/oauth/grant-type/mfa-otp"
    wrong = "Invalid otp_code."

    def accepts(self, token: str, sub: str) -> bool:
        return self.tenant.mfa.accept_otp(sub, text("otp"))


class OOBGrant(MFAGrant):
    """With a code that was sent."""

    GRANT_TYPE: Any = "http://auth0.com/oauth/grant-type/mfa-oob"
    wrong = "Invalid binding_code."

    def accepts(self, token: str, sub: str) -> bool:
        codes = text("oob_code"), text("binding_code")
        return self.tenant.mfa.accept_oob(sub, token, *codes)


class RecoveryCodeGrant(MFAGrant):
    """With the recovery code, for which there is a new one."""

    GRANT_TYPE: Any = "http://auth0.com/oauth/grant-type/mfa-recovery-code"
    wrong = "MFA Authorization rejected."

    def accepts(self, token: str, sub: str) -> bool:
        return self.tenant.mfa.accept_recovery_code(sub, text("recovery_code"))

    def answer(self) -> dict[str, Any]:
        code = self.tenant.mfa.new_recovery_code(self.login.person.sub)
        return {**super().answer(), "recovery_code": code}
