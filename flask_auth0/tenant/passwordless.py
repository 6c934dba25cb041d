"""``/passwordless/…``: codes and links by e-mail and SMS, and what they lead to."""

from __future__ import annotations

import re
import secrets
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from .browser import sign_in
from .context import get_tenant
from .embedded import (
    EmbeddedGrant,
    Refused,
    answer_errors,
    authenticated_client,
    text,
)
from .json_forms import members
from .model import Client, Person
from .pages import message_page
from .records import Login

blueprint: Blueprint = Blueprint("passwordless", __name__)
answer_errors(blueprint)

_PHONE = re.compile(r"\+[1-9]\d{1,14}")
_PROBLEMS = {
    "expired": "The verification code has expired. Please try to login again.",
    "attempts": "You have reached the maximum number of attempts. Please try to "
    "login again.",
}


@blueprint.post("/passwordless/start")
def start() -> Response:
    client, connection = authenticated_client(), text("connection")
    if connection == "email":
        return _start_by_email(client)
    if connection == "sms":
        return _start_by_phone(client)
    raise Refused("bad.connection", "Connection does not exist", 400)


def _start_by_email(client: Client) -> Response:
    tenant, email = get_tenant(), text("email")
    person = tenant.find_person(email)
    if person is None or "@" not in email:
        raise Refused("bad.email", "error in email - format validation failed", 400)
    code = tenant.passwordless.new(client.client_id, email)
    if request.form.get("send", "link") == "link":
        tenant.inbox.send(email, "email", link=_link(client, email, code))
    else:
        tenant.inbox.send(email, "email", code=code)
    return jsonify(
        _id=secrets.token_hex(12), email=email, email_verified=person.email_verified
    )


def _start_by_phone(client: Client) -> Response:
    tenant, number = get_tenant(), text("phone_number")
    if not _PHONE.fullmatch(number):
        raise Refused("bad.phone_number", "error in phone_number - not E.164", 400)
    code = tenant.passwordless.new(client.client_id, number)
    tenant.inbox.send(number, "sms", code=code)
    return jsonify(_id=secrets.token_hex(12), phone_number=number, phone_verified=False)


def _link(client: Client, email: str, code: str) -> str:
    given = members().get("authParams")
    parameters = given if isinstance(given, dict) else {}
    parameters = {
        **{name: str(value) for name, value in parameters.items()},
        "client_id": client.client_id,
        "connection": "email",
        "email": email,
        "verification_code": code,
    }
    path = url_for(".verify_redirect")
    return f"{get_tenant().front_channel_url}{path}?{urlencode(parameters)}"


@blueprint.get("/passwordless/verify_redirect")
def verify_redirect() -> BaseResponse:
    """Where a link leads: to ``/authorize``, as whoever got it."""
    tenant, parameters = get_tenant(), request.args.to_dict()
    email = parameters.pop("email", "")
    code = parameters.pop("verification_code", "")
    parameters.pop("connection", None)
    client_id = parameters.get("client_id", "")
    problem = tenant.passwordless.redeem(client_id, email, code)
    person = tenant.find_person(email)
    if problem or person is None:
        return message_page(
            "This link is not good any more",
            _PROBLEMS.get(problem or "", "Wrong email or verification code."),
            status=403,
        )
    sign_in(tenant, person)
    return redirect(f"{url_for('authorize.authorize')}?{urlencode(parameters)}")


class PasswordlessGrant(EmbeddedGrant):
    """The code that was sent to an address."""

    GRANT_TYPE: Any = "http://auth0.com/oauth/grant-type/passwordless/otp"

    def identify(self) -> Login:
        client: Any = self.request.client
        realm, address, otp = text("realm"), text("username"), text("otp")
        problem = self.tenant.passwordless.redeem(client.client_id, address, otp)
        person = _person(address) if realm in ("email", "sms") else None
        if problem or person is None:
            name = "phone number" if realm == "sms" else "email"
            wrong = f"Wrong {name} or verification code."
            raise Refused("invalid_grant", _PROBLEMS.get(problem or "", wrong))
        return self.login_of(person)


def _person(address: str) -> Person | None:
    if _PHONE.fullmatch(address):
        return Person.from_phone_number(address)
    return get_tenant().find_person(address)
