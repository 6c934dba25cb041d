"""``/v2/logout`` and ``/oidc/logout``: both end the browser's session."""

from __future__ import annotations

from typing import Any

from authlib.common.urls import add_params_to_uri
from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from .browser import current_session, form_is_ours, sign_out
from .context import get_tenant
from .model import Client
from .pages import message_page

blueprint: Blueprint = Blueprint("logout", __name__)


@blueprint.get("/v2/logout")
def v2() -> Response:
    client_id, return_to = request.args.get("client_id"), request.args.get("returnTo")
    client = get_tenant().find_client(client_id)
    if client_id and client is None:
        return _unknown_client()
    if return_to and not _registered(client, return_to):
        return _url_mismatch(client, "returnTo", return_to)
    if client and not return_to:
        return_to = next(iter(client.logout_urls), None)
    sign_out(get_tenant())
    return _leave(return_to)


@blueprint.route("/oidc/logout", methods=["GET", "POST"])
def oidc() -> Response:
    values = request.values
    hint = values.get("id_token_hint")
    claims = get_tenant().keys.claims(hint) if hint else {}
    if claims is None:
        return message_page(
            "Invalid id_token_hint", "This tenant did not sign that token.", status=400
        )
    client_id = values.get("client_id") or claims.get("aud")
    client = get_tenant().find_client(client_id)
    if client_id and (client is None or claims.get("aud", client_id) != client_id):
        return _unknown_client()
    url = values.get("post_logout_redirect_uri")
    if url and not _registered(client, url):
        return _url_mismatch(client, "post_logout_redirect_uri", url)
    return _end_session(claims, url)


def _end_session(claims: dict[str, Any], url: str | None) -> Response:
    """Log out, after asking if the request does not prove that it is meant."""
    tenant = get_tenant()
    current = current_session(tenant)
    sid = claims.get("sid") or request.values.get("logout_hint")
    if claims:
        tenant.end_session_soon(claims.get("sid", ""))
    elif current and current.sid != sid and not form_is_ours():
        return _ask()
    if current and (not claims or current.sid == sid):
        sign_out(tenant)
    return _leave(url, request.values.get("state"))


def _ask() -> Response:
    hidden = {k: v for k, v in request.values.items() if k != "csrf_token"}
    page = render_template("flask_auth0_tenant/confirm_logout.html", hidden=hidden)
    return Response(page, content_type="text/html")


def _leave(url: str | None, state: str | None = None) -> Response:
    if url is None:
        return message_page("You are logged out", "You can close this page.")
    return redirect(add_params_to_uri(url, [("state", state)]) if state else url)


def _registered(client: Client | None, url: str) -> bool:
    return client is not None and url in client.logout_urls


def _unknown_client() -> Response:
    return message_page(
        "Unknown client",
        "The client_id is not one of this tenant's clients, or the id_token_hint "
        "belongs to another client.",
        status=400,
    )


def _url_mismatch(client: Client | None, parameter: str, url: str) -> Response:
    return message_page(
        "Logout URL mismatch",
        f"The {parameter} is not one of the logout URLs that are registered for "
        "this client. They are compared exactly, as Auth0 does. Register it with "
        "--logout-url, or as one of the client's logout_urls. A request without "
        "client_id or id_token_hint belongs to no client.",
        status=400,
        given=url,
        registered=client.logout_urls if client else [],
    )
