"""``/authorize``: the login page and single sign-on."""

from __future__ import annotations

import time
from typing import cast
from urllib.parse import urlencode

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc9101.errors import InvalidRequestUriError
from authlib.oidc.core.errors import InteractionRequiredError, LoginRequiredError
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from . import steps
from .acr import proven_acr, requested_acr
from .authorization_requests import AuthorizationRequest
from .browser import csrf_token, current_session, form_is_ours, sign_in
from .context import get_provider, get_tenant
from .grants import CallbackMismatch, CodeGrant
from .model import MULTI_FACTOR
from .pages import message_page
from .records import Session

blueprint: Blueprint = Blueprint("authorize", __name__)


@blueprint.route("/authorize", methods=["GET", "POST"])
def authorize() -> Response:
    if request.method == "POST" and "csrf_token" not in request.form:
        # An app may send its request by POST too; it goes on like any other.
        return redirect(_address_of(request.values), 303)
    try:
        asked = _authorization_request()
        parameters = asked.payload.data
        session = _transferred_session(parameters) or _session_to_use(parameters)
        person = session.person if session else None
        grant = get_provider().get_consent_grant(asked, end_user=person)
        if asked.payload.data.get("prompt") == "none":
            _require_silence(grant, session)
    except OAuth2Error as error:
        return _refuse(error)
    try:
        return _answer(grant, session)
    except OAuth2Error as error:
        # The request itself is good, so that the app may be told.
        error.redirect_uri, error.state = grant.redirect_uri, _state(grant)
        return _refuse(error)


def _answer(grant: CodeGrant, session: Session | None) -> Response:
    if request.method == "POST":
        return _answer_form(grant)
    return _answer_without_form(grant, session) or _login_page(grant)


def _address_of(parameters: MultiDict[str, str]) -> str:
    return f"{url_for('.authorize')}?{urlencode(list(parameters.items(multi=True)))}"


def _authorization_request() -> AuthorizationRequest:
    """From the URL, or as it was pushed; then the URL has nothing else to say."""
    uri, client_id = request.args.get("request_uri"), request.args.get("client_id")
    if uri is None:
        return AuthorizationRequest(request.args, pushed=False)
    known = get_tenant().pushed_requests
    find = known.open if request.method == "GET" else known.opened
    parameters = find(uri, client_id, csrf_token())
    if parameters is None:
        raise InvalidRequestUriError(
            "The request_uri is unknown, was used before, or has expired."
        )
    return AuthorizationRequest(parameters, pushed=True)


def _transferred_session(parameters: MultiDict[str, str]) -> Session | None:
    """The session that another app has handed over with a token, good once."""
    tenant = get_tenant()
    login = tenant.exchange.redeem(parameters.get("session_transfer_token", ""))
    if login is None:
        return None
    session = sign_in(tenant, login.person)
    return tenant.session_registry.act_as(session.sid, login.act or {})


def _session_to_use(parameters: MultiDict[str, str]) -> Session | None:
    """The browser's session, unless ``max_age`` makes it too old."""
    session = current_session(get_tenant())
    max_age = parameters.get("max_age", type=int)
    if session is None or max_age is None:
        return session
    age = time.time() - session.auth_time
    return session if max_age > 0 and age <= max_age else None


def _require_silence(grant: CodeGrant, session: Session | None) -> None:
    """``prompt=none``: whoever would have to be asked something is not logged in."""
    tenant, address = get_tenant(), grant.redirect_uri
    if session is None:
        raise LoginRequiredError(redirect_uri=address, state=_state(grant))
    if tenant.silent_login_error:
        raise OAuth2Error(
            error=tenant.silent_login_error, redirect_uri=address, state=_state(grant)
        )
    if not _is_proven(grant, session):
        raise InteractionRequiredError(redirect_uri=address, state=_state(grant))


def _state(grant: CodeGrant) -> str | None:
    return grant.parameters.get("state")


def _is_proven(grant: CodeGrant, session: Session) -> bool:
    requested = _requested(grant)
    return not requested or proven_acr(session, requested) is not None


def _requested(grant: CodeGrant) -> list[str]:
    return requested_acr(get_tenant(), grant.parameters)


def _answer_without_form(grant: CodeGrant, session: Session | None) -> Response | None:
    """Nobody is asked if the session will do, or a test says who it is."""
    tenant = get_tenant()
    if tenant.next_person and grant.parameters.get("prompt") != "none":
        person = tenant.next_person
        return _log_in(grant, sign_in(tenant, person, _requested(grant)))
    if grant.prompt in ("login", "select_account") or session is None:
        return None
    if _is_proven(grant, session) or MULTI_FACTOR in _requested(grant):
        # A second factor is asked for on a page of its own.
        return _log_in(grant, session)
    return None


def _answer_form(grant: CodeGrant) -> Response:
    if not form_is_ours():
        return _login_page(grant, "That page was out of date. Please choose again.")
    if "decline" in request.form:
        return _respond(grant, None)
    tenant = get_tenant()
    session = current_session(tenant)
    if session and "step" in request.form:
        return _log_in(grant, session)
    chosen = request.form.get("person") or request.form.get("email", "")
    person = tenant.find_person(chosen)
    if person is None:
        return _login_page(grant, "Choose a person or type an e-mail address.")
    proven = [acr for acr in _requested(grant) if acr != MULTI_FACTOR]
    return _log_in(grant, sign_in(tenant, person, proven))


def _log_in(grant: CodeGrant, session: Session) -> Response:
    grant.session = session
    page = steps.next_page(grant)
    if page is not None:
        return page
    steps.finish(grant)
    get_tenant().session_registry.add_client(session.sid, grant.client.client_id)
    return _respond(grant, session)


def _respond(grant: CodeGrant, session: Session | None) -> Response:
    """The code, or ``access_denied`` when there is no session."""
    get_tenant().pushed_requests.discard(request.args.get("request_uri", ""))
    person = session.person if session else None
    response = get_provider().create_authorization_response(
        request=grant.request, grant_user=person, grant=grant
    )
    return _with_issuer(cast(Response, response))


def _with_issuer(response: Response) -> Response:
    """RFC 9207, for answers of both kinds."""
    tenant = get_tenant()
    if tenant.authorization_response_iss and response.location:
        issuer = [("iss", tenant.issuer)]
        response.location = add_params_to_uri(response.location, issuer)
    return response


def _login_page(grant: CodeGrant, problem: str = "") -> Response:
    asked = grant.parameters
    page = render_template(
        "flask_auth0_tenant/login.html",
        action=_address_of(request.args),
        client=grant.client,
        people=get_tenant().people,
        problem=problem,
        login_hint=asked.get("login_hint") or steps.invited_email(grant),
        signup=asked.get("screen_hint") == "signup",
        organization=steps.title_of_organization(grant),
    )
    return Response(page, 400 if problem else 200, content_type="text/html")


def _refuse(error: OAuth2Error) -> Response:
    """Back to the app with the error, or a page if that would not be safe."""
    if error.redirect_uri:
        provider = get_provider()
        return _with_issuer(cast(Response, provider.handle_response(*error())))
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
