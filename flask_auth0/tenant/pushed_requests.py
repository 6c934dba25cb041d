"""``/oauth/par``: clients push what they will ask ``/authorize`` for (RFC 9126)."""

from __future__ import annotations

from typing import cast

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Blueprint, Response, jsonify, request
from werkzeug.datastructures import MultiDict

from .authorization_requests import AuthorizationRequest
from .context import get_provider, get_tenant

blueprint: Blueprint = Blueprint("pushed_requests", __name__)

#: What proves who the client is, and is no part of what it asks for.
CREDENTIALS = ("client_secret", "client_assertion", "client_assertion_type")


@blueprint.post("/oauth/par")
def push() -> Response:
    names = [name for name in request.form if name not in CREDENTIALS]
    parameters = MultiDict([(n, v) for n in names for v in request.form.getlist(n)])
    try:
        client_id = _check(parameters)
    except OAuth2Error as error:
        # Nobody is to be redirected: it is the client's server that asks.
        error.redirect_uri = None
        provider = get_provider()
        return cast(Response, provider.handle_error_response(None, error))
    tenant, lifetime = get_tenant(), get_tenant().lifetimes.request_uri
    uri = tenant.pushed_requests.save(client_id, parameters, lifetime)
    response = jsonify(request_uri=uri, expires_in=lifetime)
    response.status_code = 201
    return response


def _check(parameters: MultiDict[str, str]) -> str:
    """The id of the client, whose request would be good at ``/authorize``."""
    provider, pushed = get_provider(), AuthorizationRequest(parameters, pushed=True)
    client_id = provider.authenticate_client(pushed, [], "par").client_id
    if "request_uri" in parameters:
        raise InvalidRequestError("A pushed request has no 'request_uri'.")
    parameters["client_id"] = client_id
    grant = provider.get_authorization_grant(pushed)
    grant.validate_no_multiple_request_parameter(pushed)
    grant.validate_authorization_request()
    return client_id
