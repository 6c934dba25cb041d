"""Ending a session, here and at the tenant, if its user means it."""

from __future__ import annotations

import time
import typing as t
from urllib.parse import urlencode, urlsplit

from auth0_server_python.auth_types import LogoutOptions
from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from ..app_state import AppState, current_state
from ..client.translation import translate, translated
from ..errors import (
    Auth0Error,
    SessionStoreUnavailable,
    TenantError,
    log_event,
    log_failure,
    of_session,
)
from ..runtime import loop
from ..runtime.request import current_request, this_app
from ..sessions.ending import empty
from ..sessions.hidden_tokens import with_hidden_tokens
from ..sessions.lazy import overlook_outage
from ..signals import user_logged_out
from ..user import load_user
from . import (
    logout_urls,
    own_urls,
    refused_forms,
    repeated_logins,
    silent,
    unread_cookies,
)
from .departures import lead_to
from .login_urls import offer_way_on
from .origins import is_from_other_site, is_part_of_page, is_whole_page
from .prefetches import answer_unasked

#: Seconds for the lookup of the tenant's logout endpoint, if ``/v2/logout`` would do.
PATIENCE = 2
#: The most characters of an ID token in a URL that servers accept.
LONGEST_HINT = 4000
#: Bytes of the rest of the response, with the deletions of cookies.
BESIDE_HINT = 1600


def answer() -> Response:
    """End the session, here and at the tenant; ``return_to`` is where to go then.

    Whom another site has sent is asked first.
    """
    unconfirmed = _answer_unconfirmed()
    if unconfirmed is not None:
        return unconfirmed
    return end(logout_urls.for_query(request.args.get("return_to")))


def _answer_unconfirmed() -> Response | None:
    """Return the answer to a logout that another site may have caused, if it may.

    A link of another site leads to a page that asks. An image or a frame of such a
    site, and an image of any site, ends nothing.
    """
    is_foreign = is_from_other_site(request)
    if is_part_of_page(request) or (is_foreign and not is_whole_page(request)):
        return Response(status=403)
    if is_foreign and _may_have_session():
        return_to = request.args.get("return_to")
        action = own_urls.url_of("auth0.logout", return_to=return_to)
        page = render_template("flask_auth0/logout.html", action=action)
        return make_response(page)
    return None


def _may_have_session() -> bool:
    current = current_request()
    try:
        # ``SameSite=Strict`` cookies come with the form of the page, not with this
        # request.
        return current.jar.is_strict or bool(load_user(current, current_state()))
    except SessionStoreUnavailable:
        overlook_outage(current)
        return True


def end(return_to: str, *, federated: bool = False) -> Response:
    """End the session of this browser and redirect to the tenant's logout.

    The session ends here first, so that it has ended even if the tenant does not
    answer. A prefetch ends no session.

    :param return_to: the URL that the tenant sends the browser to.
    """
    own_urls.require_host()
    unasked = answer_unasked(request)
    if unasked is not None:
        return unasked
    state = current_state()
    options = LogoutOptions(return_to=return_to, federated=federated)
    ended, v2_url, whose = _end_here(state, options)
    user = ended.get("user")
    deadline = time.monotonic() + state.config.timeout
    try:
        url = _url_after(state, ended, options) or v2_url
    except Auth0Error as error:
        offer_way_on(error)
        raise
    finally:
        # The session has ended here, even if the response is an error.
        if user:
            log_event(current_request(), "logged_out", event="logout", **whose)
        _revoke(state, ended.get("refresh_token"), deadline)
        user_logged_out.send(this_app(), user=user)
    return lead_to(url)


def _end_here(
    state: AppState, options: LogoutOptions
) -> tuple[dict[str, t.Any], str, dict[str, t.Any]]:
    """End the session in this app.

    :return: the session, the URL of the tenant's logout, and whose session it was, for
        the log.
    """
    with translated():
        ended = _session(state)
        whose = {**of_session(current_request()), **_sub_of(ended)}
        v2_url = state.wait(state.client.logout(options))
    if ended:
        current = current_request()
        empty(current, current.session)
    repeated_logins.forget(current_request())
    unread_cookies.forget(current_request())
    refused_forms.forget_author(current_request())
    silent.note_logout(current_request())
    return ended, v2_url, whose


def _sub_of(ended: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"sub": (ended.get("user") or {}).get("sub")}


def _session(state: AppState) -> dict[str, t.Any]:
    """Return the session, or an empty one if its back end does not answer."""
    try:
        return with_hidden_tokens(state.wait(state.client.get_session()))
    except SessionStoreUnavailable:
        # Cookies can be deleted without the session; on a server, ending it fails next.
        return {}


def _url_after(
    state: AppState, ended: dict[str, t.Any], options: LogoutOptions
) -> str | None:
    """Return where the browser goes on, if it is not ``/v2/logout``."""
    if state.config.development_user is not None:
        # There is no session at any tenant.
        return options.return_to
    return _oidc_url(state, ended, options)


def _oidc_url(
    state: AppState, ended: dict[str, t.Any], options: LogoutOptions
) -> str | None:
    """Return the URL of RP-Initiated Logout 1.0, if the tenant supports it."""
    if state.config.logout_strategy == "v2":
        return None
    endpoint = _end_session_endpoint(state)
    if endpoint is None:
        return None
    query = {
        "client_id": state.config.client_id,
        "post_logout_redirect_uri": options.return_to,
        **_hint(state, ended),
    }
    if options.federated:
        query["federated"] = "true"
    separator = "&" if urlsplit(endpoint).query else "?"
    return f"{endpoint}{separator}{urlencode(query)}"


def _hint(state: AppState, ended: dict[str, t.Any]) -> dict[str, str]:
    id_token = ended.get("id_token")
    # A response that a proxy refuses would not log out.
    limit = state.config.response_header_limit
    longest = min(LONGEST_HINT, limit - BESIDE_HINT)
    if id_token and len(id_token) <= longest:
        return {"id_token_hint": id_token}
    sid = (ended.get("user") or {}).get("sid")
    return {"logout_hint": sid} if sid else {}


def _end_session_endpoint(state: AppState) -> str | None:
    required = state.config.logout_strategy == "oidc"
    limit = state.config.timeout if required else min(state.config.timeout, PATIENCE)
    try:
        with translated():
            endpoint = loop.run(state.client.end_session_endpoint(), limit)
    except Exception:
        if required:
            raise
        # ``/v2/logout`` needs no lookup at the tenant.
        return None
    if endpoint is None and required:
        raise TenantError(
            remedy="It publishes no end_session_endpoint, which "
            "AUTH0_LOGOUT_STRATEGY asks for. Set that to auto or v2."
        )
    return endpoint


def _revoke(state: AppState, refresh_token: str | None, deadline: float) -> None:
    """Revoke the refresh token of an ended session, if configured (RFC 7009)."""
    if not refresh_token or not state.config.revoke_refresh_token_on_logout:
        return
    left = max(0, round(deadline - time.monotonic(), 1))
    try:
        loop.run(state.client.revoke_refresh_token(refresh_token), left)
    except Exception as error:
        # The user who logs out can do nothing about the failure, so it is logged.
        log_failure("revocation", translate(error))
    else:
        log_event(current_request(), "refresh_token_revoked", event="revocation")
