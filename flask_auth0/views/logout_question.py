"""Whether somebody who comes to ``/logout`` means it, and the page that asks."""

from __future__ import annotations

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from ..app_state import current_state
from ..errors import SessionStoreUnavailable
from ..runtime.request import current_request
from ..sessions.lazy import overlook_outage
from ..user import load_user
from . import own_urls
from .origins import is_from_other_site, is_part_of_page, is_whole_page


def answer_unmeant() -> Response | None:
    """Return what answers a request that may not be its user's wish, if it is one.

    A link of another site is followed to a page that asks. An image or a frame of such
    a site, and an image of any site, does nothing.
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
        # Strict cookies arrive with the form of the page, not with this request.
        return current.jar.is_strict or bool(load_user(current, current_state()))
    except SessionStoreUnavailable:
        overlook_outage(current)
        return True
