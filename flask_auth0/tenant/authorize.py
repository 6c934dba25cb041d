"""``/authorize``: the login page and single sign-on."""

from __future__ import annotations

import time
from typing import cast
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from .browser import current_session, form_is_ours, sign_in
from .context import get_provider, get_tenant
from .grants import CallbackMismatch, CodeGrant
from .pages import message_page
from .records import Session

blueprint: Blueprint = Blueprint("authorize", __name__)


@blueprint.route("/authorize", methods=["GET", "POST"])
def authorize() -> Response:
    if request.method == "POST" and "csrf_token" not in request.form:
        # An app may send its request by POST too; it goes on like any other.
        return redirect(_address_of(request.values), 303)
    session = _session_to_use()
    try:
        person = session.person if session else None
        grant = get_provider().get_consent_grant(end_user=person)
    except OAuth2Error as error:
        return _refuse(error)
    if request.method == "POST":
        return _answer_form(grant)
    return _answer_without_form(grant, session) or _login_page(grant)


def _address_of(parameters: MultiDict[str, str]) -> str:
    return f"{url_for('.authorize')}?{urlencode(list(parameters.items(multi=True)))}"


def _session_to_use() -> Session | None:
    """The browser's session, unless ``max_age`` makes it too old."""
    session = current_session(get_tenant())
    max_age = request.args.get("max_age", type=int)
    if session is None or max_age is None:
        return session
    age = time.time() - session.auth_time
    return session if max_age > 0 and age <= max_age else None


def _answer_without_form(grant: CodeGrant, session: Session | None) -> Response | None:
    """Nobody is asked if the session will do, or a test says who it is."""
    tenant = get_tenant()
    if tenant.next_person and request.args.get("prompt") != "none":
        return _log_in(grant, sign_in(tenant, tenant.next_person))
    if session and grant.prompt not in ("login", "select_account"):
        return _log_in(grant, session)
    return None


def _answer_form(grant: CodeGrant) -> Response:
    if not form_is_ours():
        return _login_page(grant, "That page was out of date. Please choose again.")
    if "decline" in request.form:
        return _respond(grant, None)
    tenant = get_tenant()
    chosen = request.form.get("person") or request.form.get("email", "")
    person = tenant.find_person(chosen)
    if person is None:
        return _login_page(grant, "Choose a person or type an e-mail address.")
    return _log_in(grant, sign_in(tenant, person))


def _log_in(grant: CodeGrant, session: Session) -> Response:
    get_tenant().session_registry.add_client(session.sid, grant.client.client_id)
    return _respond(grant, session)


def _respond(grant: CodeGrant, session: Session | None) -> Response:
    """The code, or ``access_denied`` when there is no session."""
    if session:
        grant.session = session
    person = session.person if session else None
    response = get_provider().create_authorization_response(
        request=grant.request, grant_user=person, grant=grant
    )
    return cast(Response, response)


def _login_page(grant: CodeGrant, problem: str = "") -> Response:
    page = render_template(
        "flask_auth0_tenant/login.html",
        action=_address_of(request.args),
        client=grant.client,
        people=get_tenant().people,
        problem=problem,
        login_hint=request.args.get("login_hint", ""),
        signup=request.args.get("screen_hint") == "signup",
        organization=request.args.get("organization", ""),
    )
    return Response(page, 400 if problem else 200, content_type="text/html")


def _refuse(error: OAuth2Error) -> Response:
    """Back to the app with the error, or a page if that would not be safe."""
    if error.redirect_uri:
        provider = get_provider()
        return cast(Response, provider.handle_response(*error()))
    if isinstance(error, CallbackMismatch):
        return _callback_mismatch()
    description = error.get_error_description() or str(error.error)
    return message_page("This login cannot start", description, status=400)


def _callback_mismatch() -> Response:
    client = get_tenant().find_client(request.values.get("client_id"))
    return message_page(
        "Callback URL mismatch",
        "The redirect_uri is not one of the callback URLs that are registered for "
        "this client. They are compared exactly, as Auth0 does. Register it with "
        "--callback-url, or as one of the client's callbacks.",
        status=403,
        given=request.values.get("redirect_uri", "(none)"),
        registered=client.callbacks if client else [],
    )
