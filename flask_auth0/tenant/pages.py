"""The tenant's plain pages and the headers that every page has."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

# No form-action: Chromium applies it to redirects too, and a login ends in one.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def message_page(
    title: str,
    text: str,
    *,
    status: int = 200,
    given: str = "",
    registered: Sequence[str] = (),
) -> Response:
    page = render_template(
        "flask_auth0_tenant/message.html",
        title=title,
        text=text,
        given=given,
        registered=registered,
    )
    return Response(page, status, content_type="text/html")


def error_page(error: HTTPException) -> Response:
    status = error.code or 500
    return message_page(error.name, error.description or "", status=status)


def secure_headers(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
