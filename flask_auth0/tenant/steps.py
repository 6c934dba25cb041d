"""What is between somebody's login and the code: what else has to be answered."""

from __future__ import annotations

from typing import Any

from authlib.oauth2 import OAuth2Error
from flask import render_template, request
from werkzeug.wrappers import Response

from .acr import requested_acr
from .context import get_tenant
from .grants import CodeGrant
from .model import MULTI_FACTOR


def next_page(grant: CodeGrant) -> Response | None:
    """The page that asks what is still missing; raises if it cannot be had."""
    for step in (_organization, _second_factor, _linked_account):
        page = step(grant)
        if page is not None:
            return page
    return None


def finish(grant: CodeGrant) -> None:
    """What happens with a login that is complete."""
    tenant, person = get_tenant(), grant.session.person
    ticket = grant.parameters.get("invitation")
    if ticket:
        tenant.organizations.accept(ticket, person)
    transfer = grant.parameters.get("anon_transfer_token")
    if transfer:
        tenant.anonymous.log_in(transfer, person.sub)


def _page(
    grant: CodeGrant, name: str, *, problem: str = "", **context: Any
) -> Response:
    if _silent(grant):
        raise OAuth2Error("Something has to be answered", error="interaction_required")
    page = render_template(
        f"flask_auth0_tenant/{name}.html",
        action=request.full_path,
        problem=problem,
        **context,
    )
    return Response(page, 400 if problem else 200, content_type="text/html")


def _silent(grant: CodeGrant) -> bool:
    return grant.parameters.get("prompt") == "none"


def _unasked(grant: CodeGrant) -> bool:
    """Whether a test has said who logs in, so that nobody is asked anything."""
    return get_tenant().next_person is not None and not _silent(grant)


# Organizations


def invited_email(grant: CodeGrant) -> str:
    invitation = get_tenant().organizations.invitation(
        grant.parameters.get("invitation", "")
    )
    return invitation.email if invitation else ""


def title_of_organization(grant: CodeGrant) -> str:
    """How the login page calls the organization that was asked for."""
    wanted = grant.parameters.get("organization", "")
    found = get_tenant().organizations.find(wanted)
    return found.title if found else wanted


def _organization(grant: CodeGrant) -> Response | None:
    tenant, person = get_tenant(), grant.session.person
    ticket = grant.parameters.get("invitation")
    if ticket:
        grant.organization = tenant.organizations.invited(ticket, person).id
        return None
    wanted = _wanted_organization(grant)
    if wanted is None and grant.client.organization_usage == "require":
        return _choose_organization(grant)
    grant.organization = tenant.organizations.id_for(person, wanted)
    return None


def _wanted_organization(grant: CodeGrant) -> str | None:
    wanted = request.form.get("organization") or grant.parameters.get("organization")
    if wanted and grant.client.organization_usage == "deny":
        raise OAuth2Error(
            "parameter organization is not allowed for this client",
            error="invalid_request",
        )
    if wanted:
        return wanted
    # An enterprise login is found by its address alone.
    hint = grant.parameters.get("login_hint", "")
    found = get_tenant().organizations.of_email(hint)
    return found.id if found else None


def _choose_organization(grant: CodeGrant) -> Response | None:
    person = grant.session.person
    choices = get_tenant().organizations.of(person)
    if not choices:
        raise OAuth2Error(
            f"user {person.sub} is not part of any organization", error="access_denied"
        )
    if _unasked(grant):
        grant.organization = choices[0].id
        return None
    return _page(grant, "organizations", organizations=choices, client=grant.client)


# Second factors


def _second_factor(grant: CodeGrant) -> Response | None:
    mfa, session = get_tenant().mfa, grant.session
    asked = MULTI_FACTOR in requested_acr(get_tenant(), grant.parameters)
    if MULTI_FACTOR in session.acr or not (asked or mfa.wanted(session.person.sub)):
        return None
    code = request.form.get("otp", "").replace(" ", "")
    if _unasked(grant) or (
        code and mfa.accept_any(session.person.sub, session.sid, code)
    ):
        _add_mfa(grant)
        return None
    problem = "That code is not right, or it was used." if code else ""
    if not problem:
        _send_codes(grant)
    return _page(
        grant,
        "second_factor",
        problem=problem,
        mfa=mfa,
        person=session.person,
        organization=grant.organization,
        addresses=_addresses(session.person.sub),
    )


def _add_mfa(grant: CodeGrant) -> None:
    registry = get_tenant().session_registry
    grant.session = registry.add_second_factor(grant.session.sid) or grant.session


def _addresses(sub: str) -> list[str]:
    return [a.address for a in get_tenant().mfa.authenticators(sub) if a.address]


def _send_codes(grant: CodeGrant) -> None:
    mfa, session = get_tenant().mfa, grant.session
    for authenticator in mfa.authenticators(session.person.sub):
        if authenticator.address:
            mfa.challenge(session.sid, authenticator)


# Accounts at other providers


def _linked_account(grant: CodeGrant) -> Response | None:
    scopes = grant.parameters.get("scope", "").split()
    linking = "link_account" in scopes
    if not linking and "unlink_account" not in scopes:
        return None
    sub = grant.session.person.sub
    _check_hint(grant, sub)
    tenant = get_tenant()
    connection = tenant.accounts.connection(
        grant.parameters.get("requested_connection", "")
    )
    if connection is None:
        raise OAuth2Error("the connection was not found", error="invalid_request")
    if not linking:
        tenant.accounts.unlink(sub, connection.name)
        return None
    account = request.form.get("account", "")
    if not account:
        return _page(
            grant,
            "other_provider",
            connection=connection,
            account=grant.session.person.email,
            organization=grant.organization,
            scopes=[],
        )
    tenant.accounts.link(sub, connection.name, account)
    return None


def _check_hint(grant: CodeGrant, sub: str) -> None:
    """Only the person who is logged in to the app may link accounts there."""
    claims = get_tenant().keys.claims(grant.parameters.get("id_token_hint", "")) or {}
    if claims.get("sub") != sub:
        raise OAuth2Error("the id_token_hint is of another user", error="access_denied")
