"""``/bc-authorize``, and the page where a person answers (CIBA)."""

from __future__ import annotations

import json
import time
from typing import cast

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError
from flask import Blueprint, Response, abort, render_template, request

from .apis import require_api
from .authorization_details import requested_details
from .backchannel_logins import BackchannelLogin
from .browser import form_is_ours
from .context import get_provider, get_tenant
from .model import Client, Person
from .pages import message_page

blueprint: Blueprint = Blueprint("ciba", __name__)


class UnknownUser(OAuth2Error):
    """Nobody in the tenant is who the hint says."""

    error: str = "unknown_user_id"
    status_code = 400


@blueprint.post("/bc-authorize")
def begin() -> Response | dict[str, object]:
    provider, tenant = get_provider(), get_tenant()
    try:
        asked = provider.create_oauth2_request(None)
        client = provider.authenticate_client(asked, [], "bc-authorize")
        login = _login(client)
    except OAuth2Error as error:
        return cast(Response, provider.handle_error_response(None, error))
    tenant.backchannel_logins.start(login)
    if tenant.answer_backchannel_logins == "approve":
        tenant.backchannel_logins.approve(login.id)
    elif tenant.answer_backchannel_logins == "deny":
        tenant.backchannel_logins.deny(login.id)
    return {
        "auth_req_id": login.auth_req_id,
        "expires_in": round(login.expires_at - time.time()),
        "interval": login.interval,
    }


def _login(client: Client) -> BackchannelLogin:
    form = request.form
    if "openid" not in form.get("scope", "").split():
        raise InvalidScopeError("The scope has to have openid.")
    require_api(get_tenant(), form.get("audience"))
    return BackchannelLogin(
        client=client,
        person=_person(form.get("login_hint", "")),
        scope=form["scope"],
        audience=form.get("audience") or None,
        binding_message=_binding_message(),
        authorization_details=requested_details(form),
        expires_at=time.time() + _lifetime(),
        interval=get_tenant().backchannel_login_interval,
    )


def _person(login_hint: str) -> Person:
    """Whose ``sub`` a hint in the format ``iss_sub`` names."""
    tenant = get_tenant()
    try:
        hint = json.loads(login_hint)
        is_ours = (hint["format"], hint["iss"]) == ("iss_sub", tenant.issuer)
        sub = str(hint["sub"])
    except (ValueError, LookupError, TypeError):
        is_ours = False
    if not is_ours:
        raise InvalidRequestError("The login_hint is no iss_sub of this tenant.")
    person = next((each for each in tenant.people if each.sub == sub), None)
    if person is None:
        raise UnknownUser("Nobody in this tenant has the sub of the login_hint.")
    return person


def _binding_message() -> str:
    message = request.form.get("binding_message", "")
    if not 0 < len(message) <= 64:
        raise InvalidRequestError("The binding_message has 1 to 64 characters.")
    return message


def _lifetime() -> int:
    """As the client asks for it, in the limits of Auth0's push notifications."""
    most = get_tenant().lifetimes.backchannel_login
    seconds = request.form.get("requested_expiry", most, type=int)
    if "requested_expiry" in request.form and not 1 <= seconds <= 300:
        raise InvalidRequestError("The requested_expiry is 1 to 300 seconds.")
    return seconds


@blueprint.get("/ciba")
def overview() -> str:
    logins = get_tenant().backchannel_logins.pending()
    return render_template("flask_auth0_tenant/ciba_logins.html", logins=logins)


@blueprint.get("/ciba/<id>")
def page(id: str) -> str:
    login = get_tenant().backchannel_logins.find(id)
    if login is None:
        abort(404, "This login was answered before, or it has expired.")
    details = [json.dumps(each, indent=2) for each in login.authorization_details]
    return render_template(
        "flask_auth0_tenant/ciba_login.html", login=login, details=details
    )


@blueprint.post("/ciba/<id>")
def answer(id: str) -> Response:
    logins = get_tenant().backchannel_logins
    if not form_is_ours():
        abort(400, "That page was out of date. Go back, reload it and try again.")
    try:
        (logins.approve if "approve" in request.form else logins.deny)(id)
    except LookupError:
        abort(404, "This login was answered before, or it has expired.")
    said = "approved" if "approve" in request.form else "denied"
    return cast(
        Response,
        message_page(f"The login is {said}", "The app hears of it when it asks next."),
    )
