"""The answers of guards: a login that can help, or what is missing where none can."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from flask import redirect, request
from werkzeug.wrappers import Response

from ..errors import LoginRequired, NotAllowed
from ..negotiation import is_htmx, is_navigation
from ..pages import Text
from ..runtime.request import current_request
from . import login, own_urls
from .login_urls import (
    login_url,
    offer_logout,
    offer_organization,
    offer_proof,
    page_to_come_back_to,
)
from .needs import Need, as_json, in_words
from .prefetches import is_prefetch, refuse_prefetch
from .refused_forms import note_refused
from .step_up import MFA

#: How a view answers those who have to log in, whatever sends the request.
Refuse = t.Literal["redirect", "401"]


def ask_to_log_in(
    asked: Mapping[str, t.Any], refuse: Refuse | None, required: LoginRequired
) -> Response:
    """Redirect a browser to log in, or raise an error for anything else.

    :param asked: the parameters of the login.
    :param refuse: which of both, if the request does not decide.
    :raises LoginRequired: the one that was given, with the URL to log in at.
    """
    if is_prefetch(request):
        # The browser would keep the redirect for its user, who may be logged in by
        # then.
        return refuse_prefetch()
    if refuse == "redirect" or (refuse is None and is_navigation(request)):
        return _redirect_to_login(asked)
    required.login_url = login_url(page_to_come_back_to(request), asked)
    if refuse is None and is_htmx(request) and required.login_url:
        return required.get_response()
    raise required


def _redirect_to_login(asked: Mapping[str, t.Any]) -> Response:
    page = page_to_come_back_to(request)
    if request.method == "GET" and not is_htmx(request):
        # A view that always redirects is a page, however it is requested.
        page = own_urls.current_page()
    url = login_url(page, asked)
    response = redirect(url, 302) if url else login.start(page, asked)
    if request.method not in {"GET", "HEAD"} and response.location:
        response.status_code = 303
        if is_navigation(request):
            note_refused(current_request(), page)
    response.headers["Cache-Control"] = "no-store"
    response.vary.update(["Cookie", "Accept", "Sec-Fetch-Mode"])
    return response


def refusal_of_organization(wanted: str, asked_for: str | None = None) -> NotAllowed:
    """Return the error for a user who is not a member of a page's organization.

    :param asked_for: the organization that another account could log in to, if any.
    """
    error = NotAllowed(
        Text("This page is for another organization."),
        missing={"organization": [wanted]},
        remedy="The claims org_id and org_name of the session are not this "
        "organization's. Names are in ID tokens where the tenant's settings say so, "
        "and a before_session_saved hook may have left them out.",
    )
    if asked_for is None:
        offer_logout(error)
    else:
        offer_organization(error, asked_for)
    return error


def refusal_of_account(
    needs: Sequence[Need] = (), claims: Sequence[str] = (), remedy: str | None = None
) -> NotAllowed:
    """Return the error for a user who lacks what a page asks for.

    :param needs: the roles, permissions and scopes that lack.
    :param claims: the names of claims that have another value.
    """
    missing = as_json(needs) | ({"claims": [*claims]} if claims else {})
    lacks = None
    if needs or claims:
        lacks = Text("Your account lacks {what}.", what=in_words(needs, claims))
    return NotAllowed(lacks, missing=missing, remedy=remedy)


def refusal_of_proof(
    classes: Sequence[str], asked: Mapping[str, t.Any], *, mfa: bool
) -> NotAllowed:
    """Return the error for a user whose login was weaker than the one asked for.

    :param classes: those of which one was needed.
    :param asked: the parameters of that login.
    """
    missing: dict[str, list[t.Any]] = {"amr": [MFA]} if mfa else {}
    if classes:
        missing["acr_values"] = [*classes]
    error = NotAllowed(
        Text(
            "This needs one more factor, and the login service did not ask you for one."
        )
        if mfa
        else Text("This needs a stronger login than the login service gave you."),
        missing=missing,
        remedy="The session's claims amr and acr do not show it, after a login with "
        f"acr_values={asked['acr_values']}. Let the tenant ask for it, and let no "
        "before_session_saved hook leave these claims out.",
    )
    offer_proof(error, asked)
    return error
