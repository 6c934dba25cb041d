"""Access tokens for scripts that call APIs themselves."""

from __future__ import annotations

import typing as t

from flask import Response, jsonify, request

from ..app_state import AppState, current_state
from ..errors import Auth0Error
from ..negotiation import is_navigation
from ..sessions.hidden_tokens import Hidden, with_hidden_tokens
from ..sessions.shapes import without_none
from .guards import login_required
from .script_requests import for_scripts, result_of, wrong_request


@for_scripts
@login_required(refuse="401")
def access_token() -> Response:
    """Return an access token of an API that the app lets its scripts call."""
    state = current_state()
    audience = _audience(state)
    # The report of an error may show the variables of this frame.
    token = Hidden(result_of(state.client.get_access_token(audience=audience)))
    session = with_hidden_tokens(result_of(state.client.get_session()))
    known = _set_of(token, session.get("token_sets") or [])
    told = {"token": token, "scope": known.get("scope")}
    if end := known.get("expires_at"):
        left = max(int(end - state.clock.time()), 0)
        told |= {"expires_at": end, "expires_in": left}
    return jsonify(without_none(told))


def _audience(state: AppState) -> str:
    """Return the API that a token is asked for, if scripts may have one.

    :raises Auth0Error: for another API, another parameter, or a page.
    """
    if is_navigation(request):
        raise wrong_request("A token is for scripts, and not to be shown.", 403)
    unknown = sorted(request.args.keys() - {"audience"})
    if unknown:
        raise wrong_request(f"There is no parameter {unknown[0][:100]!r}.")
    audience = request.args.get("audience") or state.config.audience
    if audience not in state.config.audiences_of_scripts:
        raise Auth0Error(
            "Scripts get no access tokens of this API.",
            code=403,
            error="invalid_target",
            remedy="Name it in AUTH0_ACCESS_TOKEN_AUDIENCES.",
        )
    return audience


def _set_of(token: str, token_sets: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    """Return what is known of a token, unless another request has replaced it."""
    found = (each for each in token_sets if each["access_token"] == token)
    return next(found, {})
