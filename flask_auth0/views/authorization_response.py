"""The tenant's redirect to the callback, checked before anything in it counts."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from flask import request

from ..client.translation import UNKNOWN_API, is_unknown_api
from ..config import Config
from ..config.urls import is_issuer
from ..errors import AuthorizationFailed, LoginFailed
from ..pages import Text, sentences
from ..runtime.tenant_answer import TenantAnswer

#: The codes of errors (RFC 6749, section 4.1.2.1, and OpenID Connect Core, section
#: 3.1.2.6), with a status and a sentence for the user.
_ERRORS = {
    "access_denied": (403, Text("The login was cancelled or refused.")),
    "login_required": (401, Text("You are not logged in at the login service.")),
    "interaction_required": (
        401,
        Text("The login service needs to ask you something."),
    ),
    "consent_required": (
        401,
        Text("You have not agreed to share your data with this app."),
    ),
    "account_selection_required": (
        401,
        Text("Please choose an account to log in with."),
    ),
    "server_error": (503, Text("The login service has a problem.")),
    "temporarily_unavailable": (503, Text("The login service is busy.")),
}
#: The words of a refusal that an Action has given; others are those of protocols.
SAID = Text('The login service says: "{told}"')
#: The words of protocols, which are not for users.
_FOR_DEVELOPERS = (
    r"(?i)resource owner|authorization server|service not found|\bclient\b"
)
#: How tenants say that a client has to push its requests (RFC 9126).
_WANTS_PUSHED = r"\bPAR\b|(?i:pushed.authorization.request)"


def check_response(config: Config, domain: str, metadata: Mapping[str, t.Any]) -> None:
    """Refuse a response of another tenant, or one that is an error.

    :param domain: the tenant's.
    :param metadata: what is known of the tenant.
    :raises LoginFailed: with the reason.
    """
    _refuse_other_issuer(domain, metadata)
    _refuse_error(config)


def _refuse_error(config: Config) -> None:
    """Raise the error that the tenant has answered with.

    :raises AuthorizationFailed: when the response has an ``error``.
    """
    error = request.args.get("error")
    if error is None:
        return
    status, description = _ERRORS.get(error, (400, AuthorizationFailed.description))
    told = request.args.get("error_description", "")[:300]
    known = error if re.fullmatch("[a-z_]{1,64}", error) else "unknown_error"
    if is_for_people(error, told):
        description = sentences(description, Text(SAID, told=told))
    remedy = _remedy(told, config)
    failed = AuthorizationFailed(description, code=status, error=known, remedy=remedy)
    failed.answer = TenantAnswer(None, error, told or None)
    raise failed


def _remedy(told: str, config: Config) -> str | None:
    """Return a remedy for the developer.

    :param told: the ``error_description``.
    """
    if re.search(_WANTS_PUSHED, told) and not config.pushed_authorization_requests:
        return "Set AUTH0_PUSHED_AUTHORIZATION_REQUESTS to true."
    quoted = AuthorizationFailed.quoted(told) if told else None
    return f"{UNKNOWN_API} {quoted}" if is_unknown_api(told) else quoted


def is_for_people(error: str, told: str) -> bool:
    """Tell whether the tenant's words are for the user, whom it has refused.

    :param error: the code of the error.
    """
    is_refusal = error in {"access_denied", "unauthorized"}
    return is_refusal and bool(told) and not re.search(_FOR_DEVELOPERS, told)


def _refuse_other_issuer(domain: str, metadata: Mapping[str, t.Any]) -> None:
    """Refuse a response of another issuer than the tenant (RFC 9207, section 2.4).

    :raises LoginFailed: also when ``iss`` is missing, though the tenant promises it.
    """
    issuer = request.args.get("iss")
    promised = metadata.get("authorization_response_iss_parameter_supported") is True
    if issuer is None and not promised:
        return
    if not is_issuer(issuer, domain):
        raise LoginFailed(
            Text("The login came back from another login service."),
            remedy=f"The parameter iss does not name {domain!r}.",
        )
