"""The page that has made a browser send a request, as browsers say it themselves."""

from __future__ import annotations

from flask import Request, abort, request

from ..config.urls import split_origin
from .own_urls import is_origin, require_host

#: Methods that change nothing (RFC 9110, section 9.2.1).
_SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
#: The values of ``Sec-Fetch-Dest`` for an answer that is shown as a page.
_PAGES = frozenset(("document", "iframe", "frame", "fencedframe"))


def refuse_foreign_forms() -> None:
    """Answer 403 to what changes something and was not sent by a page of this app.

    Call it in a view, or register it with ``before_request`` of a blueprint. Session
    cookies come along with the forms of other ports and of sibling domains, too: for
    ``SameSite``, those are the same site.
    """
    if request.endpoint == "auth0.backchannel_logout":
        # The tenant sends a logout token, whose signature protects the route.
        return
    require_host()
    if request.method not in _SAFE and not is_from_own_page(request):
        abort(403, "This form is not one of this app's own pages.")


def is_from_own_page(request: Request) -> bool:
    """Tell whether a page of this very origin has sent a request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site == "same-origin"
    # Browsers leave that out on plain http, but no form is sent without an origin.
    parts = split_origin(request.origin or "")
    return parts is not None and is_origin(parts[0])


def is_from_other_site(request: Request) -> bool:
    """Tell whether a browser says that another site has sent its user here."""
    return request.headers.get("Sec-Fetch-Site") == "cross-site"


def is_part_of_page(request: Request) -> bool:
    """Tell whether the answer would be an image, a style or the like of some page."""
    wanted = request.headers.get("Sec-Fetch-Dest", "empty")
    return wanted not in _PAGES and wanted != "empty"


def is_whole_page(request: Request) -> bool:
    """Tell whether the answer would fill the browser's window."""
    return request.headers.get("Sec-Fetch-Dest") == "document"
