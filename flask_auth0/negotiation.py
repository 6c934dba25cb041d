"""Tells the requests of a browser that navigates from those of a script."""

from __future__ import annotations

from flask import Request


def is_navigation(request: Request) -> bool:
    """Tell whether the browser will show the answer as a page.

    Browsers say so in ``Sec-Fetch-Mode`` (Fetch Metadata), on plain http they leave it
    out and are known by their ``Accept``.
    """
    if is_htmx(request):
        return False
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate"
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return False
    accept = request.accept_mimetypes
    return "text/html" in accept.values() and (
        accept["text/html"] >= accept["application/json"]
    )


def is_htmx(request: Request) -> bool:
    """Tell whether htmx sent the request for a part of a page."""
    return request.headers.get("HX-Request") == "true"
