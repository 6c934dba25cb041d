"""The origin of requests, by the headers of browsers."""

from __future__ import annotations

from flask import Request, abort, request

from ..config.urls import split_origin
from .own_urls import is_origin, require_host

#: Methods that change nothing (RFC 9110, section 9.2.1).
_SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
#: The values of ``Sec-Fetch-Dest`` for a response that is shown as a page.
_PAGES = frozenset(("document", "iframe", "frame", "fencedframe"))


def refuse_foreign_forms() -> None:
    """Answer 403 to requests with an unsafe method that no page of this app has sent.

    Call it in a view, or register it with ``before_request`` of a blueprint.
    ``SameSite`` is no protection from the forms of other ports and sibling domains,
    which are the same site.
    """
    if request.endpoint == "auth0.backchannel_logout":
        # The route of logout tokens is protected by their signature.
        return
    require_host()
    if request.method not in _SAFE and not is_from_own_page(request):
        abort(403, "This form is not one of this app's own pages.")


def is_from_own_page(request: Request) -> bool:
    """Tell whether a page of this origin has sent a request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site == "same-origin"
    # Browsers omit Sec-Fetch-Site on plain http, but send Origin with each form.
    parts = split_origin(request.origin or "")
    return parts is not None and is_origin(parts[0])


def may_be_from_own_script(request: Request) -> bool:
    """Tell whether a script of this origin may have sent a request.

    What changes nothing need not say so: on plain http, browsers send neither header
    with it. Scripts of other origins cannot read the answer.
    """
    if request.method not in _SAFE:
        return is_from_own_page(request)
    site = request.headers.get("Sec-Fetch-Site")
    if not site and not request.origin:
        return True
    return site == "none" or is_from_own_page(request)


def is_from_other_site(request: Request) -> bool:
    """Tell whether another site has led the user here, by ``Sec-Fetch-Site``."""
    return request.headers.get("Sec-Fetch-Site") == "cross-site"


def is_part_of_page(request: Request) -> bool:
    """Tell whether the response would be an image, a style or the like of a page."""
    wanted = request.headers.get("Sec-Fetch-Dest", "empty")
    return wanted not in _PAGES and wanted != "empty"


def is_whole_page(request: Request) -> bool:
    """Tell whether the response would fill the browser's window."""
    return request.headers.get("Sec-Fetch-Dest") == "document"
