"""The way from this app to the tenant."""

from __future__ import annotations

from flask import redirect, request
from werkzeug.wrappers import Response

from ..negotiation import is_htmx


def lead_to(url: str) -> Response:
    """Redirect the browser to a URL of the tenant.

    What htmx has sent is a script's request, which could not follow a redirect to
    another origin. So htmx is told to go there with the whole page.
    """
    if is_htmx(request):
        response = Response(status=204, headers={"HX-Redirect": url})
    else:
        response = redirect(url, 302)
    response.headers["Cache-Control"] = "no-store"
    return response
