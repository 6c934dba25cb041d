"""The My Account API, ``/me/v1``: connected accounts and ways to log in."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for

from .accounts import ConnectedAccount, Connecting
from .api_access import Problem, bearer, invalid_body
from .context import get_tenant
from .json_forms import members
from .own_apis import my_account
from .passkey_api import creation_options
from .passkeys import InvalidPasskey, Passkey
from .records import Credential

blueprint: Blueprint = Blueprint("my_account", __name__, url_prefix="/me/v1")


@blueprint.errorhandler(Problem)
def answer(problem: Problem) -> Response:
    return problem.response()


def _token(scope: str) -> Credential:
    return bearer(my_account(get_tenant()), scope)


def _sub(scope: str) -> str:
    return _token(scope).authorization.person.sub


def _page(name: str, everything: list[dict[str, Any]]) -> Response:
    """A part of a list, and where the next one starts."""
    start = max(request.args.get("from", 0, type=int), 0)
    take = min(max(request.args.get("take", 10, type=int), 1), 50)
    body: dict[str, Any] = {name: everything[start : start + take]}
    if len(everything) > start + take:
        body["next"] = str(start + take)
    return jsonify(body)


# Connected accounts


@blueprint.post("/connected-accounts/connect")
def connect() -> tuple[Response, int]:
    token = _token("create:me:connected_accounts")
    tenant, body = get_tenant(), members()
    connection = tenant.accounts.connection(str(body.get("connection", "")))
    if connection is None:
        raise invalid_body(connection="is not one of the connections")
    redirect_uri = str(body.get("redirect_uri", ""))
    if not token.authorization.client.check_redirect_uri(redirect_uri):
        raise invalid_body(redirect_uri="is not a registered callback URL")
    connecting = Connecting(
        token.authorization.person.sub,
        connection,
        tuple(map(str, body.get("scopes") or connection.scopes)),
        redirect_uri,
        body.get("state"),
        body.get("code_challenge"),
    )
    tenant.accounts.begin(connecting)
    return jsonify(
        auth_session=connecting.auth_session,
        connect_uri=f"{tenant.front_channel_url}{url_for('connected_accounts.page')}",
        connect_params={"ticket": connecting.ticket},
        expires_in=tenant.accounts.lifetime,
    ), 201


@blueprint.post("/connected-accounts/complete")
def complete() -> tuple[Response, int]:
    sub, body = _sub("create:me:connected_accounts"), members()
    accounts = get_tenant().accounts
    connecting = accounts.take(str(body.get("auth_session", "")))
    if connecting is None or not _is_answered(connecting, sub, body):
        raise Problem(400, "Bad Request", "The connect_code is not valid.")
    account = ConnectedAccount(
        connecting.connection.name, connecting.account, connecting.scopes
    )
    return jsonify(accounts.connect(sub, account).described()), 201


def _is_answered(connecting: Connecting, sub: str, body: dict[str, Any]) -> bool:
    given = str(body.get("connect_code", "")).encode()
    expected = connecting.connect_code.encode()
    return (
        connecting.sub == sub
        and bool(expected)
        and secrets.compare_digest(given, expected)
        and body.get("redirect_uri") == connecting.redirect_uri
        and _is_verified(connecting.code_challenge, str(body.get("code_verifier", "")))
    )


def _is_verified(challenge: str | None, verifier: str) -> bool:
    if challenge is None:
        return True
    digest = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    return secrets.compare_digest(digest.rstrip(b"="), challenge.encode())


@blueprint.get("/connected-accounts/accounts")
def list_accounts() -> Response:
    accounts = get_tenant().accounts.connected(_sub("read:me:connected_accounts"))
    wanted = request.args.get("connection")
    chosen = [a for a in accounts if wanted in (None, a.connection)]
    return _page("accounts", [each.described() for each in chosen])


@blueprint.delete("/connected-accounts/accounts/<identifier>")
def delete_account(identifier: str) -> tuple[str, int]:
    sub = _sub("delete:me:connected_accounts")
    if not get_tenant().accounts.disconnect(sub, identifier):
        raise Problem(404, "Not Found", "The connected account was not found.")
    return "", 204


@blueprint.get("/connected-accounts/connections")
def list_connections() -> Response:
    _sub("read:me:connected_accounts")
    connections = get_tenant().accounts.connections
    return _page(
        "connections",
        [
            {"name": c.name, "strategy": c.strategy, "scopes": list(c.scopes)}
            for c in connections
        ],
    )


# Ways to log in


@blueprint.get("/factors")
def factors() -> Response:
    _sub("read:me:factors")
    return jsonify(factors=[{"type": "passkey", "usage": ["primary"]}])


def _methods(action: str) -> str:
    """The ``sub`` of a token for this; the SDK writes the scope in two ways."""
    try:
        return _sub(f"{action}:me:authentication_methods")
    except Problem as problem:
        if problem.status != 403:
            raise
        return _sub(f"{action}:me:authentication-methods")


@blueprint.post("/authentication-methods")
def enroll() -> tuple[Response, int, dict[str, str]]:
    sub = _methods("create")
    if members().get("type") != "passkey":
        raise invalid_body(type="only passkey is supported here")
    tenant = get_tenant()
    person = tenant.find_person(sub)
    if person is None:
        raise Problem(404, "Not Found", "The user was not found.")
    ceremony = tenant.passkeys.begin(person)
    path = url_for(".verify", identifier=ceremony.passkey_id)
    return (
        jsonify(
            auth_session=ceremony.auth_session,
            authn_params_public_key=creation_options(ceremony),
        ),
        202,
        {"Location": f"{tenant.url}{path.removesuffix('/verify')}"},
    )


@blueprint.post("/authentication-methods/<identifier>/verify")
def verify(identifier: str) -> tuple[Response, int]:
    sub, body, passkeys = _methods("create"), members(), get_tenant().passkeys
    try:
        ceremony = passkeys.take(str(body.get("auth_session", "")))
        if ceremony.passkey_id != identifier or not ceremony.is_of(sub):
            raise InvalidPasskey("The auth_session is of another enrollment.")
        passkey = passkeys.register(ceremony, body.get("authn_response"))
    except InvalidPasskey as error:
        raise Problem(400, "Bad Request", str(error)) from error
    return jsonify(_described(passkey)), 201


@blueprint.get("/authentication-methods")
def list_methods() -> Response:
    wanted = request.args.get("type", "passkey")
    listed = get_tenant().passkeys.of(_methods("read"))
    chosen = listed if wanted == "passkey" else []
    return jsonify(authentication_methods=[_described(each) for each in chosen])


@blueprint.get("/authentication-methods/<identifier>")
def get_method(identifier: str) -> Response:
    return jsonify(_described(_passkey(_methods("read"), identifier)))


@blueprint.patch("/authentication-methods/<identifier>")
def rename(identifier: str) -> Response:
    passkey = _passkey(_methods("update"), identifier)
    passkey.name = str(members().get("name", passkey.name))
    return jsonify(_described(passkey))


@blueprint.delete("/authentication-methods/<identifier>")
def delete_method(identifier: str) -> tuple[str, int]:
    passkey = _passkey(_methods("delete"), identifier)
    get_tenant().passkeys.remove(passkey)
    return "", 204


def _passkey(sub: str, identifier: str) -> Passkey:
    for each in get_tenant().passkeys.of(sub):
        if each.id == identifier:
            return each
    raise Problem(404, "Not Found", "The authentication method was not found.")


def _described(passkey: Passkey) -> dict[str, Any]:
    return {
        "id": passkey.id,
        "type": "passkey",
        "name": passkey.name,
        "created_at": passkey.created_at,
        "key_id": passkey.credential_id,
        "usage": ["primary"],
        "relying_party_id": passkey.rp_id,
    }
